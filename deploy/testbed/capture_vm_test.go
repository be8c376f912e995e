//go:build vm

package testbed

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// A capture is one that runs on a host.
type captured struct {
	file string
	cmd  *exec.Cmd
}

func (w *world) capture(h *Host, program string, filter ...string) *captured {
	w.T.Helper()
	c := &captured{file: filepath.Join(w.Dir, program+".pcapng")}
	args := append([]string{"capture", "-w", c.file, "-c", filepath.Join(w.Dir, h.name+"-"+program+".toml")}, filter...)
	c.cmd = h.Command(filepath.Join(w.Bin, program), args...)
	if err := c.cmd.Start(); err != nil {
		w.T.Fatal(err)
	}
	Until(w.T, "capture's file has its head", func() bool {
		s, err := os.Stat(c.file)
		return err == nil && s.Size() > 0
	})
	return c
}

// end stops the capture and returns tshark's view of its packets: one line
// each, the protocols' names and what it says of the packet.
func (c *captured) end(t *testing.T) string {
	t.Helper()
	c.cmd.Process.Signal(syscall.SIGTERM)
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("capture: %v", err)
	}
	out, err := exec.Command("tshark", "-r", c.file, "-T", "fields", "-E", "separator=|",
		"-e", "frame.interface_name", "-e", "frame.protocols", "-e", "_ws.col.Info").CombinedOutput()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, out)
	}
	return string(out)
}

// tshark, which we did not write, reads what both programs captured of a call:
// each control message and each negotiation, nothing malformed.
func TestTsharkReadsTheCaptures(t *testing.T) {
	w := newWorld(t, 1, exchange.Conditions{}, saran)
	at, theirs := w.capture(w.POP, "pac"), w.capture(w.Office, "pns", "--user", "saran")
	w.run(`dial saran "blue moon" defaultroute refuse-pap || exit 1
ping -c 2 -W 5 2.1.1.10 || exit 1
hangup
`)
	Until(t, "the call's end at both ends", func() bool {
		return w.Calls(w.POP, "pac")[0].Reason != record.Running && w.Calls(w.Office, "pns")[0].Reason != record.Running
	})
	for _, c := range []struct {
		program string
		packets string
	}{{"pac", at.end(t)}, {"pns", theirs.end(t)}} {
		t.Run(c.program, func(t *testing.T) {
			if strings.Contains(strings.ToLower(c.packets), "malformed") || strings.Contains(c.packets, "_ws.expert") {
				t.Errorf("malformed packets:\n%s", c.packets)
			}
			for _, want := range []string{
				"Start-Control-Connection-Request", "Start-Control-Connection-Reply",
				"Incoming-Call-Request", "Incoming-Call-Reply", "Incoming-Call-Connected",
				"Set-Link-Info", "Call-Disconnect-Notify",
				"|ppp:lcp|", "|ppp:chap|", "|ppp:ipcp|", "gre:ppp:lcp", "gre:ppp:ipcp", "|ppp:ip:icmp",
				"Configuration Request", "Termination Request", "Challenge", "Response", "Success", "Echo (ping) reply",
				"atlanta/1|",
			} {
				if c.program == "pns" && strings.HasPrefix(want, "Start-") {
					continue // before the capture knew whose call it would be
				}
				if !strings.Contains(c.packets, want) {
					t.Errorf("no %q in\n%s", want, c.packets)
				}
			}
		})
	}
}
