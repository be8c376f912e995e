package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"

	"carrier/deploy/testbed"
	"carrier/shared/capture"
	"carrier/shared/gre"
)

// carried makes a call and returns what its GRE packets carried, as the PNS's
// capture has them: up from the PAC and down to it.
func (w *world) carried() (up, down [][]byte) {
	w.t.Helper()
	seen, captured := new(tape), make(chan error, 1)
	ctx, stop := context.WithCancel(within(w.t))
	go func() { captured <- w.pns.Capture(ctx, capture.Filter{}, seen) }()
	testbed.Until(w.t, "the capture begins", func() bool { return seen.String() != "" })
	c := w.dial(0, sara())
	w.reads(c)
	if err := c.Close(); err != nil {
		w.t.Error(err)
	}
	testbed.Until(w.t, "the call's last message", func() bool { return strings.Contains(seen.String(), callDisconnect) })
	stop()
	<-captured
	file, err := pcapgo.NewNgReader(strings.NewReader(seen.String()), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	for err == nil {
		var b []byte
		var about gopacket.CaptureInfo
		b, about, err = file.ReadPacketData()
		if err != nil || about.InterfaceIndex != 0 || b[9] != 47 {
			continue
		}
		_, payload, bad := gre.Parse(b[int(b[0]&15)*4:])
		switch {
		case bad != nil:
			w.t.Errorf("% x: %v", b, bad)
		case len(payload) == 0:
		case net.IP(b[12:16]).String() == w.denver:
			down = append(down, bytes.Clone(payload))
		default:
			up = append(up, bytes.Clone(payload))
		}
	}
	return up, down
}

// begins counts those that begin so.
func begins(all [][]byte, with string) (n int) {
	for _, b := range all {
		if bytes.HasPrefix(b, []byte(with)) {
			n++
		}
	}
	return n
}

// What the tunnel carries follows what each end says of the other, and a reload
// of it: Address and Control, and the MRU that callers are asked for.
func TestFramesFollowThePeersSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{atlanta: "ff03 = \"strip\"", denver: "ff03 = \"strip\"\nmru = 1200"})
	const addressed, lcp, request = "\xFF\x03", "\xC0\x21", "\xC0\x21\x01"
	for _, tt := range []struct {
		change     func(*world)
		bare       bool
		mru, other string // the option of LCP
	}{
		{func(*world) {}, true, "\x01\x04\x04\xB0", "\x01\x04\x05\x78"},
		{func(w *world) {
			_, err := w.pns.reload("pns.toml", w.with("ff03 = \"strip\"\nmru = 1200", ""))
			_, also := w.pac.reload("pac.toml", []byte(strings.Replace(w.atlanta, "ff03 = \"strip\"", "ff03 = \"keep\"", 1)))
			if err = errors.Join(err, also); err != nil {
				w.t.Fatal(err)
			}
		}, false, "\x01\x04\x05\x78", "\x01\x04\x04\xB0"},
	} {
		tt.change(w)
		up, down := w.carried()
		asks := request
		for name, all := range map[string][][]byte{"up": up, "down": down} {
			with, without := begins(all, addressed), begins(all, lcp)
			if tt.bare && (with != 0 || without == 0) || !tt.bare && (with == 0 || without != 0) {
				t.Errorf("%s: %d frames with Address and Control, %d of LCP without, of %d", name, with, without, len(all))
			}
		}
		if !tt.bare {
			asks = addressed + request
		}
		n := 0
		for _, b := range down {
			if bytes.HasPrefix(b, []byte(asks)) && bytes.Contains(b, []byte(tt.mru)) && !bytes.Contains(b, []byte(tt.other)) {
				n++
			}
		}
		if n == 0 {
			t.Errorf("no Configure-Request of the PNS has % x: % x", tt.mru, down[:min(len(down), 4)])
		}
	}
}

// Each call has a control connection of its own, until a reload says otherwise.
func TestControlConnectionOfEachCall(t *testing.T) {
	t.Parallel()
	const key = "one_call_per_connection = true"
	w := newWorld(t, setting{modems: 2, callers: 2, atlanta: key})
	both := func(want int) {
		t.Helper()
		testbed.Until(t, "both ends have as many control connections as they should", func() bool { return w.pac.tunnels() == want && w.pns.tunnels() == want })
	}
	calls := w.dialAll(sara(), bob())
	both(2)
	calls[0].Close()
	both(1)
	w.reads(calls[1])
	calls[1].Close()
	both(0)
	if _, err := w.pac.reload("pac.toml", []byte(strings.Replace(w.atlanta, key, "", 1))); err != nil {
		t.Fatal(err)
	}
	for _, c := range w.dialAll(sara(), bob()) {
		both(1)
		w.reads(c)
		c.Close()
	}
	both(1)
}

// A peering is a control connection as status has it.
type peering struct {
	Host, Vendor, Profile string
	Firmware              int
	Sets                  []string
}

func (p *program) peerings() []peering {
	p.t.Helper()
	b, err := p.Status(within(p.t))
	var s struct{ Tunnels, PACs []peering }
	if err := errors.Join(err, json.Unmarshal(b, &s)); err != nil {
		p.t.Fatal(err)
	}
	return append(s.Tunnels, s.PACs...)
}

// Both ends show what the other says that it is, and what they make of that; a
// reload that says otherwise holds for the connection that is there.
func TestProfilesInStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{detour: true})
	w.detour.mu.Lock()
	w.detour.names = [2]string{"cananian", "FreeBSD MPD"}
	w.detour.mu.Unlock()
	c := w.dial(0, sara())
	w.reads(c)
	look := func(p *program, want peering) {
		t.Helper()
		if got := p.peerings(); !reflect.DeepEqual(got, []peering{want}) {
			t.Errorf("%s shows %+v, want %+v", p.name, got, want)
		}
	}
	look(w.pac, peering{Host: "local", Vendor: "FreeBSD MPD", Firmware: 1, Profile: "mpd", Sets: []string{"line_errors = false"}})
	look(w.pns, peering{Host: "local", Vendor: "cananian", Firmware: 1, Profile: "linux", Sets: []string{"window = false"}})

	_, err := w.pns.reload("pns.toml", w.with("transport = \"udp\"", "transport = \"udp\"\nwindow = 8"))
	_, also := w.pac.reload("pac.toml", []byte(strings.Replace(w.atlanta, "transport = \"udp\"", "transport = \"udp\"\nline_errors = true", 1)))
	if err = errors.Join(err, also); err != nil {
		t.Fatal(err)
	}
	look(w.pac, peering{Host: "local", Vendor: "FreeBSD MPD", Firmware: 1, Profile: "mpd"})
	look(w.pns, peering{Host: "local", Vendor: "cananian", Firmware: 1, Profile: "linux"})
	w.reads(c)
}
