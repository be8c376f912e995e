package session

import (
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// pushed is what a caller pushes who does not wait for encryption: her requests of
// IPCP and IPV6CP, acknowledgements of ours, and packets.
var pushed = [][]byte{
	packet(ppp.IPCP, request, 200, []byte{3, 6, 2, 1, 1, 129}),
	packet(ppp.IPCP, byte(cp.ConfigureAck), 1, []byte{3, 6, 2, 1, 1, 60}),
	packet(ppp.IPV6CP, request, 200, []byte{1, 10, 0, 0, 0, 0, 0, 0, 0, 9}),
	packet(ppp.IPV6CP, byte(cp.ConfigureAck), 1, []byte{1, 10, 0, 0, 0, 0, 0, 0, 0, 1}),
	ppp.Append(nil, ppp.IPv4, fromSara),
	ppp.Append(nil, ppp.IPv6, append([]byte{0x60, 0, 0, 0, 0, 0, 59, 64}, make([]byte, 32)...)),
	ppp.Append(nil, ppp.Compressed, append([]byte{0x90, 0}, fromSara...)),
}

// A caller who has logged in, and with whom no encryption comes about though it is
// required, gets no further, whatever she pushes: neither IPCP nor IPV6CP says a word,
// nothing of hers reaches the LAN, and her call ends with that reason.
func TestNobodyGetsAroundEncryption(t *testing.T) {
	for name, tt := range map[string]struct {
		loses func(info []byte) bool // of her CCP
		why   string
		took  time.Duration // at most
	}{
		"she says nothing": {func([]byte) bool { return true }, "encryption is required: CCP does not converge", 40 * time.Second},
		"she only acknowledges": {func(info []byte) bool { return cp.Code(info[0]) == cp.ConfigureRequest },
			"encryption is required, and was not agreed on in 2m0s", 130 * time.Second},
		"she only asks": {func(info []byte) bool { return cp.Code(info[0]) != cp.ConfigureRequest },
			"encryption is required: CCP does not converge", 40 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace6(t, saran(nil))
				six := p.opt
				p.opt = func(o *Options) {
					six(o)
					o.Coding = Coding{Encryption: Required, MPPE: strong}
				}
				s, o := p.stranger(), sara("saran", "secret", auth.MSCHAPv2)
				o.MaxConfigure = 1000 // it is not she who gives up
				c := s.v.dial(o, speaks6, func(c *caller) {
					c.bring, c.can = s.bring, strong
					c.loses = func(p ppp.Protocol, info []byte) bool { return p == ppp.CCP && tt.loses(info) }
				})
				for range 5 * 60 {
					time.Sleep(time.Second)
					if s.over() {
						break
					}
					c.says(func(time.Time) {
						for _, f := range pushed {
							c.send(f)
						}
					})
				}
				s.v.cancel() // where it goes on after all
				r, _ := s.v.over(t)
				if took := r.Ended.Sub(r.Started); r.Reason != record.NotEncrypted || r.Text != tt.why || took > tt.took {
					t.Errorf("after %v: %+v", took, r)
				}
				events := c.hangUp()
				if e := heard(t, events, link.Finished); !strings.HasPrefix(e.Text, tt.why) {
					t.Errorf("she reads %q", e.Text)
				}
				s.outside(t, c, r)
				if n := p.given(); n != 0 {
					t.Errorf("%d addresses and networks are given", n)
				}
			})
		})
	}
}

// outside tells that a caller whose call is over has never been let in.
func (s *stranger) outside(t *testing.T, c *caller, r record.Call) {
	t.Helper()
	if n := s.lan.Load(); n > 0 || !r.Up.IsZero() {
		t.Errorf("%d octets reached the LAN; %+v", n, r)
	}
	for _, f := range c.got {
		if p, _, err := ppp.Split(f); err != nil || p == ppp.IPCP || p == ppp.IPV6CP || p.Network() {
			t.Errorf("she got % x", f)
		}
	}
	for _, e := range c.said {
		if e.Kind == link.NetworkUp && e.Protocol != ppp.CCP {
			t.Errorf("%v opened", e.Protocol)
		}
	}
	for _, line := range only(s.v.log.take(), "attach", "delegate") {
		t.Error(line)
	}
}
