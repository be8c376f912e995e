package mppe

import (
	"bytes"
	"testing"
)

// rekeyed is what Linux does of a Reset-Request in stateful mode: it changes its
// key for the next packet, unless that changes it anyway.
func rekeyed(e Encrypter) {
	p := e.sealed.open()
	if !e.Flushing() {
		p.session.change(p.cipher)
	}
	p.flush = true
}

func isMessage(b []byte) bool { return string(b) == message }

// TestReopen has a sender that changes its key with each Reset-Request, and loses
// the packets that tell: up to eight times in a row, from each place between two
// "flag" packets, that is found out.
func TestReopen(t *testing.T) {
	for _, agreed := range []Bits{Key40, Key56, Key128} {
		for _, before := range []int{0, 1, 200, 246, 252, 253, 254, 255, 256} {
			for _, requests := range []int{1, 2, 8, 9} {
				e, d := pair(t, agreed)
				for range before {
					opens(t, d, e.Seal(nil, 0, []byte(message)), message)
				}
				if send(e, 1); e.Flushing() {
					continue // a "flag" packet ends the loss by itself
				}
				refuses(t, d, e.Seal(nil, 0, []byte(message)), ErrLost)
				keys := 0
				for range requests - 1 {
					if !e.Flushing() {
						keys++
					}
					rekeyed(e)
					send(e, 1)
				}
				if !e.Flushing() {
					keys++
				}
				rekeyed(e)
				info := e.Seal(nil, 0, []byte(message))
				_, got, err := d.Open([]byte("x"), info)
				if err != nil || isMessage(got[1:]) != (keys == 0) {
					t.Fatalf("%v, %d before, %d requests: %q, %v", agreed, before, requests, got, err)
				}
				if keys == 0 {
					continue
				}
				again, ok := d.Reopen([]byte("x"), info, isMessage)
				if ok != (keys <= 8) || ok && string(again) != "x"+message || !ok && string(again) != "x" {
					t.Fatalf("%v, %d before, %d requests: %q, %v", agreed, before, requests, again, ok)
				}
				for i := 0; ok && i < 300; i++ {
					opens(t, d, e.Seal(nil, 0, []byte(message)), message)
				}
			}
		}
	}
}

// TestReopenInVain leaves what Open left.
func TestReopenInVain(t *testing.T) {
	e, d := pair(t, Key128)
	send(e, 1)
	refuses(t, d, e.Seal(nil, 0, []byte(message)), ErrLost)
	e.Reset()
	info := e.Seal(nil, 0, []byte(message))
	opens(t, d, info, message)
	seen := 0
	got, ok := d.Reopen([]byte("x"), info, func(b []byte) bool { seen++; return bytes.HasPrefix(b, []byte(message)) })
	if ok || string(got) != "x" || seen != rekeys {
		t.Errorf("%q, %v after %d tries", got, ok, seen)
	}
	for range 300 {
		opens(t, d, e.Seal(nil, 0, []byte(message)), message)
	}
}
