package ipcp

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/vj"
)

func implied(slots int) vj.Slots { return vj.Slots{Count: slots, Implied: true} }
func named(slots int) vj.Slots   { return vj.Slots{Count: slots} }

var none vj.Slots

func compressing(o Options, s vj.Slots) Options {
	o.VJ = s
	return o
}

// RFC 1332 §3.2 and §4.1. What the peer asks for binds us: any number of slots
// is enough, and we need not leave out their numbers.
func TestCompressionIsAnswered(t *testing.T) {
	for _, tt := range []struct {
		what, option, want string
		ours, send         vj.Slots
	}{
		{"as pppd asks", "02 06 00 2d 0f 01", "2: 02 06 00 2d 0f 01", implied(16), implied(16)},
		{"more slots than we use", "02 06 00 2d ff 01", "2: 02 06 00 2d ff 01", implied(16), implied(16)},
		{"fewer slots", "02 06 00 2d 03 01", "2: 02 06 00 2d 03 01", implied(16), implied(4)},
		{"one slot", "02 06 00 2d 00 00", "2: 02 06 00 2d 00 00", implied(16), named(1)},
		{"slots to be named", "02 06 00 2d 0f 00", "2: 02 06 00 2d 0f 00", implied(16), named(16)},
		{"slots that we name", "02 06 00 2d 0f 01", "2: 02 06 00 2d 0f 01", named(16), named(16)},
		{"without slot fields", "02 04 00 2d", "2: 02 04 00 2d", implied(256), implied(16)},
		{"by its old number", "02 04 00 37", "3: 02 06 00 2d 07 00", named(8), none},
		{"RFC 2507's", "02 0e 00 61 00 10 00 10 00 01 00 05 00 a8", "3: 02 06 00 2d 0f 01", implied(16), none},
		{"a Comp-Slot-Id of 2", "02 06 00 2d 0f 02", "3: 02 06 00 2d 0f 01", implied(16), none},
		{"an octet less", "02 05 00 2d 0f", "3: 02 06 00 2d 0f 01", implied(16), none},
		{"an octet more", "02 07 00 2d 0f 01 00", "3: 02 06 00 2d 0f 01", implied(16), none},
		{"nothing in it", "02 02", "3: 02 06 00 2d 0f 01", implied(16), none},
		{"when we have none", "02 06 00 2d 0f 01", "4: 02 06 00 2d 0f 01", none, none},
		{"another's, when we have none", "02 04 00 37", "4: 02 04 00 37", none, none},
		{"none", "", "2: ", implied(16), none},
	} {
		e := newEnd(Options{VJ: tt.ours})
		e.sent(t)
		e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureRequest, ID: 1, Data: octets(t, tt.option)}, &e.out)
		if got := e.sent(t); got != tt.want {
			t.Errorf("%s: answered %q, want %q", tt.what, got, tt.want)
		}
		if got := e.ipcp.Agreed().SendVJ; got != tt.send {
			t.Errorf("%s: we may send %+v, want %+v", tt.what, got, tt.send)
		}
	}
}

// What the peer says to our option binds it, and ends: we ask for less, or not
// at all.
func TestAnswersToOurCompression(t *testing.T) {
	ours := implied(16)
	for _, tt := range []struct {
		what, data, next string
		code             cp.Code
		receive          vj.Slots
	}{
		{"acknowledged", "02 06 00 2d 0f 01", "", cp.ConfigureAck, ours},
		{"rejected", "02 06 00 2d 0f 01", "1: ", cp.ConfigureReject, none},
		{"fewer slots", "02 06 00 2d 03 01", "1: 02 06 00 2d 03 01", cp.ConfigureNak, implied(4)},
		{"slots named", "02 06 00 2d 0f 00", "1: 02 06 00 2d 0f 00", cp.ConfigureNak, named(16)},
		{"more slots, named", "02 06 00 2d ff 00", "1: 02 06 00 2d 0f 00", cp.ConfigureNak, named(16)},
		{"more slots", "02 06 00 2d ff 01", "1: ", cp.ConfigureNak, none},
		{"no slot fields", "02 04 00 2d", "1: ", cp.ConfigureNak, none},
		{"another protocol", "02 0e 00 61 00 10 00 10 00 01 00 05 00 a8", "1: ", cp.ConfigureNak, none},
		{"our own value in a Nak", "02 06 00 2d 0f 01", "1: ", cp.ConfigureNak, none},
		{"a Mobile-IPv4 that we did not ask for", "04 06 0a 00 00 01", "1: 02 06 00 2d 0f 01", cp.ConfigureNak, ours},
	} {
		e := newEnd(Options{VJ: ours})
		if got := e.sent(t); got != "1: 02 06 00 2d 0f 01" {
			t.Errorf("asked %q", got)
		}
		e.Receive(time.Time{}, cp.Packet{Code: tt.code, ID: 1, Data: octets(t, tt.data)}, &e.out)
		if got := e.sent(t); got != tt.next {
			t.Errorf("%s: then %q, want %q", tt.what, got, tt.next)
		}
		if got := e.ipcp.Agreed().ReceiveVJ; got != tt.receive {
			t.Errorf("%s: the peer may send %+v, want %+v", tt.what, got, tt.receive)
		}
	}
	// A suggestion to who does not ask is no request.
	e := newEnd(denver)
	e.sent(t)
	e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureNak, ID: 1, Data: octets(t, "02 06 00 2d 0f 01")}, &e.out)
	if got := e.sent(t); got != "1: 03 06 02 01 01 3c" {
		t.Errorf("then asked %q", got)
	}
}

func TestBothEndsCompress(t *testing.T) {
	for _, tt := range []struct {
		what               string
		c, s, up, down     vj.Slots // up is what the client may send
		receiveC, receiveS vj.Slots
	}{
		{"alike", implied(16), implied(16), implied(16), implied(16),
			implied(16), implied(16)},
		{"otherwise", implied(8), named(16), named(8), named(8),
			implied(8), named(16)},
		{"only one", named(16), none, none, none, none, none},
	} {
		c, s := newEnd(compressing(Options{AskAddress: true, AskDNS: true}, tt.c)), newEnd(compressing(denver, tt.s))
		for deliver(t, c, s, time.Time{})+deliver(t, s, c, time.Time{}) > 0 {
		}
		if c.State() != cp.Opened || s.State() != cp.Opened {
			t.Fatalf("%s: %v and %v", tt.what, c.State(), s.State())
		}
		if a := c.ipcp.Agreed(); a.SendVJ != tt.up || a.ReceiveVJ != tt.receiveC || a.Local != denver.Remote || !reflect.DeepEqual(a.DNS, denver.DNS) {
			t.Errorf("%s: client has %+v", tt.what, a)
		}
		if a := s.ipcp.Agreed(); a.SendVJ != tt.down || a.ReceiveVJ != tt.receiveS {
			t.Errorf("%s: server has %+v", tt.what, a)
		}
	}
}

// A new negotiation asks for all again, and has forgotten what the peer asked.
func TestCompressionIsNegotiatedAnew(t *testing.T) {
	for _, answer := range []cp.Packet{
		{Code: cp.ConfigureReject, ID: 1, Data: octets(t, "02 06 00 2d 0f 00")},
		{Code: cp.ConfigureNak, ID: 1, Data: octets(t, "02 06 00 2d 03 00")},
	} {
		e := newEnd(Options{VJ: named(16)})
		e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureRequest, ID: 1, Data: octets(t, "02 06 00 2d 0f 00")}, &e.out)
		e.Receive(time.Time{}, answer, &e.out)
		e.Down(time.Time{}, &e.out)
		e.sent(t)
		e.Up(time.Time{}, &e.out)
		if got, a := e.sent(t), e.ipcp.Agreed(); got != "1: 02 06 00 2d 0f 00" || a.SendVJ != none {
			t.Errorf("asked %q with %+v", got, a)
		}
	}
}

// What counts is the last request: the one that was acknowledged.
func TestPeerTakesItsCompressionBack(t *testing.T) {
	e := newEnd(compressing(denver, named(16)))
	e.sent(t)
	for _, step := range []struct{ request, want string }{
		{"02 06 00 2d 0f 00 03 06 00 00 00 00", "3: 03 06 02 01 01 81"},
		{"03 06 02 01 01 81", "2: 03 06 02 01 01 81"},
	} {
		e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureRequest, ID: 1, Data: octets(t, step.request)}, &e.out)
		if got := e.sent(t); got != step.want {
			t.Errorf("%q, want %q", got, step.want)
		}
	}
	if a := e.ipcp.Agreed(); a.SendVJ != none {
		t.Errorf("agreed on %+v", a.SendVJ)
	}
}

// RFC 1877 §1: each of the four servers by itself, asked for or given.
func TestServers(t *testing.T) {
	given := Options{DNS: addrs("2.1.1.53", "2.1.1.54"), NBNS: addrs("2.1.1.42", "2.1.1.43")}
	for _, tt := range []struct {
		name  string
		typ   uint8
		right string
		of    func(Agreed) string
	}{
		{"Primary DNS", 129, "02 01 01 35", func(a Agreed) string { return fmt.Sprint(a.DNS) }},
		{"Primary NBNS", 130, "02 01 01 2a", func(a Agreed) string { return fmt.Sprint(a.NBNS) }},
		{"Secondary DNS", 131, "02 01 01 36", func(a Agreed) string { return fmt.Sprint(a.DNS) }},
		{"Secondary NBNS", 132, "02 01 01 2b", func(a Agreed) string { return fmt.Sprint(a.NBNS) }},
	} {
		right := fmt.Sprintf("%02x 06 %s", tt.typ, tt.right)
		for _, q := range []struct {
			asked, want string
			o           Options
		}{
			{right, "2: " + right, given},
			{fmt.Sprintf("%02x 06 00 00 00 00", tt.typ), "3: " + right, given},
			{fmt.Sprintf("%02x 06 0a 00 00 01", tt.typ), "3: " + right, given},
			{fmt.Sprintf("%02x 02", tt.typ), "3: " + right, given},
			{fmt.Sprintf("%02x 07 02 01 01 35 00", tt.typ), "3: " + right, given},
			{right, "4: " + right, Options{}},
		} {
			e := newEnd(q.o)
			e.sent(t)
			e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureRequest, ID: 1, Data: octets(t, q.asked)}, &e.out)
			if got := e.sent(t); got != q.want {
				t.Errorf("%s, asked with %s: %q, want %q", tt.name, q.asked, got, q.want)
			}
		}

		// The other role: given, the rest rejected.
		e := newEnd(Options{AskDNS: true, AskNBNS: true})
		e.sent(t)
		rest := ""
		for _, typ := range []uint8{129, 131, 130, 132} {
			if typ != tt.typ {
				rest += fmt.Sprintf("%02x 06 00 00 00 00 ", typ)
			}
		}
		e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureReject, ID: 1, Data: octets(t, rest)}, &e.out)
		if got, want := e.sent(t), fmt.Sprintf("1: %02x 06 00 00 00 00", tt.typ); got != want {
			t.Errorf("%s: asked %q, want %q", tt.name, got, want)
		}
		e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureNak, ID: 2, Data: octets(t, right)}, &e.out)
		if got, want := e.sent(t), "1: "+right; got != want {
			t.Errorf("%s: asked %q, want %q", tt.name, got, want)
		}
		var a [4]byte
		copy(a[:], octets(t, tt.right))
		if got, want := tt.of(e.ipcp.Agreed()), fmt.Sprintf("[%d.%d.%d.%d]", a[0], a[1], a[2], a[3]); got != want {
			t.Errorf("%s: got %s, want %s", tt.name, got, want)
		}
	}
}
