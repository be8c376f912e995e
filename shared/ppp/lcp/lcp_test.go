package lcp

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

// counter is a source of "random" octets: the first Identifier's four, then
// 60 61 62 63, 64 65 66 67 and so on.
type counter byte

func (c *counter) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(*c)
		*c++
	}
	return len(b), nil
}

type rig struct {
	*LCP
	t    *testing.T
	now  time.Time
	out  ppp.Outbox
	last Notice
	did  cp.Action
}

func newRig(t *testing.T, o Options, e Echo) *rig { return newAuthRig(t, o, Authentication{}, e) }

func newAuthRig(t *testing.T, o Options, a Authentication, e Echo) *rig {
	c := counter(0x5C)
	return &rig{LCP: New(&o, a, cp.Options{}, e, &c), t: t, now: time.Unix(1e9, 0)}
}

func (r *rig) note(n Notice) {
	r.last = n
	r.did |= n.Do
}

func (r *rig) start() {
	r.note(r.LCP.Open(r.now, &r.out))
	r.note(r.LCP.Up(r.now, &r.out))
}

func (r *rig) recv(code cp.Code, id uint8, data ...byte) {
	r.note(r.LCP.Receive(r.now, cp.Packet{Code: code, ID: id, Data: data}.Append(nil), &r.out))
}

// sent takes what was sent.
func (r *rig) sent() []cp.Packet {
	r.t.Helper()
	var ps []cp.Packet
	for _, f := range r.out.Take() {
		proto, info, err := ppp.Split(f)
		if err != nil || proto != ppp.LCP || f[0] != ppp.Address {
			r.t.Fatalf("sent % x: %v", f, err)
		}
		p, err := cp.Parse(info)
		if err != nil {
			r.t.Fatalf("sent % x: %v", f, err)
		}
		ps = append(ps, p)
	}
	return ps
}

// want compares the one packet sent.
func (r *rig) want(code cp.Code, data string) cp.Packet {
	r.t.Helper()
	got := r.sent()
	if len(got) != 1 || got[0].Code != code || !bytes.Equal(got[0].Data, octets(r.t, data)) {
		r.t.Fatalf("sent %+v, want code %d with %s", got, code, data)
	}
	return got[0]
}

func (r *rig) wantNothing() {
	r.t.Helper()
	if got := r.sent(); len(got) != 0 {
		r.t.Errorf("sent %+v", got)
	}
}

// open brings it to Opened with a peer whose Magic-Number is 01020304.
func (r *rig) open() *rig {
	r.t.Helper()
	r.start()
	ours := r.sent()[0]
	r.recv(cp.ConfigureRequest, 1, 5, 6, 1, 2, 3, 4)
	r.recv(cp.ConfigureAck, ours.ID, ours.Data...)
	if r.State() != cp.Opened {
		r.t.Fatalf("not open but %v", r.State())
	}
	r.sent()
	r.did = 0
	return r
}

func (r *rig) expire() {
	r.t.Helper()
	if r.LCP.Deadline().IsZero() {
		r.t.Fatal("no deadline")
	}
	r.now = r.LCP.Deadline()
	r.note(r.LCP.Expire(r.now, &r.out))
}

// pppd 2.4.9 opens with this frame: asyncmap 0, a magic number, pcomp, accomp.
func TestPppdsRequestIsAcknowledged(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{})
	r.start()
	r.want(cp.ConfigureRequest, "02 06 00 00 00 00 05 06 60 61 62 63")
	frame := octets(t, "ff 03 c0 21 01 01 00 14 02 06 00 00 00 00 05 06 8b 1c 44 0e 07 02 08 02")
	_, info, err := ppp.Split(frame)
	if err != nil {
		t.Fatal(err)
	}
	r.note(r.LCP.Receive(r.now, info, &r.out))
	r.want(cp.ConfigureAck, "02 06 00 00 00 00 05 06 8b 1c 44 0e 07 02 08 02")
	if !bytes.Equal(r.LastRequest(), info) {
		t.Errorf("kept % x", r.LastRequest())
	}
	for n := range info {
		r.note(r.LCP.Receive(r.now, info[:n], &r.out))
		r.wantNothing()
	}
}

func TestDefaultsAreNotAskedFor(t *testing.T) {
	r := newRig(t, Options{ACCM: 0xFFFFFFFF, MRU: 1500}, Echo{})
	r.start()
	r.want(cp.ConfigureRequest, "")
}

func TestMethodsAreAskedInOrder(t *testing.T) {
	ask := Authentication{Demand: [][]byte{md5, eap, pap}}
	for _, tt := range []struct {
		what string
		nak  []byte
		code cp.Code
		next []byte
	}{
		{"the peer's suggestion is in the list", pap, cp.ConfigureNak, pap},
		{"it is not in the list", spap, cp.ConfigureNak, eap},
		{"it suggests what we asked for", md5, cp.ConfigureNak, eap},
		{"it rejects the method", md5, cp.ConfigureReject, eap},
		{"it suggests nonsense", nil, cp.ConfigureNak, eap},
	} {
		r := newAuthRig(t, Options{ACCM: noMap}, ask, Echo{})
		r.start()
		id := r.want(cp.ConfigureRequest, "03 05 c2 23 05").ID
		r.recv(tt.code, id, cp.AppendOptions(nil, []cp.Option{{Type: 3, Data: tt.nak}})...)
		got := r.sent()
		if len(got) != 1 || !bytes.Equal(got[0].Data[2:], tt.next) {
			t.Errorf("%s: then asked %+v", tt.what, got)
		}
	}
}

func TestPeerThatTakesNoMethodIsRefused(t *testing.T) {
	r := newAuthRig(t, Options{ACCM: noMap}, Authentication{Demand: [][]byte{md5, pap}}, Echo{})
	r.start()
	id := r.want(cp.ConfigureRequest, "03 05 c2 23 05").ID
	r.recv(cp.ConfigureReject, id, 3, 5, 0xC2, 0x23, 5)
	id = r.want(cp.ConfigureRequest, "03 04 c0 23").ID
	r.recv(cp.ConfigureReject, id, 3, 4, 0xC0, 0x23)
	got := r.want(cp.TerminateRequest, "706565722072656675736573 20 746f2061757468656e746963617465")
	if string(got.Data) != ErrAuthRefused.Error() || !errors.Is(r.Err(), ErrAuthRefused) {
		t.Errorf("%q, %v", got.Data, r.Err())
	}
}

func TestNaksAndRejectsOfOurOptions(t *testing.T) {
	o := Options{MRU: 1400, Magic: true, PFC: true, ACFC: true}
	for _, tt := range []struct {
		what, data string
		code       cp.Code
		next       string
	}{
		{"a smaller MRU is taken", "01 04 02 40", cp.ConfigureNak, "01 04 02 40 02 06 00 00 00 00 05 06 60 61 62 63 07 02 08 02"},
		{"1500 is the default", "01 04 05 dc", cp.ConfigureNak, "02 06 00 00 00 00 05 06 60 61 62 63 07 02 08 02"},
		{"1501 cannot be received", "01 04 05 dd", cp.ConfigureNak, "01 04 05 78 02 06 00 00 00 00 05 06 60 61 62 63 07 02 08 02"},
		{"more characters are escaped", "02 06 00 0a 00 00", cp.ConfigureNak, "01 04 05 78 02 06 00 0a 00 00 05 06 60 61 62 63 07 02 08 02"},
		{"another magic number", "05 06 09 09 09 09", cp.ConfigureNak, "01 04 05 78 02 06 00 00 00 00 05 06 64 65 66 67 07 02 08 02"},
		{"MRRU is suggested", "11 04 05 dc", cp.ConfigureNak, "01 04 05 78 02 06 00 00 00 00 05 06 60 61 62 63 07 02 08 02"},
		{"all is rejected", "01 04 05 78 02 06 00 00 00 00 05 06 60 61 62 63 07 02 08 02", cp.ConfigureReject, ""},
		{"PFC and ACFC are nak'd", "07 02 08 02", cp.ConfigureNak, "01 04 05 78 02 06 00 00 00 00 05 06 60 61 62 63"},
	} {
		r := newRig(t, o, Echo{})
		r.start()
		ours := r.sent()[0]
		r.recv(tt.code, ours.ID, octets(t, tt.data)...)
		got := r.sent()
		if len(got) != 1 || got[0].Code != cp.ConfigureRequest || !bytes.Equal(got[0].Data, octets(t, tt.next)) {
			t.Errorf("%s: then asked %+v", tt.what, got)
		}
	}
}

// A modem in command mode echoes what it gets.
func TestLoopIsFound(t *testing.T) {
	r := newAuthRig(t, Options{Magic: true}, Authentication{Demand: [][]byte{md5}}, Echo{})
	r.start()
	frames := 0
	for f := r.out.Take(); len(f) > 0; f = r.out.Take() {
		if frames += len(f); frames > 100 {
			t.Fatal("no end of it")
		}
		for _, f := range f {
			_, info, _ := ppp.Split(f)
			r.note(r.LCP.Receive(r.now, info, &r.out))
		}
	}
	if !errors.Is(r.Err(), ErrLoopback) || r.State() != cp.Closed || !r.did.Has(cp.TLF) {
		t.Errorf("%v in %v", r.Err(), r.State())
	}
}

// The same number by chance: both sides change theirs.
func TestEqualMagicByChanceIsNoLoop(t *testing.T) {
	r := newRig(t, Options{Magic: true, ACCM: noMap}, Echo{})
	r.start()
	id := r.want(cp.ConfigureRequest, "05 06 60 61 62 63").ID
	for range 2 {
		r.recv(cp.ConfigureRequest, 1, 5, 6, 0x60, 0x61, 0x62, 0x63)
		if got := r.sent(); len(got) != 1 || got[0].Code != cp.ConfigureNak {
			t.Fatalf("answered %+v", got)
		}
	}
	r.recv(cp.ConfigureNak, id, 5, 6, 9, 9, 9, 9)
	ours := r.sent()[0]
	r.recv(cp.ConfigureRequest, 2, 5, 6, 9, 9, 9, 9)
	r.recv(cp.ConfigureAck, ours.ID, ours.Data...)
	if r.State() != cp.Opened || r.Agreed().Theirs.Magic != 0x09090909 {
		t.Errorf("%v %+v", r.State(), r.Agreed())
	}
}

func TestProtocolReject(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{}).open()
	r.recv(ProtocolReject, 1, 0x80, 0x21, 1, 1, 0, 4)
	if r.last.Rejected != ppp.IPCP || r.State() != cp.Opened {
		t.Errorf("%+v in %v", r.last, r.State())
	}
	for _, b := range [][]byte{nil, {0x80}} {
		if r.recv(ProtocolReject, 1, b...); r.last != (Notice{}) {
			t.Errorf("% x: %+v", b, r.last)
		}
	}
	r.recv(ProtocolReject, 1, 0xC0, 0x21) // of LCP itself
	r.want(cp.TerminateRequest, "")
	r.recv(ProtocolReject, 1, 0x80, 0x57) // no longer Opened
	if r.last != (Notice{}) {
		t.Errorf("not in Opened: %+v", r.last)
	}
}

func TestRejectOnlyInOpened(t *testing.T) {
	r := newRig(t, Options{}, Echo{})
	r.start()
	r.sent()
	r.Reject(ppp.IPXCP, []byte{1, 1, 0, 4}, &r.out)
	r.wantNothing()

	r = newRig(t, Options{}, Echo{}).open()
	r.Reject(ppp.IPXCP, []byte{1, 1, 0, 4}, &r.out)
	first := r.want(ProtocolReject, "80 2b 01 01 00 04")
	r.Reject(ppp.IPXCP, make([]byte, 2000), &r.out)
	second := r.sent()[0]
	if second.ID == first.ID || len(second.Data) != 1500-4 {
		t.Errorf("identifiers %d and %d, length %d", first.ID, second.ID, len(second.Data))
	}
}

// FuzzReceive gives LCP any packet, negotiating or open.
func FuzzReceive(f *testing.F) {
	f.Add([]byte{1, 1, 0, 20, 2, 6, 0, 0, 0, 0, 5, 6, 0x8B, 0x1C, 0x44, 0x0E, 7, 2, 8, 2}, false)
	f.Add([]byte{3, 0x60, 0, 9, 3, 5, 0xC2, 0x23, 0x80}, false)
	f.Add([]byte{8, 1, 0, 10, 0x80, 0x21, 1, 1, 0, 4}, true)
	f.Add([]byte{9, 1, 0, 10, 1, 2, 3, 4, 'h', 'i'}, true)
	f.Add([]byte{7, 1, 0, 8, 9, 1, 0, 4}, true)
	f.Add([]byte{12, 1, 0, 10, 1, 2, 3, 4, 'h', 'i'}, false)
	f.Add([]byte{13, 1, 0, 12, 1, 2, 3, 4, 0, 0, 0, 60}, true)
	f.Fuzz(func(t *testing.T, info []byte, open bool) {
		r := newAuthRig(t, Options{MRU: 1400, Magic: true, PFC: true}, Authentication{[][]byte{md5, pap}, [][]byte{md5}}, Echo{Interval: time.Second})
		if open {
			r.open()
		} else {
			r.start()
			r.sent()
		}
		r.note(r.LCP.Receive(r.now, info, &r.out))
		if n := len(r.sent()); n > 2 {
			t.Errorf("%d packets in answer to % x", n, info)
		}
		if a := r.Agreed(); a.Theirs.MRU < minMRU {
			t.Errorf("agreed on an MRU of %d", a.Theirs.MRU)
		}
	})
}
