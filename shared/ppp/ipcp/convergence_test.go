package ipcp

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp/cp"
)

// RFC 1332 §2: codes 1 to 7 alone; all others are rejected with what they came in,
// those that LCP and CCP know among them.
func TestOtherCodesAreRejected(t *testing.T) {
	for _, code := range []cp.Code{0, 8, 9, 10, 11, 12, 13, 14, 15, 255} {
		e := newEnd(denver)
		e.sent(t)
		e.Receive(time.Time{}, cp.Packet{Code: code, ID: 5, Data: []byte{1, 2}}, &e.out)
		if got, want := e.sent(t), fmt.Sprintf("7: %02x 05 00 06 01 02", byte(code)); got != want {
			t.Errorf("code %d: %q, want %q", code, got, want)
		}
	}
}

// Peers that do not do as they are told come to an end, within the five Naks of RFC
// 1661 §4.6: with no address that was agreed, for that is the default of RFC 1332
// §3.3.
func TestPeersThatInsist(t *testing.T) {
	const unnamed = "3: 03 06 02 01 01 81"
	for _, tt := range []struct {
		what string
		asks []string // in turn; the last again and again
		want []string
	}{
		{"on an address of its own", []string{"03 06 0a 00 00 01"}, append(fiveTimes(unnamed), "4: 03 06 0a 00 00 01")},
		{"on it until it is rejected", append(fiveTimes("03 06 0a 00 00 01"), "03 06 0a 00 00 01", ""),
			append(fiveTimes(unnamed), "4: 03 06 0a 00 00 01", "2: ")},
		{"on none", []string{""}, append(fiveTimes(unnamed), "2: ")},
		{"on IP-Addresses of RFC 1172", []string{"01 0a 0a 00 00 01 02 01 01 3c", ""},
			append([]string{"4: 01 0a 0a 00 00 01 02 01 01 3c"}, append(fiveTimes(unnamed), "2: ")...)},
		{"on a name server of its own", []string{"03 06 02 01 01 81 81 06 0a 00 00 35"},
			append(fiveTimes("3: 81 06 02 01 01 35"), "4: 81 06 0a 00 00 35")},
	} {
		e := newEnd(denver)
		e.sent(t)
		for i, want := range tt.want {
			data := octets(t, tt.asks[min(i, len(tt.asks)-1)])
			e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureRequest, ID: byte(i), Data: data}, &e.out)
			if got := e.sent(t); got != want {
				t.Errorf("%s, request %d: %q, want %q", tt.what, i+1, got, want)
			}
		}
		if got := e.ipcp.Agreed().Remote; got.IsValid() && !strings.Contains(tt.what, "name server") {
			t.Errorf("%s: agreed on %v", tt.what, got)
		}
	}
}

func fiveTimes(s string) []string { return []string{s, s, s, s, s} }

// RFC 1332 §3.3: an address must be acceptable as that of a host, where we have
// none to give; in each case the peer is Rejected, and named nothing.
func TestWishesThatNoHostHas(t *testing.T) {
	for _, wish := range []string{"00 00 00 00", "7f 00 00 01", "e0 00 00 01", "ff ff ff ff", "02 01 01 3c"} {
		e := newEnd(Options{Local: denver.Local})
		e.sent(t)
		e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureRequest, ID: 1, Data: octets(t, "03 06 "+wish)}, &e.out)
		if got := e.sent(t); got != "4: 03 06 "+wish || e.ipcp.Agreed().Remote != (netip.Addr{}) {
			t.Errorf("%s: %q, %v", wish, got, e.ipcp.Agreed())
		}
	}
}

// Each order of the options, and any company, gets the same answer: what is
// rejected first, all of it, then what is to be another value, in the order of the
// request, and at last what is missing (RFC 1661 §5.3, §5.4).
func TestOrderOfAnswers(t *testing.T) {
	for _, step := range []struct{ request, want string }{
		{"84 06 00 00 00 00 83 06 00 00 00 00 01 02 03 06 00 00 00 00 04 06 00 00 00 00", "4: 84 06 00 00 00 00 01 02 04 06 00 00 00 00"},
		{"83 06 00 00 00 00 82 06 00 00 00 00 03 06 00 00 00 00 81 06 00 00 00 00",
			"3: 83 06 02 01 01 36 82 06 02 01 01 2a 03 06 02 01 01 81 81 06 02 01 01 35"},
		{"83 06 00 00 00 00", "3: 83 06 02 01 01 36 03 06 02 01 01 81"},
		{"83 06 02 01 01 36", "3: 03 06 02 01 01 81"},
		{"83 06 02 01 01 36 82 06 02 01 01 2a 03 06 02 01 01 81 81 06 02 01 01 35",
			"2: 83 06 02 01 01 36 82 06 02 01 01 2a 03 06 02 01 01 81 81 06 02 01 01 35"},
	} {
		e := newEnd(denver)
		e.sent(t)
		e.Receive(time.Time{}, cp.Packet{Code: cp.ConfigureRequest, ID: 1, Data: octets(t, step.request)}, &e.out)
		if got := e.sent(t); got != step.want {
			t.Errorf("%s: %q, want %q", step.request, got, step.want)
		}
	}
}
