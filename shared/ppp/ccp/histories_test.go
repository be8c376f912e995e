package ccp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"carrier/shared/ppp/cp"
)

// TestHistories loses a packet each of every method that has a history: what
// follows is right again after the reset, and packets that came as they are
// belong to it.
func TestHistories(t *testing.T) {
	for _, m := range []Method{Deflate{Window: 15}, Deflate{Window: 9, Draft: true}, BSD{Bits: 12}, BSD{Bits: 9}, Predictor{}, LZS{}, extended} {
		n := [2]*CCP{New(Options{Receive: []Method{m}, Send: []Method{m}}), New(Options{Receive: []Method{m}, Send: []Method{m}})}
		if got := converge(t, n[0], n[1]); got != [2]cp.State{cp.Opened, cp.Opened} {
			t.Fatalf("%v: %v", n[0].Agreed(), got)
		}
		out, err := NewOutbound(n[0].Agreed().Send, 1500)
		if err != nil {
			t.Fatal(err)
		}
		in, err := NewInbound(n[1].Agreed().Receive, 1500)
		if err != nil {
			t.Fatal(err)
		}
		name := n[0].Agreed().Send.String()
		sent, coded := 0, 0
		send := func(packet []byte) error {
			sent++
			info, ok := out.Compress(nil, packet)
			if !ok {
				in.Uncompressed(packet)
				return nil
			}
			coded++
			got, err := in.Receive(nil, info)
			if trimmed := bytes.TrimPrefix(packet, []byte{0}); err == nil && !bytes.Equal(bytes.TrimPrefix(got, []byte{0}), trimmed) {
				t.Errorf("%s: %q becomes %q", name, packet, got)
			}
			return err
		}
		text := func() []byte {
			return []byte(fmt.Sprintf("\x00\x21%d packets of beautiful, beautiful, beautiful text", sent))
		}
		for i := range 1000 {
			packet := text()
			if i%10 == 3 {
				packet = []byte("\x00\x21short")
			}
			if err := send(packet); err != nil {
				t.Fatalf("%s, packet %d: %v", name, i, err)
			}
		}
		if coded < sent/2 {
			t.Errorf("%s: %d of %d are coded", name, coded, sent)
		}
		other := []byte("\x00\x21" + strings.Repeat("missed when it is referred to, ", 6))
		out.Compress(nil, other) // lost
		err = send(other)
		if err == nil { // it went as it is
			err = send(text())
		}
		if err == nil {
			t.Errorf("%s: nobody misses it", name)
		}
		request, ok := in.ResetRequest(start)
		if !ok {
			t.Fatalf("%s asks for no reset", name)
		}
		if _, stac := m.(LZS); stac && string(request.Data) != "\x00\x01" {
			t.Errorf("%s asks with % x", name, request.Data)
		}
		ack, ok := out.ResetRequest(request)
		if ok != (m != Method(extended)) || !bytes.Equal(ack.Data, request.Data) && ok {
			t.Fatalf("%s has the Reset-Ack %v, %v", name, ack, ok)
		}
		if ok {
			in.ResetAck(ack)
		}
		for range 100 {
			if err := send(text()); err != nil {
				t.Fatalf("%s, after the reset: %v", name, err)
			}
		}
	}
}

// extended is LZS as Windows asks for it.
var extended = &lzsAs{value: "\x00\x01\x04"}

type lzsAs struct {
	LZS
	value string
}

func (m *lzsAs) Value() []byte { return []byte(m.value) }

// TestNoHistory has packets that stand alone: a loss takes no other along, and
// what cannot be read asks for nothing.
func TestNoHistory(t *testing.T) {
	c := Choice{LZS{}, []byte{0, 0, 3}}
	out, err := NewOutbound(c, 1500)
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewInbound(c, 1500)
	if err != nil {
		t.Fatal(err)
	}
	packet := []byte("\x00\x21" + strings.Repeat("text of text ", 20))
	for i := range 10 {
		info, ok := out.Compress(nil, packet)
		if i%2 == 0 {
			continue // lost
		}
		if got, err := in.Receive(nil, info); !ok || err != nil || !bytes.Equal(got, packet[1:]) {
			t.Fatalf("packet %d: %q, %v", i, got, err)
		}
		if _, err := in.Receive(nil, info[:3]); err == nil {
			t.Error("two octets are a packet")
		}
		if p, asks := in.ResetRequest(start); asks || in.Lost > 0 {
			t.Errorf("packet %d: it asks for %v", i, p)
		}
	}
}

// TestPredictorKeepsTheMRU: what the peer could not take goes as it is.
func TestPredictorKeepsTheMRU(t *testing.T) {
	for n, fits := range map[int]bool{96: true, 97: false} { // 4 octets go along
		out, err := NewOutbound(Choice{Predictor{}, nil}, 100)
		if err != nil {
			t.Fatal(err)
		}
		noise := []byte("\x00\x21")
		for r := rand.New(rand.NewPCG(1, 1)); len(noise) < n; {
			noise = append(noise, byte(r.Uint32()))
		}
		if info, ok := out.Compress(nil, noise); ok != fits || len(info) > 100 {
			t.Errorf("%d octets became %d, %v", n, len(info), ok)
		}
	}
}

func TestWhatAValueBecomes(t *testing.T) {
	for _, tt := range []struct {
		m           Method
		value       string
		judge, nak  string // empty: rejected, not asked for
		description string
	}{
		{Deflate{Window: 15}, "\x78\x00", "\x78\x00", "\x78\x00", "our own"},
		{Deflate{Window: 10}, "\x78\x00", "\x78\x00", "", "a larger window is the peer's memory, or ours"},
		{Deflate{Window: 10}, "\x18\x00", "\x18\x00", "\x18\x00", "a smaller window"},
		{Deflate{Window: 15}, "\x77\x00", "", "", "another method"},
		{Deflate{Window: 15}, "\x78", "", "", "short"},
		{BSD{Bits: 12}, "\x2C", "\x2C", "\x2C", "our own"},
		{BSD{Bits: 12}, "\x2F", "\x2C", "", "longer codes"},
		{BSD{Bits: 12}, "\x29", "\x29", "\x29", "shorter codes"},
		{BSD{Bits: 12}, "\x4C", "", "", "another version"},
		{BSD{Bits: 12}, "", "", "", "short"},
		{Predictor{}, "\x00", "", "", "more than nothing"},
		{LZS{}, "\x00\x01\x03", "\x00\x01\x03", "\x00\x01\x03", "our own: sequence"},
		{LZS{}, "\x00\x01\x04", "\x00\x01\x04", "\x00\x01\x04", "extended"},
		{LZS{}, "\x00\x00\x00", "\x00\x00\x00", "\x00\x00\x00", "no history, no check"},
		{LZS{}, "\x00\x00\x01", "\x00\x00\x01", "\x00\x00\x01", "no history, LCB"},
		{LZS{}, "\x00\x01\x00", "\x00\x01\x03", "", "a history, no check"},
		{LZS{}, "\x00\x01\x01", "\x00\x01\x03", "", "a history, LCB, which misses some"},
		{LZS{}, "\x00\x00\x02", "\x00\x01\x03", "", "CRC"},
		{LZS{}, "\x00\x01\x05", "\x00\x01\x03", "", "a mode that nobody knows"},
		{LZS{}, "\x00\x08\x03", "\x00\x01\x03", "", "eight histories"},
		{LZS{}, "\x00\x01", "", "", "short"},
		{LZS{}, "\x00\x01\x03\x00", "", "", "long"},
	} {
		judged, ok := tt.m.Judge([]byte(tt.value))
		if ok != (tt.judge != "") || ok && string(judged) != tt.judge {
			t.Errorf("%T, %s: judged %x %v, want %x", tt.m, tt.description, judged, ok, tt.judge)
		}
		asked, ok := tt.m.Naked([]byte(tt.value))
		if ok != (tt.nak != "") || ok && string(asked) != tt.nak {
			t.Errorf("%T, %s: asked %x %v, want %x", tt.m, tt.description, asked, ok, tt.nak)
		}
	}
}
