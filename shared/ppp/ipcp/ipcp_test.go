package ipcp

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/vj"
)

var _ cp.Negotiator = (*IPCP)(nil)

func addrs(s ...string) []netip.Addr {
	var a []netip.Addr
	for _, s := range s {
		a = append(a, netip.MustParseAddr(s))
	}
	return a
}

var denver = Options{
	Local: netip.MustParseAddr("2.1.1.60"), Remote: netip.MustParseAddr("2.1.1.129"),
	DNS: addrs("2.1.1.53", "2.1.1.54"), NBNS: addrs("2.1.1.42"),
}

// end is one side on a fake clock.
type end struct {
	*cp.Machine
	ipcp *IPCP
	out  ppp.Outbox
}

func newEnd(o Options) *end {
	n := New(o)
	e := &end{Machine: cp.NewMachine(ppp.IPCP, n, cp.Options{}), ipcp: n}
	e.Machine.Open(time.Time{}, &e.out)
	e.Up(time.Time{}, &e.out)
	return e
}

// sent is what was sent, as code and data in hex; identifiers and lengths are
// the Machine's business.
func (e *end) sent(t *testing.T) string {
	t.Helper()
	var lines []string
	for _, f := range e.out.Take() {
		_, info, _ := ppp.Split(f)
		p, err := cp.Parse(info)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%d: % x", p.Code, p.Data))
	}
	return strings.Join(lines, "\n")
}

func octets(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEachOptionIsAnswered(t *testing.T) {
	open := Options{Local: denver.Local} // takes the peer's wish
	for _, tt := range []struct {
		what, request, want string
		o                   Options
	}{
		{"the right address", "03 06 02 01 01 81", "2: 03 06 02 01 01 81", denver},
		{"an address asked for", "03 06 00 00 00 00", "3: 03 06 02 01 01 81", denver},
		{"another address", "03 06 0a 00 00 01", "3: 03 06 02 01 01 81", denver},
		{"an address of 3 octets", "03 05 0a 00 00", "3: 03 06 02 01 01 81", denver},
		{"no address", "", "3: 03 06 02 01 01 81", denver},
		{"no address, when any is right", "", "2: ", open},
		{"a wish", "03 06 0a 00 00 01", "2: 03 06 0a 00 00 01", open},
		{"our own address", "03 06 02 01 01 3c", "4: 03 06 02 01 01 3c", open},
		{"an address asked for, when we have none", "03 06 00 00 00 00", "4: 03 06 00 00 00 00", open},
		{"a group's address", "03 06 e0 00 00 01", "4: 03 06 e0 00 00 01", open},
		{"IP-Addresses", "01 0a 00 00 00 00 00 00 00 00", "4: 01 0a 00 00 00 00 00 00 00 00", denver},
		{"VJ compression, when we have none", "02 06 00 2d 0f 01", "4: 02 06 00 2d 0f 01", denver},
		{"Mobile-IPv4 (RFC 2290)", "04 06 00 00 00 00", "4: 04 06 00 00 00 00", denver},
		{"DNS", "03 06 02 01 01 81 81 06 00 00 00 00 83 06 00 00 00 00", "3: 81 06 02 01 01 35 83 06 02 01 01 36", denver},
		{"DNS, right", "03 06 02 01 01 81 81 06 02 01 01 35", "2: 03 06 02 01 01 81 81 06 02 01 01 35", denver},
		{"DNS, one octet", "81 03 00 03 06 00 00 00 00", "3: 81 06 02 01 01 35 03 06 02 01 01 81", denver},
		{"NBNS, of which there is one", "82 06 00 00 00 00 84 06 00 00 00 00", "4: 84 06 00 00 00 00", denver},
		{"DNS, which we have not", "81 06 00 00 00 00", "4: 81 06 00 00 00 00", open},
	} {
		e := newEnd(tt.o)
		e.sent(t)
		e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureRequest, ID: 1, Data: octets(t, tt.request)}, &e.out)
		if got := e.sent(t); got != tt.want {
			t.Errorf("%s: answered %q, want %q", tt.what, got, tt.want)
		}
	}
}

// pppd 2.4.9 with usepeerdns and novj asks like this.
func TestPppdGetsItsAddress(t *testing.T) {
	e := newEnd(denver)
	if got := e.sent(t); got != "1: 03 06 02 01 01 3c" {
		t.Errorf("asked %q", got)
	}
	for _, step := range []struct{ info, want string }{
		{"01 01 00 16 03 06 00 00 00 00 81 06 00 00 00 00 83 06 00 00 00 00", "3: 03 06 02 01 01 81 81 06 02 01 01 35 83 06 02 01 01 36"},
		{"02 01 00 0a 03 06 02 01 01 3c", ""},
		{"01 02 00 16 03 06 02 01 01 81 81 06 02 01 01 35 83 06 02 01 01 36", "2: 03 06 02 01 01 81 81 06 02 01 01 35 83 06 02 01 01 36"},
	} {
		p, err := cp.Parse(octets(t, step.info))
		if err != nil {
			t.Fatal(err)
		}
		e.Receive(time.Time{}, p, &e.out)
		if got := e.sent(t); got != step.want {
			t.Errorf("to %s: %q, want %q", step.info, got, step.want)
		}
	}
	want := Agreed{Local: denver.Local, Remote: denver.Remote}
	if got := e.ipcp.Agreed(); e.State() != cp.Opened || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: %+v", e.State(), got)
	}
}

func TestBothRolesAgree(t *testing.T) {
	for _, tt := range []struct {
		what         string
		client       Options
		wantC, wantS Agreed
	}{
		{"client that asks for everything", Options{AskAddress: true, AskDNS: true, AskNBNS: true},
			Agreed{Local: denver.Remote, Remote: denver.Local, DNS: denver.DNS, NBNS: denver.NBNS}, Agreed{Local: denver.Local, Remote: denver.Remote}},
		{"client with a wish", Options{AskAddress: true, Local: netip.MustParseAddr("10.0.0.1")},
			Agreed{Local: denver.Remote, Remote: denver.Local}, Agreed{Local: denver.Local, Remote: denver.Remote}},
		{"client that never names an address", Options{},
			Agreed{Remote: denver.Local}, Agreed{Local: denver.Local}},
		{"client with the right address", Options{Local: denver.Remote, Remote: denver.Local},
			Agreed{Local: denver.Remote, Remote: denver.Local}, Agreed{Local: denver.Local, Remote: denver.Remote}},
	} {
		c, s := newEnd(tt.client), newEnd(denver)
		now := time.Unix(1e9, 0)
		for range 20 {
			for deliver(t, c, s, now)+deliver(t, s, c, now) > 0 {
			}
			now = now.Add(3 * time.Second)
			c.Expire(now, &c.out)
			s.Expire(now, &s.out)
		}
		if c.State() != cp.Opened || s.State() != cp.Opened {
			t.Errorf("%s: %v and %v", tt.what, c.State(), s.State())
			continue
		}
		if got := c.ipcp.Agreed(); !reflect.DeepEqual(got, tt.wantC) {
			t.Errorf("%s: client has %+v", tt.what, got)
		}
		if got := s.ipcp.Agreed(); !reflect.DeepEqual(got, tt.wantS) {
			t.Errorf("%s: server has %+v", tt.what, got)
		}
	}
}

func deliver(t *testing.T, from, to *end, now time.Time) (frames int) {
	t.Helper()
	for _, f := range from.out.Take() {
		frames++
		_, info, _ := ppp.Split(f)
		p, err := cp.Parse(info)
		if err != nil {
			t.Fatal(err)
		}
		to.Receive(now, p, &to.out)
	}
	return frames
}

func TestAnswersToOurOptions(t *testing.T) {
	client := Options{AskAddress: true, AskDNS: true}
	for _, tt := range []struct {
		what, data, next string
		code             cp.Code
		o                Options
	}{
		{"given", "03 06 0a 00 00 05 81 06 0a 00 00 01", "1: 03 06 0a 00 00 05 81 06 0a 00 00 01 83 06 00 00 00 00", cp.ConfigureNak, client},
		{"DNS rejected", "81 06 00 00 00 00 83 06 00 00 00 00", "1: 03 06 00 00 00 00", cp.ConfigureReject, client},
		{"zero suggested for zero is a Reject", "83 06 00 00 00 00", "1: 03 06 00 00 00 00 81 06 00 00 00 00", cp.ConfigureNak, client},
		{"unknown and malformed suggestions", "01 0a 00 00 00 00 00 00 00 00 81 03 01", "1: 03 06 00 00 00 00 81 06 00 00 00 00 83 06 00 00 00 00", cp.ConfigureNak, client},
		{"what no host has", "03 06 7f 00 00 01 81 06 ff ff ff ff", "1: 03 06 00 00 00 00 81 06 00 00 00 00 83 06 00 00 00 00", cp.ConfigureNak, client},
		{"our fixed address stays", "03 06 0a 00 00 05", "1: 03 06 02 01 01 3c", cp.ConfigureNak, denver},
		{"our fixed address rejected", "03 06 02 01 01 3c", "1: ", cp.ConfigureReject, denver},
		{"no address for us", "03 06 00 00 00 00", "5: " + fmt.Sprintf("% x", ErrNoAddress.Error()), cp.ConfigureReject, client},
	} {
		e := newEnd(tt.o)
		e.sent(t)
		e.Receive(time.Time{}, cp.Packet{Code: tt.code, ID: 1, Data: octets(t, tt.data)}, &e.out)
		if got := e.sent(t); got != tt.next {
			t.Errorf("%s: then %q, want %q", tt.what, got, tt.next)
		}
	}
	e := newEnd(client)
	e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureReject, ID: 1, Data: octets(t, "03 06 00 00 00 00")}, &e.out)
	if !errors.Is(e.Err(), ErrNoAddress) {
		t.Errorf("error %v", e.Err())
	}
}

// A peer that acknowledges 0.0.0.0 has given nothing.
func TestUnfilledAddressesAreNone(t *testing.T) {
	e := newEnd(Options{AskAddress: true, AskDNS: true})
	e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureAck, ID: 1, Data: octets(t, "03 06 00 00 00 00 81 06 00 00 00 00 83 06 00 00 00 00")}, &e.out)
	e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureRequest, ID: 1, Data: octets(t, "03 06 0a 00 00 01")}, &e.out)
	if got := e.ipcp.Agreed(); e.State() != cp.Opened || !reflect.DeepEqual(got, Agreed{Remote: netip.MustParseAddr("10.0.0.1")}) {
		t.Errorf("%v: %+v", e.State(), got)
	}
}

func FuzzJudge(f *testing.F) {
	f.Add([]byte{3, 6, 0, 0, 0, 0, 129, 6, 0, 0, 0, 0, 131, 6, 0, 0, 0, 0})
	f.Add([]byte{2, 6, 0, 0x2D, 15, 1, 3, 6, 2, 1, 1, 129})
	f.Add([]byte{2, 4, 0, 0x2D, 2, 4, 0, 0x37, 2, 14, 0, 0x61, 0, 16, 0, 16, 0, 1, 0, 5, 0, 168})
	f.Add([]byte{1, 10, 0, 0, 0, 0, 0, 0, 0, 0, 132, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		opts, err := cp.ParseOptions(b)
		if err != nil {
			return
		}
		o := denver
		o.VJ = vj.Slots{Count: 16, Implied: len(b)%2 == 0}
		n := New(o)
		n.Reset()
		a, _ := n.Judge(opts)
		if len(a.Reject)+len(a.Nak) > len(opts)+1 {
			t.Errorf("%d options answered by %+v", len(opts), a)
		}
		if len(a.Reject)+len(a.Nak) == 0 && n.Agreed().Remote != denver.Remote {
			t.Errorf("% x: acknowledged with %v", b, n.Agreed().Remote)
		}
		_ = n.Naked(opts)
		_ = n.Rejected(opts)
		if got := n.Request(); len(got) > 2 {
			t.Errorf("asks for %v", got)
		}
		agreed := n.Agreed()
		for _, s := range []vj.Slots{agreed.SendVJ, agreed.ReceiveVJ} {
			if s.Count < 0 || s.Count > o.VJ.Count || s.Implied && !o.VJ.Implied {
				t.Errorf("% x: %+v, but we can only %+v", b, s, o.VJ)
			}
		}
	})
}
