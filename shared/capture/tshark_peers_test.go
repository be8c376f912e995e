//go:build peers

package capture

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// dissected is what Wireshark says of the packets of a whole call, in order;
// GRE packets are shown with the PPP inside.
var dissected = []string{
	"Configuration Request", "[SYN]", "[SYN, ACK]", "[ACK]",
	"Start-Control-Connection-Request", "Start-Control-Connection-Reply",
	"Incoming-Call-Request", "Incoming-Call-Reply", "Incoming-Call-Connected",
	"Configuration Request", "Configuration Request", "Configuration Ack", "Configuration Ack",
	"Set-Link-Info", "Set-Link-Info",
	"Challenge", "Response", "Configuration Request", "Configuration Ack",
	"[FIN, ACK]", "[FIN, ACK]", "[ACK]",
}

func compareInfo(t *testing.T, out string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != len(dissected) {
		t.Fatalf("%d packets:\n%s", len(lines), out)
	}
	for i, want := range dissected {
		if !strings.Contains(lines[i], want) {
			t.Errorf("packet %d is %q, want %s", i+1, lines[i], want)
		}
	}
}

func tshark(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("tshark", args...)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark %v: %v\n%s", args, err, errors.String())
	}
	return string(out)
}

func TestTsharkDissectsAWholeCall(t *testing.T) {
	octets, _ := during(t, Filter{}, Limit{}, whole)
	file := filepath.Join(t.TempDir(), "call.pcapng")
	if err := os.WriteFile(file, octets, 0o600); err != nil {
		t.Fatal(err)
	}
	compareInfo(t, tshark(t, "-n", "-r", file, "-T", "fields", "-e", "_ws.col.Info"))
	if bad := tshark(t, "-n", "-r", file, "-Y", "_ws.malformed || _ws.expert.severity >= 0x600000 || tcp.analysis.flags"); bad != "" {
		t.Errorf("not well formed:\n%s", bad)
	}
	for filter, want := range map[string]int{
		"frame.interface_name == \"atlanta/4711\"":        7,
		"ppp.direction == 1":                              4, // received: Wireshark's own number for a 0 in the file
		"pptp":                                            7,
		"pptp.dialed_number == \"5551212\"":               1,
		"pptp.connect_speed == 28800":                     1,
		"gre.proto == 0x880b && lcp":                      2,
		"lcp && frame.interface_name == \"atlanta/4711\"": 3,
		"chap.name == \"saran\"":                          1,
		"ipcp.opt.ip_address == 2.1.1.129":                2,
		"ip.checksum.status == 0":                         0,
	} {
		if got := strings.Count(tshark(t, "-n", "-o", "ip.check_checksum:TRUE", "-r", file, "-Y", filter), "\n"); got != want {
			t.Errorf("%s: %d packets, want %d", filter, got, want)
		}
	}
}

// TestTsharkReadsAPipe lets tshark look while the capture runs.
func TestTsharkReadsAPipe(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, "tshark", "-n", "-l", "-i", "-", "-c", "22", "-T", "fields", "-e", "_ws.col.Info")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := NewHub(slog.New(slog.DiscardHandler))
	running := make(chan error, 1)
	begun := make(chan struct{})
	go func() { running <- h.Run(ctx, Filter{}, &announcing{Writer: in, first: begun}, Limit{}) }()
	<-begun
	whole(h)
	if err := cmd.Wait(); err != nil { // it ends after the 22nd packet, with the capture still running
		t.Errorf("tshark: %v\n%s", err, errors.String())
	}
	stop()
	<-running
	compareInfo(t, out.String())
}

// announcing tells of the first Write, with which a capture has begun.
type announcing struct {
	io.Writer
	first chan struct{}
	once  sync.Once
}

func (a *announcing) Write(b []byte) (int, error) {
	a.once.Do(func() { close(a.first) })
	return a.Writer.Write(b)
}
