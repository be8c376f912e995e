//go:build peers

package cbcp

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"carrier/shared/ppp"
)

// Wireshark reads in what both ends send what they mean, and finds nothing wrong.
// The fixed number is left out: that of version 4.0 wants a fourth octet in it, which
// neither [MS-CBCP] nor pppd has.
func TestTsharkDissects(t *testing.T) {
	var out ppp.Outbox
	s, c := NewServer(Offer{None: true, Caller: true, List: all.List}), NewClient(Want{Number: "030555", Delay: 12 * time.Second})
	s.Start(start, &out)
	request := taken(t, &out)
	if _, err := c.Receive(start, request, &out); err != nil {
		t.Fatal(err)
	}
	response := taken(t, &out)
	if _, err := s.Receive(response, &out); err != nil {
		t.Fatal(err)
	}
	s.Answer(&out)
	file := filepath.Join(t.TempDir(), "cbcp.pcap")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := pcapgo.NewWriter(f)
	if err := w.WriteFileHeader(65535, layers.LinkTypePPP); err != nil {
		t.Fatal(err)
	}
	for _, p := range [][]byte{request, response, taken(t, &out)} {
		frame := ppp.Append(nil, ppp.CBCP, p)
		if err := w.WritePacket(gopacket.CaptureInfo{CaptureLength: len(frame), Length: len(frame)}, frame); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("tshark", "-n", "-r", file, "-O", "cbcp").Output()
	if err != nil {
		t.Fatal(err)
	}
	said := string(text)
	for want, n := range map[string]int{
		"Code: Callback Request (1)": 1, "Code: Callback Response (2)": 1, "Code: Callback Ack (3)": 1, "Identifier: 1 ": 3,
		"Type: No callback (1)": 1, "Type: Callback to a user-specified number (2)": 3,
		"Type: Callback to any of a list of numbers (4)": 1, "Callback delay: 12": 2, "Address: 030555": 2, "Address: 5551212": 1, "Address: 5551213": 1,
		"PSTN/ISDN": 5, "Malformed": 0, "Expert": 0,
	} {
		if got := strings.Count(said, want); got != n {
			t.Errorf("%q stands there %d times, want %d", want, got, n)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
}
