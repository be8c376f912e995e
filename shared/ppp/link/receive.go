package link

import (
	"strings"
	"time"
	"unicode"

	"carrier/shared/ppp"
	"carrier/shared/ppp/lcp"
)

// Receive takes a frame without its FCS, in every form that ppp.Split knows; it
// is not kept. What is longer than we must take, or may not come in this phase, is
// dropped; a protocol that we
// do not speak is rejected. Data of a network protocol whose control protocol
// was added with Network are the owner's business: they are ignored here.
func (l *Link) Receive(now time.Time, frame []byte) {
	p, info, err := ppp.Split(frame)
	if err != nil || len(info) > l.longest() {
		return
	}
	switch {
	case p == ppp.LCP:
		l.receiveLCP(now, info)
	case l.phase != Authenticate && l.phase != Callback && l.phase != Network: // RFC 1661 §3.4, §3.7
	case p == ppp.PAP || p == ppp.CHAP || p == ppp.EAP:
		l.receiveAuth(now, p, info)
	case l.phase != Network && !p.Link(): // RFC 1661 §3.5, [MS-CBCP] §1.3
	case p == ppp.CBCP && l.byCBCP():
		l.receiveCallback(now, info)
	case p.Network() && l.ncp(controls(p)) != nil:
	default:
		l.receiveNCP(now, p, info)
	}
}

// longest is how many octets of an information field we take: 1500 at any time (RFC
// 1661 §6.1, RFC 1990 §5.1.1). An answer can be as long as its question, and must not
// be longer than the peer takes.
func (l *Link) longest() int {
	ours := l.lcp.Agreed().Ours
	return int(max(ppp.DefaultMRU, ours.MRU, ours.MRRU))
}

func (l *Link) receiveLCP(now time.Time, info []byte) {
	n := l.lcp.Receive(now, info, &l.out)
	l.lcpDid(now, n)
	if n.Rejected != 0 {
		l.rejected(now, n.Rejected)
	}
	if m := n.Heard; m != nil && !l.finished {
		kind := Identified
		if m.Code == lcp.TimeRemaining {
			kind = Remaining
		}
		l.tell(Event{Kind: kind, Text: printable(m.Text), Remaining: m.Remaining})
	}
}

// Deadline is when Expire wants to be called; zero when it does not.
func (l *Link) Deadline() time.Time {
	d := earlier(earlier(l.lcp.Deadline(), l.auth.Deadline()), l.back.Deadline())
	for _, n := range l.ncps {
		d = earlier(d, n.machine.Deadline())
	}
	return d
}

// earlier is the earlier of two times; the zero one is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Expire does what is due at now.
func (l *Link) Expire(now time.Time) {
	n := l.lcp.Expire(now, &l.out)
	l.lcpDid(now, n)
	if n.Dead && l.lcp.Looped() {
		l.close(now, Loopback, "our echo requests come back")
	} else if n.Dead {
		l.close(now, EchoFailed, "no answer to our echo requests")
	}
	l.expireAuth(now)
	l.expireCallback(now)
	for _, n := range l.ncps {
		l.expireNCP(now, n)
	}
}

// printable makes text from outside fit for logs and terminals.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) { // marks that turn the direction of text are not
			return '.'
		}
		return c
	}, strings.ToValidUTF8(s, "."))
}
