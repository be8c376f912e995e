//go:build vm

package testbed

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"carrier/shared/record"
)

// A captured is a capture that runs on a host.
type captured struct {
	file string
	cmd  *exec.Cmd
}

// capture starts a program's own capture.
func (w *world) capture(h *Host, program string, filter ...string) *captured {
	w.T.Helper()
	file := filepath.Join(w.Dir, program+".pcapng")
	args := append([]string{"capture", "-w", file, "-c", filepath.Join(w.Dir, h.name+"-"+program+".toml")}, filter...)
	return w.started(file, h.Command(filepath.Join(w.Bin, program), args...))
}

func (w *world) started(file string, cmd *exec.Cmd) *captured {
	w.T.Helper()
	c := &captured{file: file, cmd: cmd}
	if err := c.cmd.Start(); err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { c.cmd.Process.Kill() })
	Until(w.T, "capture's file has its head", func() bool {
		s, err := os.Stat(c.file)
		return err == nil && s.Size() > 0
	})
	return c
}

func (c *captured) stop(t *testing.T) {
	t.Helper()
	c.cmd.Process.Signal(syscall.SIGTERM)
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("capture: %v", err)
	}
}

// read is tshark's view of the packets that match a filter ("" is all): one line
// each, its fields between bars. A file that is still written may end within a
// packet, which is an error after all the others.
func (c *captured) read(filter string, fields ...string) ([]string, error) {
	args := []string{"-r", c.file, "-Y", filter, "-T", "fields", "-E", "separator=|"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' }), err
}

// messages are the control messages, in order: who sent it, and its type.
func (c *captured) messages() ([]string, error) {
	packets, err := c.read("pptp", "ip.src", "pptp.control_message_type")
	var all []string
	for _, p := range packets {
		from, types, _ := strings.Cut(p, "|")
		for kind := range strings.SplitSeq(types, ",") { // of one segment
			all = append(all, from+" "+kind)
		}
	}
	return all, err
}

// warning is the lowest of Wireshark's severities that says that something is
// wrong; below are chats and notes.
const warning = 0x600000

// complaints are the packets that tshark finds fault with.
func (c *captured) complaints() ([]string, error) {
	packets, err := c.read("_ws.expert", "_ws.expert.severity", "frame.number", "_ws.col.Info", "_ws.expert.message")
	return slices.DeleteFunc(packets, func(p string) bool {
		severities, _, _ := strings.Cut(p, "|")
		return !slices.ContainsFunc(strings.Split(severities, ","), func(s string) bool {
			n, err := strconv.Atoi(s)
			return err != nil || n >= warning
		})
	}), err
}

// tshark, which we did not write, reads what both programs captured of a call
// with CHAP and of one with PAP: each negotiation and every control message that
// was on the wire, nothing malformed.
func TestTsharkReadsTheCaptures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{pac: saran})
	file := filepath.Join(w.Dir, "wire.pcapng")
	wire := w.started(file, w.POP.Command("dumpcap", "-q", "-i", "wan", "-f", "tcp port 1723", "-w", file))
	at, theirs := w.capture(w.POP, "pac"), w.capture(w.Office, "pns", "--user", "saran")
	w.run(`dial saran "blue moon" defaultroute refuse-pap` + untilHungUp + `|| exit 1
ping -c 2 -W 5 2.1.1.10 || exit 1
hangup
dial saran "blue moon" defaultroute refuse-chap refuse-mschap refuse-mschap-v2 refuse-eap` + untilHungUp + `|| exit 1
ping -c 2 -W 5 2.1.1.10 || exit 1
hangup
`)
	ended := func(c record.Call) bool { return c.Reason != record.Running }
	Until(t, "both calls' end at both ends", func() bool {
		both := append(w.Calls(w.POP, "pac"), w.Calls(w.Office, "pns")...)
		return len(both) == 4 && !slices.ContainsFunc(both, func(c record.Call) bool { return !ended(c) })
	})
	at.stop(t)
	theirs.stop(t)
	said, err := at.messages()
	if err != nil {
		t.Fatal(err)
	}
	Until(t, "the wire's capture has the last message", func() bool {
		m, _ := wire.messages()
		return len(m) >= len(said)
	})
	wire.stop(t)
	want, err := wire.messages()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		program string
		*captured
		messages []string
	}{
		{"pac", at, want},
		{"pns", theirs, want[1:]}, // whose connection it is, the first message says: no user's yet
	} {
		t.Run(c.program, func(t *testing.T) {
			if bad, err := c.complaints(); err != nil || len(bad) > 0 {
				t.Errorf("tshark complains: %v\n%s", err, strings.Join(bad, "\n"))
			}
			if have, err := c.captured.messages(); err != nil || !slices.Equal(have, c.messages) {
				t.Errorf("control messages: %v\n%q\non the wire\n%q", err, have, c.messages)
			}
			lines, err := c.read("", "frame.interface_name", "frame.protocols", "_ws.col.Info")
			if err != nil {
				t.Fatal(err)
			}
			packets := strings.Join(lines, "\n")
			for _, want := range []string{
				"Start-Control-Connection-Reply", "Incoming-Call-Request", "Incoming-Call-Reply", "Incoming-Call-Connected",
				"Call-Clear-Request", "Set-Link-Info", "Call-Disconnect-Notify",
				"|ppp:lcp|", "|ppp:chap|", "|ppp:pap|", "|ppp:ipcp|", "|ppp:ip:icmp",
				"gre:ppp:lcp", "gre:ppp:chap", "gre:ppp:pap", "gre:ppp:ipcp",
				"Configuration Request", "Termination Request", "Challenge", "Response", "Success",
				"Authenticate-Request", "Authenticate-Ack", "Echo (ping) reply",
				"atlanta/1|", "atlanta/2|",
			} {
				if !strings.Contains(packets, want) {
					t.Errorf("no %q in\n%s", want, packets)
				}
			}
		})
	}
}

// A capture in a pipe shows the packets of a call while it runs.
func TestTsharkReadsALiveCapture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{pac: saran})
	capture := w.POP.Command(filepath.Join(w.Bin, "pac"), "capture", "-w", "-", "-c", filepath.Join(w.Dir, w.POP.name+"-pac.toml"))
	tshark := exec.Command("tshark", "-i", "-", "-l")
	seen := &output{grown: make(chan struct{})}
	tshark.Stdout = seen
	r, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	capture.Stdout, tshark.Stdin = pipe, r
	for _, cmd := range []*exec.Cmd{capture, tshark} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() })
	}
	for _, end := range []io.Closer{r, pipe} {
		end.Close() // the programs have them
	}
	w.run(`dial saran "blue moon" defaultroute || exit 1
ping -c 2 -W 5 2.1.1.10 || exit 1
`)
	for _, want := range []string{"Incoming-Call-Connected", "Challenge", "Echo (ping) reply"} {
		Until(t, "live: "+want, func() bool { return strings.Contains(seen.String(), want) })
	}
	if c := w.Calls(w.POP, "pac")[0]; c.Reason != record.Running {
		t.Errorf("the call had ended: %v", c.Reason)
	}
	w.run("hangup\n")
	capture.Process.Signal(syscall.SIGTERM)
	if err := capture.Wait(); err != nil {
		t.Errorf("capture: %v", err)
	}
	if err := tshark.Wait(); err != nil {
		t.Errorf("tshark at the pipe's end: %v", err)
	}
}
