package ipxcp

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/link"
)

var (
	sara   = Node{0x02, 0, 0, 0, 0, 1}
	denver = Node{0x02, 0, 0, 0, 0, 2}
)

const (
	net9   = "01 06 00 00 00 09"
	net0   = "01 06 00 00 00 00"
	saras  = "02 08 02 00 00 00 00 01"
	nobody = "02 08 00 00 00 00 00 00"
	many   = net9 + " " + saras + " 03 04 00 02 04 04 00 02 05 05 61 62 63 06 02"
)

// A machine is one end without a link, as far as its answers go.
type machine struct {
	*cp.Machine
	n   *IPXCP
	out ppp.Outbox
}

func newMachine(o Options) *machine {
	n := New(o)
	m := &machine{Machine: cp.NewMachine(ppp.IPXCP, n, cp.Options{}), n: n}
	m.Open(time.Time{}, &m.out)
	m.Up(time.Time{}, &m.out)
	return m
}

// sent is what was sent since the last call, in octets of the information field.
func (m *machine) sent() string {
	var all []string
	for _, f := range m.out.Take() {
		all = append(all, fmt.Sprintf("% x", f[4:]))
	}
	return strings.Join(all, ", ")
}

func octets(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRequest(t *testing.T) {
	m := newMachine(Options{Network: 9, Local: sara})
	if got, want := m.sent(), "01 01 00 12 "+net9+" "+saras; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}

func TestEachOptionIsAnswered(t *testing.T) {
	knows := Options{Network: 9, Local: denver, Remote: sara}
	for _, tt := range []struct {
		what, asked, want string
		o                 Options
	}{
		{"our network", net9, "02 07 00 0a " + net9, knows},
		{"a higher one", "01 06 00 00 00 0a", "02 07 00 0a 01 06 00 00 00 0a", knows},
		{"a lower one", "01 06 00 00 00 08", "03 07 00 0a " + net9, knows},
		{"none", net0, "03 07 00 0a " + net9, knows},
		{"none, and we know none", net0, "04 07 00 0a " + net0, Options{Local: denver}},
		{"a network of 2 octets", "01 04 00 09", "03 07 00 0a " + net9, knows},
		{"her own node", saras, "02 07 00 0c " + saras, knows},
		{"no node", nobody, "03 07 00 0c " + saras, knows},
		{"ours", "02 08 02 00 00 00 00 02", "03 07 00 0c " + saras, knows},
		{"no node, and we give none", nobody, "04 07 00 0c " + nobody, Options{Network: 9, Local: denver}},
		{"type 0, empty", "00 02", "04 07 00 06 00 02", knows},
		{"compression", "03 04 00 02", "04 07 00 08 03 04 00 02", knows},
		{"the rest of RFC 1552", many, "04 07 00 13 03 04 00 02 04 04 00 02 05 05 61 62 63 06 02", knows},
	} {
		m := newMachine(tt.o)
		m.sent()
		m.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureRequest, ID: 7, Data: octets(t, tt.asked)}, &m.out)
		if got := m.sent(); got != tt.want {
			t.Errorf("%s: answered %s, want %s", tt.what, got, tt.want)
		}
	}
}

// What is asked for after the peer's answer to our first request.
func TestAnswersToOurRequest(t *testing.T) {
	for _, tt := range []struct {
		what string
		code cp.Code
		data string
		want string
		o    Options
	}{
		{"a higher network", cp.ConfigureNak, "01 06 00 00 00 0a", "01 02 00 12 01 06 00 00 00 0a " + saras, Options{Network: 9, Local: sara}},
		{"a node for who has none", cp.ConfigureNak, saras, "01 02 00 12 " + net9 + " " + saras, Options{Network: 9}},
		{"no node option", cp.ConfigureReject, saras, "01 02 00 0a " + net9, Options{Network: 9, Local: sara}},
		{"no network option", cp.ConfigureReject, net9, "01 02 00 0c " + saras, Options{Network: 9, Local: sara}},
	} {
		m := newMachine(tt.o)
		m.sent()
		m.Receive(time.Time{}, cp.Packet{Code: tt.code, ID: 1, Data: octets(t, tt.data)}, &m.out)
		if got := m.sent(); got != tt.want {
			t.Errorf("%s: asked %s, want %s", tt.what, got, tt.want)
		}
	}
}

// Each beginning of a request either is one itself or has no answer.
func TestPrefixes(t *testing.T) {
	golden := cp.Packet{Code: cp.ConfigureRequest, ID: 7, Data: octets(t, many)}.Append(nil)
	ends := map[int]bool{4: true, 10: true, 18: true, 22: true, 26: true, 31: true, 33: true} // of options
	for length := range len(golden) + 1 {
		b := append([]byte(nil), golden[:length]...)
		if length >= cp.HeaderLength {
			b[3] = byte(length)
		}
		m := newMachine(Options{Network: 9, Local: denver})
		m.sent()
		if p, err := cp.Parse(b); err == nil {
			m.Receive(time.Time{}, p, &m.out)
		}
		if got := m.sent(); (got != "") != ends[length] {
			t.Errorf("the first %d octets were answered %q", length, got)
		}
	}
}

// converge runs two links with each other until they have no more to say.
func converge(t *testing.T, a, b Options) (x, y *IPXCP, story string) {
	t.Helper()
	now := time.Unix(1e9, 0)
	x, y = New(a), New(b)
	ends := [2]*link.Link{link.New(&link.Options{}), link.New(&link.Options{})}
	ends[0].Network(now, ppp.IPXCP, x)
	ends[1].Network(now, ppp.IPXCP, y)
	ends[0].Up(now)
	ends[1].Up(now)
	for quiet := 0; quiet < 2; {
		quiet++
		for i, e := range ends {
			for _, f := range e.Take() {
				quiet = 0
				ends[1-i].Receive(now, f)
			}
		}
	}
	for _, e := range ends[0].Events() {
		story += e.Kind.String() + ", "
	}
	return x, y, story
}

func TestTwoEndsAgree(t *testing.T) {
	for _, tt := range []struct {
		what  string
		a, b  Options
		want  Agreed // at a
		story string
	}{
		{"both know all", Options{Network: 9, Local: denver}, Options{Network: 9, Local: sara}, Agreed{9, denver, sara}, "network up, "},
		{"she knows nothing", Options{Network: 9, Local: denver, Remote: sara}, Options{}, Agreed{9, denver, sara}, "network up, "},
		{"hers is higher", Options{Network: 9, Local: denver}, Options{Network: 12, Local: sara}, Agreed{12, denver, sara}, "network up, "},
		{"nobody knows the network", Options{Local: denver}, Options{Local: sara}, Agreed{}, "network over, link down, finished, "},
	} {
		x, y, story := converge(t, tt.a, tt.b)
		if want := "link up, authenticated, " + tt.story; story != want {
			t.Errorf("%s: %s, want %s", tt.what, story, want)
		}
		got, hers := x.Agreed(), y.Agreed()
		if tt.want != (Agreed{}) && (got != tt.want || hers != Agreed{got.Network, got.Remote, got.Local}) {
			t.Errorf("%s: %+v and %+v, want %+v", tt.what, got, hers, tt.want)
		}
	}
}

// Whatever a peer sends, a Nak has only values that we would take ourselves, and
// what is agreed on is never ours twice.
func FuzzNegotiate(f *testing.F) {
	for _, s := range []string{many, "00 02", net0, nobody, "02 08 02 00 00 00 00 02", "01 02 02 02", net9 + net9} {
		f.Add(octets(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		opts, err := cp.ParseOptions(b)
		if err != nil {
			return
		}
		n := New(Options{Network: 9, Local: denver, Remote: sara})
		n.Reset()
		a, _ := n.Judge(opts)
		if len(a.Reject)+len(a.Nak) > len(opts) {
			t.Errorf("%d options answered by %+v", len(opts), a)
		}
		if again, _ := n.Judge(a.Nak); len(again.Nak)+len(again.Reject) > 0 {
			t.Errorf("suggested %+v, of which %+v will not do", a.Nak, again)
		}
		if got := n.Agreed(); got.Network < 9 || got.Local == got.Remote {
			t.Errorf("agreed on %+v", got)
		}
		if err := n.Naked(opts); err != nil || n.Agreed().Local != denver {
			t.Errorf("after a Nak %+v, %v", n.Agreed(), err)
		}
		if err := n.Rejected(opts); err != nil {
			t.Errorf("an end that knows all gives up: %v", err)
		}
	})
}
