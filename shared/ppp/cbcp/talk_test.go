package cbcp

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

var start = time.Unix(1e9, 0)

// taken is the one packet that was sent; "" for none.
func taken(t *testing.T, out *ppp.Outbox) []byte {
	t.Helper()
	frames := out.Take()
	if len(frames) == 0 {
		return nil
	}
	p, info, err := ppp.Split(frames[0])
	if len(frames) > 1 || err != nil || p != ppp.CBCP {
		t.Fatalf("sent % x: %v", frames, err)
	}
	return info
}

var all = Offer{None: true, Caller: true, Fixed: true, List: []string{"5551212", "5551213"}}

// Both ends agree about each kind, by what is offered and wanted.
func TestKinds(t *testing.T) {
	for _, tt := range []struct {
		what  string
		offer Offer
		want  Want
		got   Choice
		err   error // the client's
	}{
		{"the caller's", all, Want{"030555", 5 * time.Second}, Choice{Caller, "030555", 5 * time.Second}, nil},
		{"she has none to say", all, Want{"", 5 * time.Second}, Choice{Fixed, "", 5 * time.Second}, nil},
		{"fixed alone", Offer{Fixed: true}, Want{"030555", 0}, Choice{Type: Fixed}, nil},
		{"from the list", Offer{None: true, List: all.List}, Want{"5551213", time.Second}, Choice{List, "5551213", time.Second}, nil},
		{"the list's first", Offer{List: all.List}, Want{"", 0}, Choice{List, "5551212", 0}, nil},
		{"not in the list", Offer{None: true, List: all.List}, Want{"030555", 0}, Choice{Type: None}, nil},
		{"not in the list, and must be", Offer{List: all.List}, Want{"030555", 0}, Choice{}, ErrNothing},
		{"none is all there is", Offer{}, Want{"030555", 0}, Choice{Type: None}, nil},
		{"she must say one", Offer{Caller: true}, Want{}, Choice{}, ErrNothing},
	} {
		var out ppp.Outbox
		s, c := NewServer(tt.offer), NewClient(tt.want)
		s.Start(start, &out)
		_, err := c.Receive(start, taken(t, &out), &out)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", tt.what, err)
		}
		if err != nil {
			if p := taken(t, &out); p != nil || !c.Deadline().IsZero() {
				t.Errorf("%s: responded % x", tt.what, p)
			}
			continue
		}
		choice, err := s.Receive(taken(t, &out), &out)
		if err != nil || choice == nil || *choice != tt.got {
			t.Fatalf("%s: %+v, %v", tt.what, choice, err)
		}
		s.Answer(&out)
		acked, err := c.Receive(start, taken(t, &out), &out)
		if err != nil || acked == nil || *acked != tt.got {
			t.Errorf("%s: acknowledged %+v, %v", tt.what, acked, err)
		}
		if !s.Deadline().IsZero() || !c.Deadline().IsZero() {
			t.Errorf("%s: a timer runs", tt.what)
		}
	}
}

// Each Response that chooses what there is not is refused, by its reason, and not
// acknowledged whatever is said then.
func TestCheats(t *testing.T) {
	must := Offer{Fixed: true, List: []string{"5551212"}}
	for _, tt := range []struct {
		what  string
		offer Offer
		data  string
		err   error
		text  string
	}{
		{"skipped", must, "01 02", ErrNotOffered, "none: not offered"},
		{"skipped, as pppd does", must, "01 03 00", ErrNotOffered, "none: not offered"},
		{"a number of her own", must, "02 09 05 01 36 36 36 36 00", ErrNotOffered, "the caller's number: not offered"},
		{"another for the fixed one", must, "03 09 05 01 36 36 36 36 00", ErrForeign, "the number set for her: another number than was offered"},
		{"one that is not in the list", must, "04 09 05 01 36 36 36 36 00", ErrForeign, "one of a list: another number than was offered"},
		{"two of the list", Offer{List: all.List}, "04 15 05 01 35 35 35 31 32 31 32 00 01 35 35 35 31 32 31 33 00", ErrManifold, "one of a list: not one choice"},
		{"none of the list", must, "04 03 05", ErrNoNumber, "one of a list: without a number"},
		{"no number", all, "02 05 05 01 00", ErrNoNumber, "the caller's number: without a number"},
		{"two kinds", all, "01 02 03 03 05", ErrManifold, "2 options: not one choice"},
		{"no kind", all, "", ErrManifold, "0 options: not one choice"},
		{"a kind of nobody", all, "07 03 05", ErrNotOffered, "callback type 7: not offered"},
		{"none where there is a callback", Offer{Caller: true}, "01 02", ErrNotOffered, "none: not offered"},
		{"callback where there is none", Offer{}, "03 03 05", ErrNotOffered, "the number set for her: not offered"},
	} {
		var out ppp.Outbox
		s := NewServer(tt.offer)
		s.Start(start, &out)
		out.Take()
		c, err := s.Receive(cp.Packet{Code: Response, ID: 1, Data: octets(t, tt.data)}.Append(nil), &out)
		if c != nil || !errors.Is(err, tt.err) || err.Error() != tt.text {
			t.Errorf("%s: %+v, %v", tt.what, c, err)
		}
		s.Answer(&out)
		if p := taken(t, &out); p != nil || !s.Deadline().IsZero() {
			t.Errorf("%s: sent % x, deadline %v", tt.what, p, s.Deadline())
		}
	}
}

// A Response changed after it was judged is not acknowledged; the same one is, as
// often as it comes.
func TestNumberChangedAfterwards(t *testing.T) {
	var out ppp.Outbox
	s := NewServer(all)
	s.Start(start, &out)
	out.Take()
	good := cp.Packet{Code: Response, ID: 1, Data: octets(t, "02 09 05 01 35 35 35 35 00")}.Append(nil)
	bad := cp.Packet{Code: Response, ID: 1, Data: octets(t, "02 09 05 01 36 36 36 36 00")}.Append(nil)
	if c, err := s.Receive(good, &out); err != nil || c == nil || c.Number != "5555" {
		t.Fatalf("%+v, %v", c, err)
	}
	for range 2 { // nobody has answered it yet
		if c, err := s.Receive(good, &out); c != nil || err != nil || taken(t, &out) != nil {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	ack := append([]byte{byte(Ack)}, good[1:]...)
	s.Answer(&out)
	if p := taken(t, &out); !bytes.Equal(p, ack) {
		t.Errorf("% x", p)
	}
	s.Answer(&out)
	if p := taken(t, &out); p != nil {
		t.Errorf("acknowledged twice: % x", p)
	}
	if c, err := s.Receive(bad, &out); c != nil || err != nil || taken(t, &out) != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err := s.Receive(good, &out); c != nil || err != nil || !bytes.Equal(taken(t, &out), ack) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestRequestsAreRepeated(t *testing.T) {
	var out ppp.Outbox
	s := NewServer(all)
	s.Start(start, &out)
	first := taken(t, &out)
	now := start
	for n := 2; n <= attempts; n++ {
		if d := s.Deadline().Sub(now); d != 3*time.Second {
			t.Fatalf("deadline in %v", d)
		}
		if s.Expire(s.Deadline().Add(-1), &out) || taken(t, &out) != nil {
			t.Fatal("too early")
		}
		now = s.Deadline()
		silent := s.Expire(now, &out)
		p := taken(t, &out)
		if silent || p == nil || p[1] != byte(n) || !bytes.Equal(p[2:], first[2:]) {
			t.Fatalf("%d: % x, %v", n, p, silent)
		}
	}
	late := cp.Packet{Code: Response, ID: 9, Data: []byte{1, 2}}.Append(nil)
	if c, err := s.Receive(late, &out); c != nil || err != nil {
		t.Errorf("a Response to an older Request counts: %+v, %v", c, err)
	}
	if !s.Expire(s.Deadline(), &out) || taken(t, &out) != nil || !s.Deadline().IsZero() {
		t.Error("there is no end")
	}
	if s.Expire(now.Add(time.Hour), &out) {
		t.Error("it ends twice")
	}
}

// responded is a negotiation in which the client has answered the server's Request.
func responded(t *testing.T, out *ppp.Outbox) (s *Server, c *Client, request, response []byte) {
	t.Helper()
	s, c = NewServer(all), NewClient(Want{Number: "030555"})
	s.Start(start, out)
	request = taken(t, out)
	if _, err := c.Receive(start, request, out); err != nil {
		t.Fatal(err)
	}
	return s, c, request, taken(t, out)
}

func TestResponsesAreRepeated(t *testing.T) {
	var out ppp.Outbox
	_, c, request, first := responded(t, &out)
	for range attempts - 1 {
		if c.Expire(c.Deadline(), &out) || !bytes.Equal(taken(t, &out), first) {
			t.Fatal("another Response")
		}
	}
	for _, strange := range [][]byte{
		append([]byte{byte(Ack), 9}, first[2:]...),
		[]byte("\x03\x01\x00\x06\x01\x02"),
		[]byte(strings.Replace(string(append([]byte{byte(Ack)}, first[1:]...)), "030555", "030556", 1)),
		{3, 1, 0, 99},
		{byte(Response), 1, 0, 4},
		{9, 1, 0, 4},
		[]byte("\x01\x02\x00\x06\x02\x09"),
	} {
		if got, err := c.Receive(start, strange, &out); got != nil || err != nil || taken(t, &out) != nil {
			t.Errorf("% x: %+v, %v", strange, got, err)
		}
	}
	if !c.Expire(c.Deadline(), &out) || taken(t, &out) != nil || !c.Deadline().IsZero() {
		t.Error("there is no end")
	}
	if _, err := c.Receive(start, request, &out); err != nil || !bytes.Equal(taken(t, &out), first) {
		t.Error("no Response to a Request that comes again")
	}
	ack := append([]byte{byte(Ack)}, first[1:]...)
	if got, err := c.Receive(start, ack, &out); got == nil || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if got, _ := c.Receive(start, ack, &out); got != nil {
		t.Errorf("acknowledged twice: %+v", got)
	}
}

// What is not a Response, or does not parse, changes nothing.
func TestServerIsNotMoved(t *testing.T) {
	var out ppp.Outbox
	s := NewServer(all)
	s.Start(start, &out)
	out.Take()
	for _, p := range []string{"", "02", "02 01 00", "02 01 00 09 01 02", "01 01 00 06 01 02", "03 01 00 06 01 02", "02 02 00 06 01 02",
		"02 01 00 06 02 03", "02 01 00 0a 02 06 05 01 35 35"} {
		if c, err := s.Receive(octets(t, p), &out); c != nil || err != nil || taken(t, &out) != nil || s.Deadline().IsZero() {
			t.Errorf("%s: %+v, %v", p, c, err)
		}
	}
}
