package cbcp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"carrier/shared/phone"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/wire"
)

// golden is each packet of [MS-CBCP] §2.2.4 and of the draft's list, with what is
// in it.
var golden = []struct {
	what, packet string
	options      []Option
}{
	{"Request of all", "01 01 00 2b" + " 01 02" + " 02 05 00 01 00" + " 03 03 00" + " 04 1d 00 01 35 35 35 31 32 31 32 00 01 2b 34 39 20 33 30 20 35 35 35 20 31 32 31 33 00",
		[]Option{{Type: None}, {Type: Caller}, {Type: Fixed}, {Type: List, Numbers: []string{"5551212", "+49 30 555 1213"}}}},
	{"Response: none", "02 01 00 06 01 02", []Option{{Type: None}}},
	{"Response: a number, in 12 s", "02 02 00 10 02 0c 0c 01 35 35 35 31 32 31 32 00", []Option{{Caller, 12 * time.Second, []string{"5551212"}}}},
	{"Response: the fixed number", "02 ff 00 07 03 03 ff", []Option{{Fixed, 255 * time.Second, nil}}},
	{"Ack: of the list", "03 01 00 10 04 0c 05 01 35 35 35 31 32 31 32 00", []Option{{List, 5 * time.Second, []string{"5551212"}}}},
}

func octets(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGoldenPackets(t *testing.T) {
	for _, g := range golden {
		b := octets(t, g.packet)
		p, err := cp.Parse(b)
		if err != nil {
			t.Fatal(g.what, err)
		}
		got, err := ParseOptions(p.Data)
		if err != nil || !reflect.DeepEqual(got, g.options) {
			t.Errorf("%s: %+v, %v", g.what, got, err)
		}
		if back := AppendOptions(nil, g.options); !bytes.Equal(back, p.Data) {
			t.Errorf("%s: appended % x", g.what, back)
		}
	}
}

// Cut anywhere but between two options, data are too short.
func TestEveryPrefix(t *testing.T) {
	for _, g := range golden {
		data := octets(t, g.packet)[cp.HeaderLength:]
		whole := map[int]bool{}
		for at := 0; at < len(data); at += int(data[at+1]) {
			whole[at] = true
		}
		for n := range data {
			if _, err := ParseOptions(data[:n]); whole[n] != (err == nil) || err != nil && !errors.Is(err, wire.ErrShort) {
				t.Errorf("%s: first %d octets: %v", g.what, n, err)
			}
		}
	}
}

func TestStrangeOptions(t *testing.T) {
	for _, tt := range []struct {
		what, data string
		want       []Option
		err        error
	}{
		{"pppd's none has a delay", "01 03 00", []Option{{Type: None}}, nil},
		{"no number to be filled in", "02 03 00", []Option{{Type: Caller}}, nil},
		{"neither delay nor number", "02 02 03 02", []Option{{Type: Caller}, {Type: Fixed}}, nil},
		{"a type of nobody", "09 05 01 02 03", []Option{{Type: 9}}, nil},
		{"type 0", "00 03 01", []Option{{Type: 0}}, nil},
		{"a number of another network", "02 07 05 02 35 35 00", []Option{{Type: Caller, Delay: 5 * time.Second}}, nil},
		{"no NUL", "02 06 05 01 35 35", nil, wire.ErrShort},
		{"no number behind its type", "02 04 05 01", nil, wire.ErrShort},
		{"Length 1", "03 01", nil, wire.ErrShort},
		{"Length 0", "03 00", nil, wire.ErrShort},
		{"a CR", "02 08 05 01 35 0d 35 00", nil, ErrText},
		{"not ASCII", "02 07 05 01 c3 a4 00", nil, ErrText},
	} {
		got, err := ParseOptions(octets(t, tt.data))
		if !errors.Is(err, tt.err) || tt.err == nil && (err != nil || !reflect.DeepEqual(got, tt.want)) {
			t.Errorf("%s: %+v, %v", tt.what, got, err)
		}
	}
	_, err := ParseOptions(octets(t, "02 06 05 01 35 35"))
	if want := "the caller's number: NUL of Address"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not name the field", err)
	}
}

func TestOffersThatDoNotFit(t *testing.T) {
	number := strings.Repeat("1", phone.Longest)
	for _, tt := range []struct {
		list []string
		ok   bool
	}{
		{nil, true},
		{[]string{number, number, number, strings.Repeat("1", 52)}, true},
		{[]string{number, number, number, strings.Repeat("1", 53)}, false},
		{[]string{number + "1"}, false},
		{[]string{"555", ""}, false},
	} {
		o := Offer{List: tt.list}
		if err := o.Check(); (err == nil) != tt.ok {
			t.Errorf("%q: %v", tt.list, err)
		}
		if !tt.ok {
			continue
		}
		back, err := ParseOptions(AppendOptions(nil, o.options()))
		if err != nil || !reflect.DeepEqual(back, o.options()) {
			t.Errorf("%q: %+v, %v", tt.list, back, err)
		}
	}
}

// FuzzParse holds that what was read can be written, and is read again as the same,
// and that no packet brings a Server or a Client down.
func FuzzParse(f *testing.F) {
	for _, g := range golden {
		b, _ := hex.DecodeString(strings.ReplaceAll(g.packet, " ", ""))
		f.Add(b)
	}
	f.Add([]byte("\x02\x01\x00\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var out ppp.Outbox
		now := time.Unix(1e9, 0)
		s := NewServer(Offer{Caller: true, Fixed: true, List: []string{"5551212"}})
		s.Start(now, &out)
		if c, err := s.Receive(b, &out); c != nil && err != nil || c != nil && (c.Type == None || c.Delay > MaxDelay) {
			t.Errorf("%+v, %v", c, err)
		}
		s.Answer(&out)
		c := NewClient(Want{Number: "5551212"})
		if got, _ := c.Receive(now, b, &out); got != nil {
			t.Errorf("%+v without a Response", got)
		}
		if n := len(out.Take()); n > 3 {
			t.Errorf("%d packets", n)
		}
		p, err := cp.Parse(b)
		if err != nil {
			return
		}
		options, err := ParseOptions(p.Data)
		if err != nil {
			return
		}
		again, err := ParseOptions(AppendOptions(nil, options))
		if err != nil || !reflect.DeepEqual(again, options) {
			t.Errorf("% x: %+v, again %+v, %v", p.Data, options, again, err)
		}
	})
}
