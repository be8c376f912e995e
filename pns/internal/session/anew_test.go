package session

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/mppe"
	"carrier/shared/ppp/vj"
	"carrier/shared/record"
)

// The operator has everything negotiated afresh: the caller is asked again who
// she is, and keeps her addresses; TCP headers and IPv6 are as they were.
func TestRenegotiation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		slots := vj.Slots{Count: 16}
		p := newPlace6(t, saran(nil))
		six := p.opt
		p.opt = func(o *Options) {
			six(o)
			o.Coding, o.VJ = Coding{Encryption: Required, MPPE: strong}, slots
		}
		v := p.call()
		if v.s.Renegotiate() {
			t.Error("before the modem has answered")
		}
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6, func(c *caller) { c.can, c.vj = strong, slots })
		time.Sleep(5 * time.Second)
		v.advertisements(t)
		began, up := v.log.take(), v.s.Record().Up
		time.Sleep(time.Minute)
		for range 2 { // which are one
			if !v.s.Renegotiate() {
				t.Error("not online")
			}
		}
		time.Sleep(5 * time.Second)
		off := []string{"detach 2.1.1.129", "network false invalid IP 0", "detach 2001:db8:1::", "network6 false invalid Prefix 0",
			"coding out false in false sealed false shut true", "link info ffffffff ffffffff"}
		got := v.log.take()
		slices.Sort(off)
		if n := len(off); len(got) < n || !slices.Equal(slices.Sorted(slices.Values(got[:n])), off) {
			t.Fatalf("what was agreed is not given up: %q", got)
		}
		equal(t, "then", got[len(off):], began[1:]) // which began with the coding that is shut
		v.data.with(func() {
			if n := v.data.network; !n.Open || n.SendVJ != slots || n.ReceiveVJ != slots {
				t.Errorf("%+v", n)
			}
		})
		if n := v.advertisements(t); n == 0 {
			t.Error("her network is not advertised again")
		}
		if r := v.s.Record(); r.Stage != record.Online || r.Up != up || r.Address != ip("2.1.1.129") {
			t.Errorf("%+v", r)
		}
		equal(t, "log-ins", p.auths(), []string{"mschap-v2 accepted 2"})
		v.s.End(record.Operator, "enough")
		v.s.Renegotiate() // too late
		if r, _ := v.over(t); r.Reason != record.Operator {
			t.Errorf("%+v", r)
		}
		if v.s.Renegotiate() {
			t.Error("after the call")
		}
		heard(t, c.hangUp(), link.Finished)
	})
}

// What is on its way under an old key while everything is negotiated afresh
// reaches nobody, and what goes afterwards goes under a new one.
func TestRenegotiationUnderWay(t *testing.T) {
	for _, tt := range []struct {
		policy Policy
		can    mppe.Bits
	}{{Required, strong}, {Required, mppe.Key128}, {Optional, strong}, {Optional, mppe.Key128}} {
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, saran(nil))
			p.opt = func(o *Options) { o.Coding = Coding{Encryption: tt.policy, MPPE: tt.can} }
			s := p.stranger()
			c := s.v.dial(sara("saran", "secret", auth.MSCHAPv2), func(c *caller) { c.bring, c.can = s.bring, tt.can })
			time.Sleep(10 * time.Second)
			was := s.keyed(t, c)
			was.crosses(t, "at first")

			old := was.seal(t)
			c.says(func(time.Time) { c.mute = true })
			if !s.v.s.Renegotiate() {
				t.Fatal("not online")
			}
			synctest.Wait()
			up, down := s.lan.Load(), s.heard.Load()
			s.says(old)
			s.flow.Load().Deliver([][]byte{toSara})
			if s.lan.Load() > up || s.heard.Load() > down {
				t.Errorf("%v: %d octets reached the LAN, %d frames the caller", tt, s.lan.Load()-up, s.heard.Load()-down)
			}
			c.says(func(time.Time) { c.mute = false })
			time.Sleep(10 * time.Second)
			s.keyed(t, c).crosses(t, "afresh")
			up = s.lan.Load()
			s.says(old) // were the keys the same still, it would be read
			if s.lan.Load() > up {
				t.Errorf("%v: the old key holds", tt)
			}
			s.v.cancel()
			s.v.over(t)
			c.hangUp()
		})
	}
}

// fromSara and toSara are packets of hers, and for her.
var fromSara, toSara = datagram(129, 10), datagram(10, 129)

func datagram(from, to byte) []byte {
	return []byte{0x45, 0, 0, 24, 0, 0, 0, 0, 64, 17, 0, 0, 2, 1, 1, from, 2, 1, 1, to, 'd', 'a', 't', 'a'}
}

// A keyed is how the data of a caller who is online are encrypted, at her end.
type keyed struct {
	*stranger
	out *ccp.Outbound
	in  *ccp.Inbound
}

func (s *stranger) keyed(t *testing.T, c *caller) keyed {
	t.Helper()
	var agreed ccp.Agreed
	c.says(func(time.Time) { agreed = c.ccp.Agreed() })
	synctest.Wait()
	out, err := ccp.NewOutbound(agreed.Send, 1500)
	if err != nil {
		t.Fatal(err)
	}
	in, err := ccp.NewInbound(agreed.Receive, 1500)
	if err != nil || out == nil || in == nil {
		t.Fatalf("nothing is agreed: %v, %v", agreed, err)
	}
	return keyed{s, out, in}
}

// seal is a packet of hers in a frame.
func (k keyed) seal(t *testing.T) []byte {
	t.Helper()
	coded, ok := k.out.Compress(nil, append([]byte{0, 0x21}, fromSara...))
	if !ok {
		t.Fatal("not encrypted")
	}
	return ppp.Append(nil, ppp.Compressed, coded)
}

// crosses has a packet go each way.
func (k keyed) crosses(t *testing.T, when string) {
	t.Helper()
	before := k.lan.Load()
	k.says(k.seal(t))
	if n := k.lan.Load() - before; n != int64(len(fromSara)) {
		t.Errorf("%s, %d octets reached the LAN", when, n)
	}
	k.flow.Load().Deliver([][]byte{toSara})
	p, info := k.lastHeard()
	plain, err := k.in.Receive(nil, info)
	if p != ppp.Compressed || err != nil || !bytes.HasSuffix(plain, toSara) {
		t.Errorf("%s, the caller got % x of %v, %v", when, plain, p, err)
	}
}
