package session

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/mppe"
	"carrier/shared/record"
)

// A rogue is a peer that speaks LCP just well enough to try something.
type rogue struct {
	v *visit
	// judge answers our demand in a Configure-Request: the code, and the option as
	// the answer has it; nil: it is acknowledged.
	judge func(demand []byte) (code byte, option []byte)
	// heard takes what else the session sends, from the protocol number on.
	heard func(f []byte)
	// pushes are packets that it sends every second, from the protocol number on.
	pushes []string
	asks   string // options of its own Configure-Request

	asked bool
	got   [][]byte // what heard may have had
	ended string   // the text of the session's Terminate-Request
}

// run plays until the call is over, ten minutes at most.
func (r *rogue) run(t *testing.T) record.Call {
	t.Helper()
	stop := time.AfterFunc(10*time.Minute, r.v.cancel)
	defer stop.Stop()
	r.v.connect()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case f := <-r.v.data.down:
			if f = f[2:]; bytes.HasPrefix(f, []byte{0xC0, 0x21}) {
				r.lcp(f[2:])
				break
			}
			r.got = append(r.got, f)
			if r.heard != nil {
				r.heard(f)
			}
		case <-tick.C:
			for _, p := range r.pushes {
				r.send([]byte(p))
			}
		case <-r.v.done:
			c, _ := r.v.over(t)
			return c
		}
	}
}

func (r *rogue) send(f []byte) {
	r.v.data.with(func() { r.v.data.received++ })
	r.v.data.bring(append([]byte{0xFF, 3}, f...))
}

// say sends a packet of LCP.
func (r *rogue) say(code, id byte, data []byte) {
	f := binary.BigEndian.AppendUint16([]byte{0xC0, 0x21, code, id}, uint16(4+len(data)))
	r.send(append(f, data...))
}

func (r *rogue) lcp(k []byte) {
	if !r.asked {
		r.asked = true
		r.say(1, 1, []byte(r.asks))
	}
	data := k[4:]
	switch k[0] {
	case 1:
		if r.judge != nil {
			if code, option := r.judge(demand(data)); option != nil {
				r.say(code, k[1], option)
				return
			}
		}
		r.say(2, k[1], data)
	case 4: // of what it asks
		r.say(1, 2, nil)
	case 5:
		r.ended = string(data)
		r.say(6, k[1], nil)
	case 9:
		r.say(10, k[1], data)
	}
}

// demand is the Authentication-Protocol option among others.
func demand(options []byte) []byte {
	for len(options) > 1 && options[1] > 1 {
		if options[0] == 3 {
			return options[:options[1]]
		}
		options = options[options[1]:]
	}
	return nil
}

// attacks are what a rogue tries against each policy.
var attacks = map[string]func(r *rogue){
	"rejects the demand": func(r *rogue) {
		r.judge = func(d []byte) (byte, []byte) { return 4, d }
	},
	"wants PAP": func(r *rogue) {
		r.judge = func(d []byte) (byte, []byte) { return 3, slices.Replace(bytes.Clone(d), 0, len(d), 3, 4, 0xC0, 0x23) }
	},
	"wants CHAP with MD5": func(r *rogue) {
		r.judge = func([]byte) (byte, []byte) { return 3, []byte{3, 5, 0xC2, 0x23, 5} }
	},
	"wants Shiva's protocol": func(r *rogue) {
		r.judge = func([]byte) (byte, []byte) { return 3, []byte{3, 4, 0xC1, 0x23} }
	},
	"goes on to IPCP": func(r *rogue) {
		r.pushes = []string{"\x80\x21\x01\x01\x00\x0a\x03\x06\x02\x01\x01\x81", "\x80\x21\x02\x01\x00\x04",
			"\x80\xfd\x01\x01\x00\x0a\x12\x06\x00\x00\x00\x40", "\x80\x57\x01\x01\x00\x04",
			"\x00\x21\x45\x00\x00\x14\x00\x00\x00\x00\x40\x06\x00\x00\x02\x01\x01\x81\x02\x01\x01\x0a"}
	},
	"says Success itself": func(r *rogue) {
		r.heard = func(f []byte) {
			id := f[3]
			for _, s := range []string{"\xC0\x23\x02", "\xC2\x23\x03", "\xC2\x27\x03"} {
				r.send(append([]byte(s), id, 0, 4))
			}
		}
		r.pushes = []string{"\xC0\x23\x02\x01\x00\x05\x00", "\xC2\x23\x03\x01\x00\x04", "\xC2\x27\x03\x01\x00\x04", "\x80\x21\x01\x01\x00\x04"}
	},
	"hands the challenge back": func(r *rogue) {
		r.asks = "\x03\x05\xC2\x23\x05"
		r.heard = func(f []byte) {
			r.send(f)
			response := bytes.Clone(f)
			response[2] = 2
			r.send(response)
		}
		r.pushes = []string{"\x80\x21\x01\x01\x00\x04"}
	},
	"says nothing": func(*rogue) {},
}

// Nobody gets onto the LAN past a policy of authentication: whatever he tries,
// his call ends within two minutes, with words in a Terminate-Request, no
// network protocol has answered him, and he has no address.
func TestNobodyGetsAroundAuthentication(t *testing.T) {
	for _, m := range append(slices.Clone(proving), auth.EAPTLS) {
		for _, encryption := range []Policy{Optional, Required} {
			for name, attack := range attacks {
				weaker := strings.HasPrefix(name, "wants")
				if weaker && (m == auth.PAP || m == auth.CHAPMD5) {
					continue // that is the policy, or could be
				}
				t.Run(m.String()+" "+name, func(t *testing.T) {
					bubble(t, func(t *testing.T) { withstands(t, m, encryption, attack) })
				})
			}
		}
	}
}

func withstands(t *testing.T, m auth.Method, e Policy, attack func(*rogue)) {
	p := newPlace6(t, saran(func(u *users.User) { u.Secret = u.Secret.OrCertificate() }))
	six, ours := p.opt, newAuthority(t).server(t)
	p.opt = func(o *Options) {
		six(o)
		o.Link.Ask, o.Link.TLS = []auth.Method{m}, ours
		o.Coding = Coding{Encryption: e, MPPE: mppe.Key128 | mppe.Stateless}
	}
	r := &rogue{v: p.call()}
	attack(r)
	c := r.run(t)
	if c.Reason != record.AuthFailed || !c.Up.IsZero() || c.Address.IsValid() {
		t.Errorf("%+v", c)
	}
	if took := c.Ended.Sub(c.Started); took > 2*time.Minute {
		t.Errorf("it took %v", took)
	}
	if r.ended == "" || r.ended != c.Text && c.Text != "wrong password" && c.Text != "no user has this name" {
		t.Errorf("he was told %q, the record has %q", r.ended, c.Text)
	}
	for _, f := range r.got {
		if bytes.HasPrefix(f, []byte{0xC2, 0x23, 2}) {
			t.Errorf("we answered our own challenge: % x", f)
		}
	}
	r.outside(t)
	if n := p.given(); n != 0 {
		t.Errorf("%d addresses and networks are given", n)
	}
}

// outside tells that no network protocol has said a word to him, nor the LAN heard of
// him.
func (r *rogue) outside(t *testing.T) {
	t.Helper()
	for _, f := range r.got {
		if f[0] == 0x80 || f[0] == 0x00 {
			t.Errorf("a network protocol sent % x", f)
		}
	}
	for _, line := range only(r.v.log.take(), "network true", "network6 true", "attach", "delegate") {
		t.Error(line)
	}
}

// given is how many addresses and networks are taken, of all pools and beside them.
func (p *place) given() (n int) {
	fixed := p.pool.Stats(func(_ string, s pool.Stats) { n += s.Used + s.Reserved })
	return n + fixed
}

// A refusal is seen in the method's own words before the link closes.
func TestARefusalHasItsOwnPacket(t *testing.T) {
	for m, want := range map[auth.Method]string{auth.PAP: "\xC0\x23\x03", auth.CHAPMD5: "\xC2\x23\x04", auth.MSCHAP: "\xC2\x23\x04",
		auth.MSCHAPv2: "\xC2\x23\x04", auth.EAPMD5: "\xC2\x27\x04", auth.EAPMSCHAPv2: "\xC2\x27\x04"} {
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, saran(nil))
			a := p.attempt(t, m, "saran", "guess", "1")
			refused := slices.IndexFunc(a.frames, func(f []byte) bool { return bytes.HasPrefix(f, []byte("\xFF\x03"+want)) })
			closed := slices.IndexFunc(a.frames, func(f []byte) bool { return bytes.HasPrefix(f, []byte("\xFF\x03\xC0\x21\x05")) })
			if refused < 0 || closed < refused {
				t.Errorf("%v: refused by frame %d, closed by %d of %q", m, refused, closed, a.frames)
			}
		})
	}
}
