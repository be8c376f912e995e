//go:build peers

package vj

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

// Wireshark has a decompressor of its own: of a compressed conversation it says
// what it says of the one that the kernels had. That of version 4.0 takes a slot
// that is implied for the last one of either direction, an urgent pointer for
// two octets, TCP's header for data where a whole packet came, and forgets TCP's
// options: so each packet names its slot, those with URG are left out, there is
// a slot for each connection, and the conversation is the one without options.
func TestTsharkDecompresses(t *testing.T) {
	const plain = "testdata/kernels.pcap"
	want := dissected(t, plain)
	if len(want) < 150 {
		t.Fatalf("%d packets", len(want))
	}
	for _, s := range []Slots{{16, false}, {3, false}} {
		got := dissected(t, compressed(t, plain, s))
		if len(want) != len(got) {
			t.Fatalf("%d packets, want %d", len(got), len(want))
		}
		for i := range want {
			if want[i] != got[i] {
				t.Errorf("packet %d: %s, want %s", i+1, got[i], want[i])
			}
		}
	}
}

// compressed writes a conversation as PPP frames.
func compressed(t *testing.T, conversation string, s Slots) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "vj.pcap")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	const pppWithDir = layers.LinkType(204) // a first octet says who sent it
	w := pcapgo.NewWriter(out)
	if err := w.WriteFileHeader(65535, pppWithDir); err != nil {
		t.Fatal(err)
	}
	here, there := newLink(t, s), newLink(t, s)
	packets(t, conversation, func(a bool, packet []byte) {
		l, frame := there, []byte{0}
		if a {
			l, frame[0] = here, 1
		}
		p, info := l.compress(packet)
		frame = ppp.Append(frame, p, info)
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(0, 0), CaptureLength: len(frame), Length: len(frame)}, frame); err != nil {
			t.Fatal(err)
		}
	})
	return file
}

// dissected is a line for each packet of a file, with Wireshark's own judgement
// of its checksums.
func dissected(t *testing.T, file string) []string {
	t.Helper()
	args := []string{"-n", "-r", file, "-Y", "tcp.flags.urg == 0", "-T", "fields", "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"}
	for _, f := range strings.Fields("ip.src ip.dst ip.len ip.id ip.flags ip.ttl ip.checksum ip.checksum.status " +
		"tcp.srcport tcp.dstport tcp.seq_raw tcp.ack_raw tcp.flags tcp.window_size_value tcp.urgent_pointer tcp.checksum tcp.checksum.status tcp.options tcp.len tcp.payload") {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
