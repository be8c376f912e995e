package ccp

import (
	"bytes"
	"fmt"
	"testing"

	"carrier/shared/ppp/cp"
)

// TestHistories loses a packet each of every method that has a history: what
// follows is right again after the reset, and packets that came as they are
// belong to it.
func TestHistories(t *testing.T) {
	for _, m := range []Method{Deflate{Window: 15}, Deflate{Window: 9, Draft: true}, BSD{Bits: 12}, BSD{Bits: 9}} {
		n := [2]*CCP{New(Options{Receive: []Method{m}, Send: []Method{m}}), New(Options{Receive: []Method{m}, Send: []Method{m}})}
		if got := converge(t, n[0], n[1]); got != [2]cp.State{cp.Opened, cp.Opened} {
			t.Fatalf("%v: %v", n[0].Agreed(), got)
		}
		out, err := NewOutbound(n[0].Agreed().Send)
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
		out.Compress(nil, text()) // lost
		if err := send(text()); err == nil {
			t.Errorf("%s: nobody misses it", name)
		}
		request, ok := in.ResetRequest(start)
		if !ok {
			t.Fatalf("%s asks for no reset", name)
		}
		ack, ok := out.ResetRequest(request)
		if !ok {
			t.Fatalf("%s has no Reset-Ack", name)
		}
		in.ResetAck(ack)
		for range 100 {
			if err := send(text()); err != nil {
				t.Fatalf("%s, after the reset: %v", name, err)
			}
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
