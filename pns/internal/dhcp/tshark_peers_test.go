//go:build peers

package dhcp

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
)

// Wireshark reads in the answer what the settings say, and finds nothing wrong.
func TestTsharkDissectsTheAnswer(t *testing.T) {
	answer, err := told.Answer(packet(asking()), ours)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "answer.pcap")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := pcapgo.NewWriter(f)
	if err := w.WriteFileHeader(65535, layers.LinkTypeRaw); err != nil {
		t.Fatal(err)
	}
	info := gopacket.CaptureInfo{Timestamp: time.Unix(0, 0), CaptureLength: len(answer), Length: len(answer)}
	if err := w.WritePacket(info, answer); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	args := []string{"-n", "-r", file, "-o", "udp.check_checksum:TRUE", "-T", "fields"}
	want := [][2]string{{"dhcp.option.dhcp", "5"}, {"dhcp.ip.client", "2.1.1.129"}, {"dhcp.ip.your", "0.0.0.0"},
		{"dhcp.option.dhcp_server_id", "10.64.64.64"}, {"dhcp.option.domain_name", "corp.example"},
		{"dhcp.option.domain_name_server", "2.1.1.53,2.1.1.54"}, {"dhcp.option.netbios_over_tcpip_name_server", "2.1.1.42"},
		{"dhcp.option.netbios_over_tcpip_node_type", "8"}, {"ip.dst", "2.1.1.129"}, {"udp.dstport", "68"}, {"udp.checksum.status", "1"},
		{"dhcp.option.type", "6,15,44,46,53,54,61,121,249,0"}, {"_ws.expert", ""}, {"_ws.malformed", ""}}
	for _, field := range want {
		args = append(args, "-e", field[0])
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimRight(string(out), "\n"), "\t")
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i, field := range want {
		if got[i] != field[1] {
			t.Errorf("%s is %q, want %q", field[0], got[i], field[1])
		}
	}
	tree, err := exec.Command("tshark", "-n", "-r", file, "-V").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range []string{"10.0.0.0/8-10.64.64.64", "192.168.7.128/25-10.64.64.64"} {
		if n := strings.Count(strings.ReplaceAll(string(tree), " ", ""), route); n != 2 { // in 121 and in 249
			t.Errorf("%s stands %d times in\n%s", route, n, tree)
		}
	}
}
