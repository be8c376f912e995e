package session

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/mppe"
	"carrier/shared/ppp/vj"
	"carrier/shared/record"
)

const strong = mppe.Key128 | mppe.Stateless

// dialCoded is dial for a caller who can encrypt so.
func (v *visit) dialCoded(can mppe.Bits, m auth.Method) *caller {
	return v.dial(sara("saran", "secret", m), func(c *caller) { c.can = can })
}

func TestEncryption(t *testing.T) {
	const (
		sealed = "coding out false in false sealed false shut true"
		online = "network true 2.1.1.129 1400"
	)
	coded := func(sealed string) string { return "coding out true in true sealed " + sealed + " shut false" }
	for _, tt := range []struct {
		name   string
		policy Coding
		can    mppe.Bits
		by     auth.Method
		said   string // at the data half, in this order
		why    string // the call ends so; empty: it does not
	}{
		{"required", Coding{Encryption: Required, MPPE: strong}, strong, auth.MSCHAPv2, sealed + ", " + coded("true") + ", " + online, ""},
		{"required, of MS-CHAP's keys", Coding{Encryption: Required, MPPE: strong}, strong, auth.MSCHAP, sealed + ", " + coded("true") + ", " + online, ""},
		{"optional", Coding{Encryption: Optional, MPPE: strong}, strong, auth.MSCHAPv2, coded("true"), ""},
		{"optional, and the caller has other keys", Coding{Encryption: Optional, MPPE: strong}, mppe.Key40, auth.MSCHAPv2, online, ""},
		{"optional, and the caller knows nothing of it", Coding{Encryption: Optional, MPPE: strong}, 0, auth.MSCHAPv2, online, ""},
		{"optional, and PAP leaves no keys", Coding{Encryption: Optional, MPPE: strong}, strong, auth.PAP, online, ""},
		{"none", Coding{Encryption: Clear, MPPE: strong}, strong, auth.MSCHAPv2, online, ""},
		{"none, but compression", Coding{Encryption: Clear, MPPE: strong | mppe.MPPC}, strong | mppe.MPPC, auth.MSCHAPv2, coded("false"), ""},
		{"required, and other keys", Coding{Encryption: Required, MPPE: strong}, mppe.Key40, auth.MSCHAPv2, sealed, "encryption is required: CCP: peer agrees to no required method"},
		{"required, and nothing known of it", Coding{Encryption: Required, MPPE: strong}, 0, auth.MSCHAPv2, sealed, "encryption is required: CCP is rejected"},
		{"required, and only compression", Coding{Encryption: Required, MPPE: strong | mppe.MPPC}, mppe.MPPC, auth.MSCHAPv2, sealed, "encryption is required: CCP: peer agrees to no required method"},
		{"required, and PAP", Coding{Encryption: Required, MPPE: strong}, strong, auth.PAP, sealed, "encryption is required: pap leaves no keys"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace6(t, saran(nil))
				six := p.opt
				p.opt = func(o *Options) {
					six(o)
					o.Coding = tt.policy
				}
				v := p.call()
				c := v.dial(sara("saran", "secret", tt.by), speaks6, func(c *caller) { c.can = tt.can })
				time.Sleep(10 * time.Second)
				said := strings.Join(only(v.log.take(), "coding", "network true"), ", ")
				if !strings.HasPrefix(said+", ", tt.said+", ") && !strings.HasSuffix(", "+said, ", "+tt.said) {
					t.Errorf("at the data half: %s\nwant %s", said, tt.said)
				}
				if tt.why == "" {
					if r := v.s.Record(); r.Stage != record.Online {
						t.Errorf("%+v", r)
					}
					v.cancel()
					v.over(t)
					c.hangUp()
					return
				}
				r, _ := v.over(t)
				if r.Reason != record.NotEncrypted || r.Text != tt.why || !r.Up.IsZero() {
					t.Errorf("%+v", r)
				}
				events := c.hangUp()
				if e := heard(t, events, link.Finished); !strings.HasPrefix(e.Text, tt.why) {
					t.Errorf("the caller reads %q, want %q", e.Text, tt.why)
				}
				for _, e := range events {
					if e.Kind == link.NetworkUp && e.Protocol != ppp.CCP {
						t.Errorf("%v opened", e.Protocol)
					}
				}
			})
		})
	}
}

// only are those lines that begin so.
func only(lines []string, with ...string) (found []string) {
	for _, l := range lines {
		for _, w := range with {
			if strings.HasPrefix(l, w) {
				found = append(found, l)
			}
		}
	}
	return found
}

// TestEncryptionIsGivenUp has a caller end CCP in the middle of a call, or reject
// what is encrypted: where it is required, no more data pass and the call ends.
func TestEncryptionIsGivenUp(t *testing.T) {
	for _, tt := range []struct {
		policy Policy
		frame  []byte
		why    string // the call ends so; empty: it does not
	}{
		{Required, terminateCCP, "encryption is required: CCP is terminated by the peer"},
		{Optional, terminateCCP, ""},
		{Required, protocolReject(ppp.Compressed), "encryption is required: CCP is rejected"},
		{Optional, protocolReject(ppp.Compressed), ""},
	} {
		policy, stays := tt.policy, tt.why == ""
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, saran(nil))
			p.opt = func(o *Options) { o.Coding = Coding{Encryption: policy, MPPE: strong} }
			v := p.call()
			c := v.dialCoded(strong, auth.MSCHAPv2)
			time.Sleep(5 * time.Second)
			v.log.take()
			c.says(func(time.Time) { c.send(tt.frame) })
			time.Sleep(time.Second)
			v.data.with(func() {
				if v.data.coding.Shut == stays || v.data.coding.Sealed || v.data.coding.Out != nil || v.data.coding.In != nil {
					t.Errorf("%v: %+v", policy, v.data.coding)
				}
			})
			time.Sleep(10 * time.Second)
			if stays {
				v.cancel()
			}
			if r, _ := v.over(t); (r.Reason == record.NotEncrypted) == stays || !stays && r.Text != tt.why {
				t.Errorf("%v: %+v, want %q", policy, r, tt.why)
			}
			c.hangUp()
		})
	}
}

var terminateCCP = ppp.Append(nil, ppp.CCP, cp.Packet{Code: cp.TerminateRequest, ID: 9}.Append(nil))

// protocolReject is a caller's, of a packet of p.
func protocolReject(p ppp.Protocol) []byte {
	return ppp.Append(nil, ppp.LCP, cp.Packet{Code: lcp.ProtocolReject, ID: 9, Data: []byte{byte(p >> 8), byte(p), 0x45}}.Append(nil))
}

// TestVJIsRejected has a caller ask for compressed TCP headers and reject the
// first: she gets no more of them, not even when IPCP agrees on them anew.
func TestVJIsRejected(t *testing.T) {
	for _, p := range []ppp.Protocol{ppp.VJCompressed, ppp.VJUncompressed} {
		bubble(t, func(t *testing.T) {
			slots := vj.Slots{Count: 16}
			place := newPlace(t, addresses, saran(nil))
			place.opt = func(o *Options) { o.VJ = slots }
			v := place.call()
			c := v.dial(sara("saran", "secret"), func(c *caller) { c.vj = slots })
			sends := func(what string, want vj.Slots) {
				t.Helper()
				time.Sleep(5 * time.Second)
				v.data.with(func() {
					if n := v.data.network; !n.Open || n.SendVJ != want || n.ReceiveVJ != slots {
						t.Errorf("%s: %+v", what, n)
					}
				})
			}
			sends("as agreed", slots)
			v.log.take()
			c.says(func(time.Time) { c.send(protocolReject(p)) })
			time.Sleep(time.Second)
			equal(t, "at the data half", v.log.take(), []string{"no VJ"})
			c.says(func(now time.Time) { c.start(now, sara("saran", "secret")) })
			sends("agreed anew", vj.Slots{})
			if got := c.ip.Agreed().ReceiveVJ; got != slots {
				t.Errorf("the caller agreed to receive %+v", got)
			}
			v.cancel()
			v.over(t)
			c.hangUp()
		})
	}
}

// TestEncryptionAfterLCPAgain has the caller negotiate everything anew: the keys
// are those of her new log-in, and IPCP waits again.
func TestEncryptionAfterLCPAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.opt = func(o *Options) { o.Coding = Coding{Encryption: Required, MPPE: strong} }
		v := p.call()
		c := v.dialCoded(strong, auth.MSCHAPv2)
		time.Sleep(5 * time.Second)
		v.log.take()
		c.says(func(now time.Time) { c.start(now, sara("saran", "secret", auth.MSCHAPv2)) })
		time.Sleep(5 * time.Second)
		equal(t, "at the data half", only(v.log.take(), "coding", "network"), []string{
			"network false invalid IP 0", "coding out false in false sealed false shut true",
			"coding out true in true sealed true shut false", "network true 2.1.1.129 1400"})
		synctest.Wait()
		crosses(t, "afresh", v.data.coding, c.ccp.Agreed())
		v.cancel()
		v.over(t)
		c.hangUp()
	})
}
