//go:build peers

package scenario

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// Debian's chat, with which pppd's users log in, goes through login and menu by
// a script, and reads the host's last words.
func TestChat(t *testing.T) {
	t.Parallel()
	chat, err := exec.LookPath("chat")
	if err != nil {
		chat = "/usr/sbin/chat"
	}
	w, b := newMuseumAt(t, exchange.Options{Subscribers: []exchange.Subscriber{{Number: "4045550100", Name: "CHAT", At: "pty", Conditions: exchange.Conditions{Rate: 28800}}}}, "")
	tty, err := os.OpenFile(w.phones.Lines()[0].URL(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	script := exec.CommandContext(within(t), chat, "-v", "-s", "-e", "-t", "20", "ABORT", "BUSY", "ABORT", "NO ANSWER",
		"", "ATZ", "OK", "ATDT"+testbed.Number, "CONNECT", `\d\c`, "ogin:--ogin:", "guest", "ssword:", `\qwrong`, "ogin:", "guest",
		"ssword:", `\qwelcome`, "choice:", "1", "are?", "chat", `Hello "chat`, "bye", "museum. ", `\c`, "Connection closed.", `\c`)
	var said bytes.Buffer
	script.Stdin, script.Stdout, script.Stderr = tty, tty, &said
	if err := script.Run(); err != nil {
		t.Fatalf("chat: %v\n%s", err, &said)
	}
	if strings.Contains(said.String(), "welcome") {
		t.Errorf("the password was shown:\n%s", &said)
	}
	r := w.pac.ended(1)
	w.pac.wants(r, record.HostClosed, "the host closed")
	if r.User != "guest" || r.Peer != b.url || r.Calling != "4045550100" {
		t.Errorf("%+v", r)
	}
}
