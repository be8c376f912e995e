package session

import (
	"bytes"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/pns/internal/dhcp"
	"carrier/pns/internal/flow"
	"carrier/pns/internal/lan"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// informing is a frame with a DHCPINFORM of the caller's.
func informing(from netip.Addr) []byte {
	m := append([]byte{1, 8, 6}, make([]byte, 233)...)
	m = append(m, 99, 130, 83, 99, 53, 1, 8, 55, 1, 15, 255)
	return ppp.Append(nil, ppp.IPv4, lan.AppendUDP(nil, 1, netip.AddrPortFrom(from, 68), netip.MustParseAddrPort("255.255.255.255:67"), m))
}

// informed are the answers that the caller got since the last call.
func (v *visit) informed() (answers [][]byte) {
	v.data.with(func() { answers, v.data.told = v.data.told, nil })
	return answers
}

// network is what the data half was told of IPv4 last.
func (v *visit) network() (n flow.Network) {
	v.data.with(func() { n = v.data.network })
	return n
}

// Each DHCPINFORM has one answer, to her; what is none has none, and does no harm.
func TestInformIsAnswered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace(t, addresses, saran(nil))
		p.opt = func(o *Options) { o.DHCP = &dhcp.Settings{Domain: "corp.example"} }
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), func(c *caller) { c.send(informing(ip("2.1.1.129"))) })
		time.Sleep(2 * time.Second)
		if got := v.informed(); len(got) != 0 {
			t.Errorf("answered before she has an address: % x", got)
		}
		if !v.network().Informs {
			t.Error("the data half keeps them")
		}
		broken := informing(ip("2.1.1.129"))
		broken[len(broken)-1]++
		c.says(func(time.Time) { c.send(informing(ip("2.1.1.129"))); c.send(broken) })
		time.Sleep(time.Second)
		got := v.informed()
		if len(got) != 1 {
			t.Fatalf("%d answers", len(got))
		}
		h, err := lan.Parse(got[0])
		if err != nil || h.Src != ip("2.1.1.60") || h.Dst != ip("2.1.1.129") || !slices.Equal(got[0][28+240:][:14], append([]byte{15, 12}, "corp.example"...)) {
			t.Errorf("% x, %v", got[0], err)
		}
		c.says(func(now time.Time) { c.link.Close(now, "good bye") })
		if r, _ := v.over(t); r.Reason != record.CallerHungUp {
			t.Errorf("%+v", r)
		}
		c.hangUp()
	})
}

// A machine with an address of its own, or none, goes online, and the log says why
// nothing passes.
func TestAddressThatIsNotTaken(t *testing.T) {
	const said = `msg="the caller's machine did not take its address" call=atlanta/1 address=2.1.1.129`
	for own, want := range map[string]int{"10.0.0.1": 1, "2.1.1.129": 0} {
		bubble(t, func(t *testing.T) {
			var text bytes.Buffer
			p := newPlace(t, addresses, saran(nil))
			p.opt = func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&text, nil)) }
			v := p.call()
			c := v.dial(sara("saran", "secret", auth.MSCHAPv2), func(c *caller) { c.own = ip(own) })
			time.Sleep(2 * time.Second)
			if r := v.s.Record(); r.Stage != record.Online || r.Address != ip("2.1.1.129") {
				t.Errorf("%s: %+v", own, r)
			}
			c.says(func(now time.Time) { c.link.Close(now, "good bye") })
			v.over(t)
			c.hangUp()
			if n := strings.Count(text.String(), said); n != want {
				t.Errorf("%s: said %d times in\n%s", own, n, text.String())
			}
		})
	}
}

// Without settings the data half sends them to the LAN.
func TestInformIsNotOurs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		v := newPlace(t, addresses, saran(nil)).call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
		time.Sleep(2 * time.Second)
		if n := v.network(); !n.Open || n.Informs {
			t.Errorf("%+v", n)
		}
		c.says(func(now time.Time) { c.link.Close(now, "good bye") })
		v.over(t)
		c.hangUp()
	})
}
