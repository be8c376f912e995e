package rules

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/pptp"
)

// The PNS of this table is the test itself, which speaks PPTP message by message.
func TestReferenceOfPPTPOfPAC(t *testing.T) {
	tableOf(t, "## PPTP of pac").each(func(t *testing.T, row map[string]string) {
		s := startSwitchboard(t)
		l, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(netip.AddrPortFrom(s.at, pptp.Port)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		s.call(t, "").names("saran")
		c := control{t: t, Conn: accept(t, l)}
		for _, step := range []struct{ hear, say string }{
			{"Start-Control-Connection-Request", "Start-Control-Connection-Reply"}, {"Incoming-Call-Request", ""},
		} {
			if c.hear(); !slices.Equal(c.heard, []string{step.hear}) {
				t.Fatalf("want %s, heard %q", step.hear, c.heard)
			}
			if c.heard = nil; step.say != "" {
				c.say(step.say)
			}
		}
		for name := range strings.SplitSeq(row["sent"], ", ") {
			c.say(name)
			if name == "Incoming-Call-Reply" { // the call is up then
				c.hear()
			}
		}
		c.answers(row["answer"])
	})
}

// accept takes the pac's connection.
func accept(t *testing.T, l *net.TCPListener) net.Conn {
	t.Helper()
	if err := l.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// names has a caller say who she is, by CHAP.
func (k *talk) names(user string) {
	k.t.Helper()
	k.establish()
	const challenge, response = 1, 2
	q := k.await("a Challenge", func(p ppp.Protocol, packet cp.Packet) bool { return p == ppp.CHAP && packet.Code == challenge })
	value := append([]byte{16}, make([]byte, 16)...)
	k.say(ppp.CHAP, cp.Packet{Code: response, ID: q.ID, Data: append(value, user...)})
}
