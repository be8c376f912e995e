//go:build peers

package scenario

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// ser2netDocs are ser2net.yaml and the bank of docs/modems.md.
var ser2netDocs = regexp.MustCompile("(?ms)^## Behind `ser2net`$.*?^```yaml\n(.*?)^```$.*?^```toml\n(.*?)^```$")

// ser2net runs Debian's with the manual's configuration, on modems in place of
// its devices, and returns the manual's bank, and where the ports are.
func ser2net(t *testing.T, modems ...string) (bank string, ports []string) {
	t.Helper()
	doc, err := os.ReadFile("../../docs/modems.md")
	if err != nil {
		t.Fatal(err)
	}
	found := ser2netDocs.FindStringSubmatch(string(doc))
	if found == nil {
		t.Fatal("docs/modems.md shows no ser2net.yaml with a bank")
	}
	ports = []string{freePort(t), freePort(t)}
	replace := strings.NewReplacer("192.0.2.9,2217", strings.Replace(ports[0], ":", ",", 1), "192.0.2.9,2218", strings.Replace(ports[1], ":", ",", 1),
		"192.0.2.9:2217", ports[0], "192.0.2.9:2218", ports[1], "/dev/ttyS0", modems[0], "/dev/ttyS1", modems[1])
	dir := t.TempDir()
	file := filepath.Join(dir, "ser2net.yaml")
	if err := os.WriteFile(file, []byte(replace.Replace(found[1])), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := exec.LookPath("ser2net")
	if err != nil {
		path = "/usr/sbin/ser2net"
	}
	c := exec.Command(path, "-n", "-d", "-c", file, "-P", filepath.Join(dir, "pid"))
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		if t.Failed() {
			t.Logf("ser2net says:\n%s", said.Bytes())
		}
	})
	return replace.Replace(found[2]), ports
}

// freePort is an address on the loopback where nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Calls go through a terminal server that we did not write, configured as the
// manual says: each leaves the modem fit for the next, whoever ends it.
func TestCallsThroughSer2net(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	modems := []string{filepath.Join(dir, "rfc2217"), filepath.Join(dir, "telnet")}
	numbers := []string{"5551301", "5551302"}
	var o exchange.Options
	for i, m := range modems {
		o.Subscribers = append(o.Subscribers, exchange.Subscriber{Number: numbers[i], At: "pty", Link: m})
	}
	w := newWorld(t, setting{phones: o, callers: len(modems)})
	bank, ports := ser2net(t, modems...)
	for _, at := range ports { // somebody who was here before, and never leaves
		testbed.Until(t, "ser2net is there", func() bool {
			c, err := net.Dial("tcp", at)
			if err == nil {
				t.Cleanup(func() { c.Close() })
			}
			return err == nil
		})
	}
	// These lines are as fast as their ports.
	w.reload("[[pns]]", strings.Replace(bank, "[[bank]]\n", "[[bank]]\nline_rate = 0\n", 1)+"[[pns]]")
	calls := 0
	for i, name := range []string{"remote/1", "remote/2"} {
		t.Run(filepath.Base(modems[i]), func(t *testing.T) {
			for _, end := range []struct {
				by     func(*caller.Call)
				reason record.EndReason
				text   string
			}{
				{func(c *caller.Call) { w.carries(c); c.Close() }, record.CallerHungUp, ""},
				{func(*caller.Call) { w.phones.Drop(numbers[i]) }, record.CarrierLost, "carrier"},
				{func(*caller.Call) { w.pac.Hangup(within(t), w.pac.calls()[0].Name) }, record.Operator, "operator"},
				{func(c *caller.Call) { w.reads(c); c.Close() }, record.CallerHungUp, ""},
			} {
				testbed.Until(t, name+" is ready", func() bool { return w.line(name).State == "idle" })
				c := w.dialNumber(len(modems)+i, numbers[i], sara())
				end.by(c)
				calls++
				ended := w.pac.ended(calls)
				w.pac.wants(ended, end.reason, end.text)
				if ended.Line != name || ended.Calling == "" || ended.Traffic.Errors > 0 {
					t.Errorf("call %d: %+v", calls, ended)
				}
				<-c.Done()
			}
		})
	}
}
