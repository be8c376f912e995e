package ccp

import (
	"bytes"
	"fmt"
	"testing"

	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/mppe"
)

// keysOf are what both ends have after a log-in by MS-CHAPv2.
func keysOf(r mppe.Role) mppe.Keys {
	return mppe.FromMSCHAPv2([16]byte{1, 2, 3}, [24]byte{4, 5, 6}, r)
}

// mppeEnds negotiates and returns what both sides came to.
func mppeEnds(t *testing.T, server, client MPPE) (a, b Agreed) {
	t.Helper()
	server.Keys, client.Keys = keysOf(mppe.Server), keysOf(mppe.Client)
	m := [2]MPPE{server, client}
	n := [2]*CCP{}
	for i := range n {
		n[i] = New(Options{Receive: []Method{m[i]}, Send: []Method{m[i]}, Required: m[i].Required})
	}
	if converge(t, n[0], n[1]) != [2]cp.State{cp.Opened, cp.Opened} {
		return Agreed{}, Agreed{}
	}
	return n[0].Agreed(), n[1].Agreed()
}

func TestMPPEIsAgreed(t *testing.T) {
	const s, all = mppe.Stateless, mppe.Encryption
	for _, tt := range []struct {
		name           string
		server, client MPPE
		up, down       mppe.Bits // what the server receives and sends
	}{
		{"the strongest", MPPE{Can: all | s}, MPPE{Can: all | s}, mppe.Key128 | s, mppe.Key128 | s},
		{"what both have", MPPE{Can: mppe.Key128 | mppe.Key40}, MPPE{Can: mppe.Key40 | mppe.Key56}, mppe.Key40, mppe.Key40},
		{"each receiver has its way", MPPE{Can: mppe.Key128}, MPPE{Can: mppe.Key128 | s}, mppe.Key128, mppe.Key128 | s},
		{"compression too", MPPE{Can: mppe.Key128 | mppe.MPPC}, MPPE{Can: mppe.Key128 | mppe.MPPC}, mppe.Key128 | mppe.MPPC, mppe.Key128 | mppe.MPPC},
		{"compression alone", MPPE{Can: mppe.Key128 | mppe.MPPC}, MPPE{Can: mppe.MPPC}, mppe.MPPC, mppe.MPPC},
		{"nothing in common", MPPE{Can: mppe.Key128}, MPPE{Can: mppe.Key40}, 0, 0},
		{"not what is required", MPPE{Can: mppe.Key128 | mppe.MPPC, Required: true}, MPPE{Can: mppe.MPPC}, 0, 0},
	} {
		server, client := mppeEnds(t, tt.server, tt.client)
		for what, is := range map[string]struct {
			c    Choice
			want mppe.Bits
		}{"server receives": {server.Receive, tt.up}, "client sends": {client.Send, tt.up},
			"server sends": {server.Send, tt.down}, "client receives": {client.Receive, tt.down}} {
			bits, _ := mppe.Parse(is.c.Value)
			if bits != is.want {
				t.Errorf("%s: %s by %v, want %v", tt.name, what, bits, is.want)
			}
		}
	}
}

// TestMPPECarries sends packets each way of every agreement: they come out as
// they were, unreadable on the way where a key was agreed.
func TestMPPECarries(t *testing.T) {
	for _, bits := range []mppe.Bits{mppe.Key128 | mppe.Stateless, mppe.Key56, mppe.Key40 | mppe.MPPC, mppe.Key128 | mppe.Stateless | mppe.MPPC, mppe.MPPC} {
		server, client := mppeEnds(t, MPPE{Can: bits}, MPPE{Can: bits})
		for what, way := range map[string][2]Choice{"down": {server.Send, client.Receive}, "up": {client.Send, server.Receive}} {
			out, err := NewOutbound(way[0], 1500)
			if err != nil {
				t.Fatal(err)
			}
			in, err := NewInbound(way[1], 1500)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 1000 {
				packet := []byte(fmt.Sprintf("\x00\x21%d packets of beautiful, beautiful, beautiful text", i))
				info, ok := out.Compress(nil, packet)
				if !ok || bits&mppe.Encryption != 0 && bytes.Contains(info, []byte("text")) {
					t.Fatalf("%v, %s: %q %v", bits, what, info, ok)
				}
				if got, err := in.Receive(nil, info); err != nil || !bytes.Equal(got, packet) {
					t.Fatalf("%v, %s, packet %d: %q, %v", bits, what, i, got, err)
				}
			}
			if info, ok := out.Compress(nil, []byte{0x80, 0x21, 1}); ok {
				t.Errorf("%v: a control protocol becomes %x", bits, info)
			}
		}
	}
}

// TestMPPELoses loses one packet: stateless, none but that is missing; stateful,
// the next one behind the Reset-Request is right.
func TestMPPELoses(t *testing.T) {
	for _, bits := range []mppe.Bits{mppe.Key128 | mppe.Stateless | mppe.MPPC, mppe.Key128 | mppe.MPPC, mppe.Key128} {
		server, client := mppeEnds(t, MPPE{Can: bits}, MPPE{Can: bits})
		out, _ := NewOutbound(server.Send, 1500)
		in, _ := NewInbound(client.Receive, 1500)
		packet := []byte("\x00\x21packets of beautiful, beautiful, beautiful text")
		send := func() error {
			info, _ := out.Compress(nil, packet)
			got, err := in.Receive(nil, info)
			if err == nil && !bytes.Equal(got, packet) {
				t.Errorf("%v: %q", bits, got)
			}
			return err
		}
		if err := send(); err != nil {
			t.Error(err)
		}
		out.Compress(nil, packet) // lost
		err := send()
		request, asks := in.ResetRequest(start)
		if stateless := bits&mppe.Stateless != 0; (err == nil) != stateless || asks == stateless {
			t.Errorf("%v: %v, asks %v", bits, err, asks)
		}
		if asks {
			if ack, ok := out.ResetRequest(request); !ok || len(ack.Data) > 0 { // which Linux waits for
				t.Errorf("%v: %v %v", bits, ack, ok)
			}
		}
		if err := send(); err != nil {
			t.Errorf("%v: %v", bits, err)
		}
	}
}

// A receiver that took a wrong key for the right one asks for another beginning soon,
// and not because of some packets of a protocol that it does not know.
func TestWrongKey(t *testing.T) {
	server, client := mppeEnds(t, MPPE{Can: mppe.Key128}, MPPE{Can: mppe.Key128})
	packet, strange := append([]byte("\x00\x21\x45"), make([]byte, 40)...), []byte("\x00\x29what nobody knows")
	out, _ := NewOutbound(server.Send, 1500)
	in, _ := NewInbound(client.Receive, 1500)
	for n := range 400 {
		p := strange
		if n%maxNoise == 0 {
			p = packet
		}
		info, _ := out.Compress(nil, p)
		if got, err := in.Receive(nil, info); err != nil || !bytes.Equal(got, p) {
			t.Fatalf("%d: %x, %v", n, got, err)
		}
	}
	wrong := MPPE{Can: mppe.Key128, Keys: mppe.FromMSCHAPv2([16]byte{9}, [24]byte{8}, mppe.Server)}
	c, err := wrong.Compressor(mppe.Key128.Append(nil), 1500)
	if err != nil {
		t.Fatal(err)
	}
	in, _ = NewInbound(client.Receive, 1500)
	for n := range 100 {
		in.Receive(nil, c.(*sender).Seal(nil, 0, packet))
		if _, asks := in.ResetRequest(start); asks {
			if n < maxNoise || n > 3*maxNoise {
				t.Errorf("asked after %d packets", n)
			}
			return
		}
	}
	t.Error("it never asked")
}

// TestOnlyDataComeEncrypted: a packet of any other protocol is none.
func TestOnlyDataComeEncrypted(t *testing.T) {
	server, client := mppeEnds(t, MPPE{Can: mppe.Key128}, MPPE{Can: mppe.Key128})
	out, _ := NewOutbound(server.Send, 1500)
	in, _ := NewInbound(client.Receive, 1500)
	for _, packet := range []string{"\xC0\x21\x05\x01\x00\x04", "\x00\xFD\x90\x00", "\x80\x21\x01", "\x21", ""} {
		info := out.Compressor.(*sender).Seal(nil, 0, []byte(packet))
		got, err := in.Receive(nil, info)
		if right := packet == "\x21"; (err == nil) != right || !right && len(got) > 0 {
			t.Errorf("%x: %x, %v", packet, got, err)
		}
	}
}

func TestKeysOf(t *testing.T) {
	if bits := KeysOf(auth.Keys{}, mppe.Server).Bits(); bits != 0 {
		t.Errorf("no log-in leaves keys of %v", bits)
	}
}

func FuzzMPPE(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0x40}, []byte{0x90, 0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, value, info []byte) {
		m := MPPE{Can: mppe.Encryption | mppe.MPPC | mppe.Stateless, Keys: keysOf(mppe.Server)}
		m.Naked(value)
		answer, ok := m.Judge(value)
		if !ok {
			return
		}
		again, ok := m.Judge(answer)
		if !ok || !bytes.Equal(again, answer) {
			t.Fatalf("%x is answered with %x, and that with %x", value, answer, again)
		}
		d, err := m.Decompressor(answer, 1500)
		if err != nil {
			t.Fatalf("%x was agreed: %v", answer, err)
		}
		// Compression is bounded by the MRU; encryption alone adds nothing.
		if got, err := d.Decompress([]byte("x"), info); len(got) > 1+max(1502, len(info)) || err != nil && string(got) != "x" {
			t.Fatalf("%d octets, %v", len(got), err)
		}
	})
}

// What comes out with the right key is a packet of the network; with another it
// is noise.
func TestKnown(t *testing.T) {
	packet := func(protocol []byte, first byte, octets int) []byte {
		return append(protocol, append([]byte{first}, make([]byte, octets-1)...)...)
	}
	for name, tt := range map[string]struct {
		packet []byte
		want   bool
	}{
		"IPv4":                     {packet([]byte{0, 0x21}, 0x45, 20), true},
		"IPv4, its protocol short": {packet([]byte{0x21}, 0x45, 20), true},
		"IPv6":                     {packet([]byte{0, 0x57}, 0x60, 40), true},
		"IPv6 that is IPv4":        {packet([]byte{0, 0x57}, 0x45, 40), false},
		"IPv4 that is IPv6":        {packet([]byte{0, 0x21}, 0x60, 40), false},
		"IPv4, cut short":          {packet([]byte{0, 0x21}, 0x45, 19), false},
		"IPv6, cut short":          {packet([]byte{0, 0x57}, 0x60, 39), false},
		"compressed TCP":           {[]byte{0, 0x2D, 1}, true},
		"LCP":                      {[]byte{0xC0, 0x21, 1, 1, 0, 4}, false},
		"no protocol":              {[]byte{0x9E, 0x84, 0x12}, false},
		"nothing":                  {nil, false},
	} {
		if got := known(tt.packet); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
