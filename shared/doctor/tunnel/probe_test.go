package tunnel

import (
	"net/netip"
	"testing"
)

func FuzzUnreachable(f *testing.F) {
	golden := append([]byte{3, 2, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 47, 0, 0, 192, 0, 2, 1}, 198, 51, 100, 7)
	f.Add(golden)
	to := netip.MustParseAddr("198.51.100.7")
	if got := unreachable(golden, to); got != "protocol unreachable" {
		f.Error(got)
	}
	for n := range golden {
		if got := unreachable(golden[:n], to); got != "" {
			f.Errorf("of %d octets: %s", n, got)
		}
	}
	if got := unreachable(golden, netip.MustParseAddr("198.51.100.8")); got != "" {
		f.Errorf("of another host: %s", got)
	}
	f.Fuzz(func(t *testing.T, b []byte) { unreachable(b, to) })
}

// What a peer says of its own accord does not show that it hears us.
func TestAnswers(t *testing.T) {
	for frame, want := range map[string]bool{
		"\xff\x03\xc0\x21\x01\x01\x00\x04": false, "\xff\x03\xc0\x21\x02\x01\x00\x04": true, "\xc0\x21\x07\x01\x00\x08\xf7\x01\x00\x04": true,
		"": false, "\xff\x03\xc0\x21": false, "\xff\x03\xc2\x23\x02\x01\x00\x04": false,
	} {
		if answers([]byte(frame)) != want {
			t.Errorf("%x", frame)
		}
	}
}
