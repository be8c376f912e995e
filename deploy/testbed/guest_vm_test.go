//go:build vm

package testbed

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
)

// The guest's serial port is a socket of the host: what chat sends there
// arrives here, and what is answered there arrives in chat.
func TestGuestSpeaksOnItsSerialPort(t *testing.T) {
	g := Boot(t, 5)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, n := range []struct {
		port int
		dev  string
	}{{1, "/dev/ttyS1"}, {5, "/dev/ttyS5"}} {
		c, err := net.Dial("unix", g.Serial(n.port))
		if err != nil {
			t.Fatal(err)
		}
		heard := make(chan string, 1)
		go func() {
			b := make([]byte, 3)
			for at := 0; at < len(b); {
				k, err := c.Read(b[at:])
				if err != nil {
					break
				}
				at += k
			}
			heard <- string(b)
			c.Write([]byte("\r\nOK\r\n"))
		}()
		out, err := g.Run(ctx, "exec 5<>"+n.dev+"; stty raw -echo <&5; chat -V -t 10 '' ATZ OK '' <&5 >&5")
		c.Close()
		if err != nil {
			t.Fatalf("%s: %v\n%s", n.dev, err, out)
		}
		if s := <-heard; s != "ATZ" {
			t.Errorf("%s: heard %q", n.dev, s)
		}
	}
	if out, err := g.Run(ctx, "echo said; false"); err == nil || !strings.Contains(out, "said") {
		t.Errorf("a script that fails: %q, %v", out, err)
	}
	if out, err := g.Run(ctx, "pppd --version 2>&1"); err != nil || !strings.Contains(out, "pppd version 2") {
		t.Errorf("pppd: %q, %v", out, err)
	}
}
