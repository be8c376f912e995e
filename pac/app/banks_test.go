package app

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"carrier/hardware/serial"
	"carrier/pac/internal/config"
)

// modemAt is a modem behind a Unix socket that answers OK to whatever it is told,
// which goes into commands, and an empty one whenever its port is opened.
func modemAt(t *testing.T) (url string, commands chan string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "modem")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	commands = make(chan string, 1000)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			commands <- ""
			for r := bufio.NewReader(c); ; {
				line, err := r.ReadString('\r')
				if err != nil {
					break
				}
				commands <- line[:len(line)-1]
				io.WriteString(c, "\r\nOK\r\n")
			}
			c.Close()
		}
	}()
	return "unix://" + path, commands
}

// told waits until the modem is told a command.
func told(t *testing.T, commands chan string, want string) {
	t.Helper()
	var all []string
	for end := time.After(20 * time.Second); ; {
		select {
		case c := <-commands:
			if all = append(all, c); c == want {
				return
			}
		case <-end:
			t.Fatalf("the modem was told %q, not %q", all, want)
		}
	}
}

// An idle line is set up anew as soon as a reload changes what its modem is
// told, be it by init or by its profile.
func TestAModemIsSetUpAnew(t *testing.T) {
	url, commands := modemAt(t)
	socket := filepath.Join(t.TempDir(), "socket")
	text := func(more string) []byte {
		return fmt.Appendf(nil, "name = \"atlanta\"\nsocket = %q\n[[bank]]\nname = \"courier\"\nports = [%q]\n%s\n[default]\ntunnel = [\"d\"]\n"+
			"[[pns]]\nname = \"d\"\nat = \"192.0.2.1\"\ntransport = \"udp\"\n", socket, url, more)
	}
	p, err := Start(t.Context(), "pac.toml", text(`profile = "zyxel"`), Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	told(t, commands, "AT&C1&D2&H3")
	for _, tt := range []struct{ more, want string }{
		{`profile = "conexant"`, "AT&C1&D2&K3W2"},
		{"profile = \"conexant\"\ninit = [\"ATS0=0\"]", "ATS0=0"},
		{"profile = \"conexant\"\ninit = [\"ATS0=0\", \"ATS7=60\"]", "ATS7=60"},
		{`kind = "cable"`, ""}, // nobody speaks AT there
	} {
		if _, err := p.Reload("pac.toml", text(tt.more)); err != nil {
			t.Fatal(err)
		}
		told(t, commands, tt.want)
	}
}

// Each setting of a port counts, and so does where one command ends.
func TestSettingsOfAModem(t *testing.T) {
	p := &Program{log: slog.New(slog.DiscardHandler)}
	var all []string
	for _, b := range []config.Bank{
		{},
		{Cable: true},
		{Speed: 9600},
		{Flow: serial.None},
		{Profile: "usr"},
		{Init: []string{"AT&F AT&C1"}},
		{Init: []string{"AT&F", "AT&C1"}},
	} {
		s := p.modem(seat{b, "/dev/ttyS0"}).Settings
		if slices.Contains(all, s) {
			t.Errorf("%+v is %q, as another", b, s)
		}
		all = append(all, s)
	}
}
