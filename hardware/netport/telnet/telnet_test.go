package telnet

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

func none(Option, []byte) {}

func TestDecode(t *testing.T) {
	const yes = "\xff\xfb\x00\xff\xfd\x00" // the far end agrees to eight bits
	for _, tt := range []struct {
		name  string
		codec func() *Codec
		in    string
		data  string
		says  string // after what was said first
	}{
		{"data", dialled, "AT\r\x00\n", "AT\r\x00\n", ""},
		{"doubled", dialled, "a\xff\xffb\xff\xff\xff\xff", "a\xffb\xff\xff", ""},
		{"commands that mean nothing", dialled, "a\xff\xf1b\xff\xf2\xff\xf6c\xff\xf9\xff\x00d", "abcd", ""},
		{"agreement", dialled, yes + "\xff\xfb\x03\xff\xfd\x03", "", ""},
		{"agreed twice", dialled, yes + yes, "", ""},
		{"given up after", dialled, yes + "\xff\xfc\x00\xff\xfe\x00", "", "\xff\xfe\x00\xff\xfc\x00"},
		{"given up twice", dialled, yes + "\xff\xfe\x00\xff\xfe\x00", "", "\xff\xfc\x00"},
		{"taken back", dialled, "\xff\xfe\x00\xff\xfd\x00", "", "\xff\xfb\x00"},
		{"unknown options", dialled, "a\xff\xfd\x18\xff\xfb\x06\xff\xfe\x18\xff\xfc\x06b", "ab", "\xff\xfc\x18\xff\xfe\x06"},
		{"nobody echoes at us", dialled, "\xff\xfb\x01\xff\xfd\x01", "", "\xff\xfe\x01\xff\xfc\x01"},
		{"but we may", accepted, "\xff\xfd\x01\xff\xfb\x01", "", "\xff\xfe\x01"},
		{"a port is not ours to give", accepted, "\xff\xfd\x2c\xff\xfb\x2c", "", "\xff\xfc\x2c\xff\xfe\x2c"},
		{"subnegotiation of nobody", dialled, "a\xff\xfa\x18\x01~\xff\xff\xff\xf0b", "ab", ""},
		{"subnegotiation without end", dialled, "\xff\xfa\x18abc\xff\xfd\x18d", "d", "\xff\xfc\x18"},
		{"seven bits", dialled, "\xff\xfc\x00a\r\x00b\r\n\x00\rc", "a\rb\r\n\x00\rc", ""},

		{"raw PPP", Undecided, "~\xff}#\xc0!\xff\xfb\x00~", "~\xff}#\xc0!\xff\xfb\x00~", ""},
		{"raw PPP without flag", Undecided, "\xff\x03\xc0!\xff\xfb\x00", "\xff\x03\xc0!\xff\xfb\x00", ""},
		{"two of them", Undecided, "\xff\xff\xfb", "\xff\xff\xfb", ""},
		{"a word, then PPP", Undecided, "CLIENT~\xff\xfd\x01", "CLIENT~\xff\xfd\x01", ""},
		{"Telnet", Undecided, "\xff\xfb\x00~\xff\xff", "~\xff", "\xff\xfb\x01\xff\xfb\x03\xff\xfd\x03\xff\xfb\x00\xff\xfd\x00"},
		{"Telnet late", Undecided, "sa\xff\xfd\x18ran", "saran", "\xff\xfb\x01\xff\xfb\x03\xff\xfd\x03\xff\xfb\x00\xff\xfd\x00\xff\xfc\x18"},
		{"Telnet by a subnegotiation", Undecided, "\xff\xfa\x18\x00\xff\xf0x", "x", "\xff\xfb\x01\xff\xfb\x03\xff\xfd\x03\xff\xfb\x00\xff\xfd\x00"},
	} {
		for at := range len(tt.in) + 1 {
			c := tt.codec()
			data := c.Decode(nil, []byte(tt.in[:at]), none)
			data = c.Decode(data, []byte(tt.in[at:]), none)
			if says := c.Replies(nil); string(data) != tt.data || string(says) != tt.says {
				t.Errorf("%s, split at %d: %q, says %q", tt.name, at, data, says)
				break
			}
		}
	}
}

// accepted and dialled have said their first words.
func accepted() *Codec {
	c := Accepted()
	c.Replies(nil)
	return c
}

func dialled() *Codec {
	c := Dialled(true)
	c.Replies(nil)
	return c
}

func TestFirstWords(t *testing.T) {
	const offer = "\xff\xfb\x03\xff\xfd\x03\xff\xfb\x00\xff\xfd\x00"
	for want, c := range map[string]*Codec{
		offer:                  Dialled(false),
		offer + "\xff\xfb\x2c": Dialled(true),
		"\xff\xfb\x01" + offer: Accepted(),
		"":                     Undecided(),
	} {
		if got := c.Replies(nil); string(got) != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := c.Replies(nil); len(got) != 0 {
			t.Errorf("twice: %q", got)
		}
	}
}

func TestSubnegotiation(t *testing.T) {
	agree, value := "\xff\xfd\x2c", bytes.Repeat([]byte{iac}, maxSub)
	in := agree + string(AppendSub(nil, ComPort, 101, 0, 0, 0xFF, iac)) + "x" +
		string(AppendSub(nil, ComPort, value...)) + string(AppendSub(nil, ComPort, append(value, 1)...))
	want := []string{"44 [101 0 0 255 255]", fmt.Sprint(44, value)}
	for at := range len(in) + 1 {
		c := dialled()
		if c.Ours(ComPort) != Pending {
			t.Fatal(c.Ours(ComPort))
		}
		var got []string
		sub := func(o Option, b []byte) { got = append(got, fmt.Sprint(uint8(o), b)) }
		data := c.Decode(nil, []byte(in[:at]), sub)
		data = c.Decode(data, []byte(in[at:]), sub)
		if !slices.Equal(got, want) || string(data) != "x" || c.Ours(ComPort) != Yes {
			t.Fatalf("split at %d: %q, data %q", at, got, data)
		}
	}
	c := dialled()
	c.Decode(nil, []byte("\xff\xfe\x2c\xff\xfa\x2c\x6b\x80\xff\xf0"), func(Option, []byte) { t.Error("a subnegotiation that was refused") })
	if c.Ours(ComPort) != No {
		t.Error(c.Ours(ComPort))
	}
}

func TestEncode(t *testing.T) {
	refuses := dialled()
	refuses.Decode(nil, []byte("\xff\xfe\x00"), none)
	for _, tt := range []struct {
		name  string
		codec *Codec
		want  string
	}{
		{"eight bits", dialled(), "\xff\xff\r~\xff\xff\xff\xff\r\n"},
		{"seven bits", refuses, "\xff\xff\r\x00~\xff\xff\xff\xff\r\x00\n"},
		{"undecided", Undecided(), "\xff\r~\xff\xff\r\n"},
	} {
		const data = "\xff\r~\xff\xff\r\n"
		e := tt.codec.Encoding()
		if got := e.Append([]byte("<"), []byte(data)); string(got) != "<"+tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
		// Cut anywhere, what was taken and what is left are the whole.
		for n := range len(tt.want) + 1 {
			octets, rest := e.Taken([]byte(data), n)
			if got := tt.want[:n] + string(rest) + string(e.Append(nil, []byte(data[octets:]))); got != tt.want {
				t.Errorf("%s, cut at %d: %q", tt.name, n, got)
			}
		}
	}
}

// Two of us, whoever speaks first, stop talking.
func TestNegotiationEnds(t *testing.T) {
	for name, pair := range map[string][2]*Codec{
		"dialled and accepted":  {Dialled(true), Accepted()},
		"dialled and undecided": {Dialled(false), Undecided()},
		"both accepted":         {Accepted(), Accepted()},
	} {
		to := pair[0].Replies(nil)
		back := pair[1].Replies(nil)
		rounds := 0
		for ; len(to)+len(back) > 0 && rounds < 10; rounds++ {
			pair[1].Decode(nil, to, none)
			pair[0].Decode(nil, back, none)
			to, back = pair[0].Replies(nil), pair[1].Replies(nil)
		}
		if rounds > 3 || pair[0].ours.of(Binary) != agreed || pair[0].theirs.of(Binary) != agreed || pair[1].mode != spoken {
			t.Errorf("%s: %d rounds", name, rounds)
		}
	}
}

func FuzzCodec(f *testing.F) {
	f.Add([]byte("\xff\xfa\x2c\x65\x00\x01\xc2\x00\xff\xf0a\xff\xff\xff\xfd\x2c~"), uint8(3), uint8(0))
	f.Add([]byte("\xff\x03\xc0!\xff\xfb\x00"), uint8(1), uint8(2))
	f.Fuzz(func(t *testing.T, in []byte, at, kind uint8) {
		codec := []func() *Codec{dialled, Accepted, Undecided}[kind%3]
		whole, split := codec(), codec()
		cut := min(int(at), len(in))
		want := whole.Decode(nil, in, none)
		// In place, one octet ahead, as a port reads.
		var got []byte
		for _, part := range [][]byte{in[:cut], in[cut:]} {
			b := append([]byte{0}, part...)
			got = append(got, split.Decode(b[:0], b[1:], none)...)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%q, in one piece %q", got, want)
		}
		says := whole.Replies(nil)
		if !bytes.Equal(says, split.Replies(nil)) || len(says) > len(in)+20 {
			t.Fatalf("%d octets are answered with %d", len(in), len(says))
		}
		// What we send, another end of ours reads.
		other := dialled()
		if back := other.Decode(nil, whole.Encoding().Append(nil, want), none); whole.Encoding() == other.Encoding() && !bytes.Equal(back, want) {
			t.Fatalf("%q comes as %q", want, back)
		}
	})
}
