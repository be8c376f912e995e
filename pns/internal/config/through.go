package config

import (
	"slices"

	"carrier/pns/internal/dial"
	"carrier/pns/internal/ras"
	"carrier/shared/conf"
	"carrier/shared/phone"
	"carrier/shared/pptp"
)

// fastest is the highest speed that a number may be asked for at, in bit/s: that of an
// E1, the fastest line with a telephone number.
const fastest = 2_048_000

// number reads which number a PAC dials, in place of a server.
func (d *Dial) number(t *conf.Table, c *Config) {
	if !t.Has("through") {
		for _, key := range []string{"number", "subaddress", "min_speed", "max_speed", "bearer", "framing"} {
			if t.Has(key) {
				t.Bad(key, `is of no use without through; would be right: through = "atlanta" beside it`)
			}
		}
	}
	n := dial.Number{PAC: t.Text("through", ""), Request: pptp.OutgoingCallRequest{
		PhoneNumber: conf.Value(t, "number", "", dialled),
		Subaddress:  conf.Value(t, "subaddress", "", subaddress),
		MinimumBPS:  uint32(t.Int("min_speed", ras.SlowestBPS, ras.SlowestBPS, fastest)),
		MaximumBPS:  uint32(t.Int("max_speed", fastest, ras.SlowestBPS, fastest)),
		BearerType:  bearers[t.Choice("bearer", "any", "any", "analog", "digital")],
		FramingType: framings[t.Choice("framing", "any", "any", "async", "sync")],
	}}
	if !t.Has("through") {
		return
	}
	t.Need("number", `"5551212"`)
	for _, key := range []string{"to", "transport", "window", "ff03"} {
		if t.Has(key) {
			t.Bad(key, "is of no use with through, where the PAC is called; would be right: without it")
		}
	}
	if n.Request.MaximumBPS < n.Request.MinimumBPS && t.Good("max_speed") && t.Good("min_speed") {
		t.Bad("max_speed", "%d is less than min_speed, %d; would be right: as much, or more", n.Request.MaximumBPS, n.Request.MinimumBPS)
	}
	i := slices.IndexFunc(c.PACs, func(p PAC) bool { return p.Name == n.PAC })
	if i < 0 {
		if t.Good("through") {
			t.Bad("through", "%q is no [[pac]]; would be right: the name of one", n.PAC)
		}
		return
	}
	n.MSSByRate, d.Transport = c.PACs[i].MSSByRate, c.PACs[i].Transport
	d.Number = &n
}

var (
	bearers  = map[string]pptp.Bearer{"any": pptp.Analog | pptp.Digital, "analog": pptp.Analog, "digital": pptp.Digital}
	framings = map[string]pptp.Framing{"any": pptp.Asynchronous | pptp.Synchronous, "async": pptp.Asynchronous, "sync": pptp.Synchronous}
)

// dialled checks a number that a PAC is asked to dial.
func dialled(s string) (string, error) {
	digits, ok := phone.Digits(s)
	if !ok {
		return "", conf.Unfit("is no number that can be dialled", `"5551212"`)
	}
	return digits, nil
}

// subaddress checks what goes to the PAC with a number (RFC 2637 §2.7).
func subaddress(s string) (string, error) {
	if _, err := pptp.Append(nil, pptp.OutgoingCallRequest{Subaddress: s}); err != nil {
		return "", conf.Unfit("is no text of at most 64 octets", `"7"`)
	}
	return s, nil
}

// around checks that the way to the PAC that dials does not lead into the call that it
// has dialled.
func (d *Dial) around(t *conf.Table, pacs []PAC) {
	if d.Number == nil {
		return
	}
	for _, p := range pacs {
		if p.Name != d.Number.PAC {
			continue
		}
		for n, r := range d.Routes {
			for _, from := range p.From {
				if r.Overlaps(from) && from.Bits() >= r.Bits() {
					t.BadItem("routes", n, "%v has %v, where %q is, which dials, so that the tunnel would lead into itself; would be right: networks without it", r, from, p.Name)
				}
			}
		}
	}
}
