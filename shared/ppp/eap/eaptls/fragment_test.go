package eaptls

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"carrier/shared/ppp/eap"
	"carrier/shared/wire"
)

func TestFragmentsComeTogether(t *testing.T) {
	for _, n := range []int{0, 1, 117, 118, 119, 236, 237, 5000, maxMessage} {
		message := bytes.Repeat([]byte("carrier"), n/7+1)[:n]
		var a assembler
		s := split(message, 128)
		for i := 0; ; i++ {
			data := s.next()
			if len(data)+5 > 128 {
				t.Fatalf("%d octets: a packet of %d", n, len(data)+5)
			}
			if length := data[0]&lengthIncluded != 0; length != (i == 0 && s.more()) { // RFC 9190 §2.1.9
				t.Errorf("%d octets: fragment %d has flags %#x", n, i, data[0])
			}
			got, _, whole, err := a.add(data)
			if err != nil || whole == s.more() {
				t.Fatalf("%d octets, fragment %d: whole %v, %v", n, i, whole, err)
			}
			if whole {
				if !bytes.Equal(got, message) {
					t.Errorf("%d octets became %d others", n, len(got))
				}
				break
			}
		}
	}
}

func TestFragmentsThatLie(t *testing.T) {
	for name, tt := range map[string]struct {
		fragments []string
		want      error
		text      string
	}{
		"no flags":                      {[]string{""}, wire.ErrShort, "Flags"},
		"half a length":                 {[]string{"\x80\x00\x00"}, wire.ErrShort, "TLS Message Length"},
		"a length beyond the bound":     {[]string{"\x80\x00\x01\x00\x01x"}, nil, "65537"},
		"4 GiB":                         {[]string{"\xC0\xFF\xFF\xFF\xFFx"}, nil, "4294967295"},
		"more than announced":           {[]string{"\xC0\x00\x00\x00\x03ab", "\x00cd"}, errBeyond, ""},
		"more than announced at once":   {[]string{"\x80\x00\x00\x00\x01ab"}, errBeyond, ""},
		"less than announced":           {[]string{"\xC0\x00\x00\x00\x05ab", "\x00cd"}, errShort, ""},
		"another length later":          {[]string{"\xC0\x00\x00\x00\x05ab", "\xC0\x00\x00\x00\x06cd"}, errBeyond, ""},
		"a length after the first":      {[]string{"\x40ab", "\xC0\x00\x00\x00\x06cd"}, errBeyond, ""},
		"empty, and more":               {[]string{"\x40"}, errEmpty, ""},
		"empty with length, and more":   {[]string{"\xC0\x00\x00\x00\x05"}, errEmpty, ""},
		"empty after the first":         {[]string{"\x40a", "\x40"}, errEmpty, ""},
		"nothing, where 5 were said":    {[]string{"\x80\x00\x00\x00\x05"}, errShort, ""},
		"beyond the bound, unannounced": {slicesOf("\x40"+strings.Repeat("x", 1024), 65), errBeyond, ""},
	} {
		var a assembler
		var err error
		for i, f := range tt.fragments {
			if _, _, _, err = a.add([]byte(f)); err != nil && i < len(tt.fragments)-1 {
				t.Errorf("%s: fragment %d: %v", name, i, err)
				break
			}
		}
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v", name, err)
		}
		if len(a.message) > maxMessage {
			t.Errorf("%s: %d octets are held", name, len(a.message))
		}
	}
}

func slicesOf(s string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = s
	}
	return all
}

// What the server makes of a peer that breaks the rules of fragments: it fails
// at once, and holds nothing.
func TestTheServerEndsOnWhatIsNoMessage(t *testing.T) {
	a := newAuthority(t)
	for name, tt := range map[string]struct {
		responses []string
		want      string
	}{
		"empty fragments":       {[]string{"\x40"}, errEmpty.Error()},
		"an empty message":      {[]string{"\x00"}, errHalf.Error()},
		"half a record":         {[]string{"\x00\x16\x03\x01\x02\x00"}, errHalf.Error()},
		"not TLS":               {[]string{"\x00hello, denver"}, "first record does not look like a TLS handshake"},
		"no flags":              {[]string{""}, "Flags"},
		"beyond the bound":      {slicesOf("\x40"+strings.Repeat("x", 1400), 47), errBeyond.Error()},
		"a record of 64 KiB":    {[]string{"\x00\x16\x03\x01\xff\xff" + strings.Repeat("x", 1000)}, "oversized record"},
		"an alert to the Start": {[]string{"\x00\x15\x03\x01\x00\x02\x02\x28"}, "handshake failure"},
	} {
		s, _ := a.pair(t, 1500, nil)
		if _, err := s.Begin(1); err != nil {
			t.Fatal(err)
		}
		var step eap.Step
		for i, r := range tt.responses {
			if step = s.Receive([]byte(r)); step.Do != eap.Ask && i < len(tt.responses)-1 {
				t.Errorf("%s: response %d: %+v", name, i, step)
				break
			}
		}
		if step.Do == eap.Ask { // an alert
			step = s.Receive([]byte{0})
		}
		if step.Do != eap.Fail || step.Err == nil || !strings.Contains(step.Err.Error(), tt.want) {
			t.Errorf("%s: %+v, want %s", name, step, tt.want)
		}
		if !s.tls.done || s.tls.in != nil {
			t.Errorf("%s: the session goes on", name)
		}
	}
}

func TestAFragmentIsAcknowledgedWithNothing(t *testing.T) {
	a := newAuthority(t)
	s, p := a.pair(t, 200, nil)
	p.Begin()
	data, _ := s.Begin(1)
	r := p.Receive(1, data)
	step := s.Receive(r.Data)
	for len(r.Data) > 5 && r.Data[0]&moreFragments != 0 { // our ClientHello is longer than this MRU
		r = p.Receive(2, step.Data)
		step = s.Receive(r.Data)
	}
	if !s.out.more() {
		t.Fatal("the server's flight fits one packet")
	}
	if step = s.Receive([]byte("\x00more")); step.Do != eap.Fail || !errors.Is(step.Err, errAck) {
		t.Errorf("%+v", step)
	}
	p.out = split(make([]byte, 500), 200)
	if r = p.Receive(9, []byte("\x00more")); r.Standing != eap.Lost || r.Text != errAck.Error() {
		t.Errorf("%+v", r)
	}
}

func TestThePeerBeginsWithAStart(t *testing.T) {
	a := newAuthority(t)
	for _, data := range []string{"", "\x00", "\x00abc", "\x20abc", "\x60a", "\xA0\x00\x00\x00\x01a"} {
		_, p := a.pair(t, 1500, nil)
		p.Begin()
		if r := p.Receive(1, []byte(data)); r.Standing == eap.Ended || r.Standing == eap.Assured || p.tls != nil {
			t.Errorf("%q: %+v", data, r)
		}
	}
}

func FuzzAssembler(f *testing.F) {
	f.Add([]byte("\x80\x00\x00\x00\x02ab"), []byte("\x00c"))
	f.Add([]byte("\xC0\x00\x00\x00\x03ab"), []byte("\x00c"))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		var a assembler
		for range 100 {
			for _, data := range [][]byte{one, two} {
				message, _, whole, err := a.add(data)
				if len(message) > maxMessage || len(a.message) > maxMessage || !whole && err == nil && len(a.message) == 0 {
					t.Fatalf("%d octets held, %d given out, whole %v, %v", len(a.message), len(message), whole, err)
				}
				if err != nil {
					return
				}
			}
		}
	})
}
