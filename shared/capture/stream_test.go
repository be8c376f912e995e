package capture

import (
	"bytes"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// cutAt gives the stream in pieces of n octets and returns the segments.
func cutAt(all map[path]*stream, stream []byte, n int) []packet {
	var out []packet
	for len(stream) > 0 {
		n = min(n, len(stream))
		out = append(out, segments(all, packet{path: path{pac, pns}}, stream[:n])...)
		stream = stream[n:]
	}
	return out
}

func TestOneMessageASegmentHoweverTCPCuts(t *testing.T) {
	messages := [][]byte{startRequest, callRequest, connected, linkInfo}
	for n := 1; n < 500; n++ {
		out := cutAt(make(map[path]*stream), bytes.Join(messages, nil), n)
		if len(out) != len(messages) {
			t.Fatalf("pieces of %d: %d segments", n, len(out))
		}
		seq := uint32(1)
		for i, p := range out {
			if !bytes.Equal(p.data, messages[i]) || p.seq != seq || p.ack != 1 {
				t.Fatalf("pieces of %d: segment %d is %+v", n, i, p)
			}
			seq += uint32(len(p.data))
		}
	}
}

func TestWhatIsNotAMessageGoesOn(t *testing.T) {
	for _, length := range []int{0, 1, 7, 65535} {
		b := append([]byte(nil), startRequest...)
		b[0], b[1] = byte(length>>8), byte(length)
		out := cutAt(make(map[path]*stream), b, 50)
		var all []byte
		for _, p := range out {
			all = append(all, p.data...)
		}
		if len(out) == 0 || len(all) < len(b)-8 {
			t.Errorf("length field %d: %d of %d octets", length, len(all), len(b))
		}
	}
	garbage := bytes.Repeat([]byte("HTTP"), 1000)
	if out := segments(make(map[path]*stream), packet{path: path{pac, pns}}, garbage); len(out) != 3 {
		t.Errorf("%d segments", len(out))
	}
}

func TestCloseWritesWhatIsLeftAndForgets(t *testing.T) {
	all := make(map[path]*stream)
	segments(all, packet{path: path{pac, pns}}, startRequest[:100])
	out := segments(all, packet{path: path{pac, pns}}, nil)
	if len(out) != 2 || len(out[0].data) != 100 || !out[1].end || out[1].seq != 101 {
		t.Errorf("%+v", out)
	}
	if len(all) != 0 || segments(all, packet{path: path{pns, pac}}, nil) != nil {
		t.Error("the connection is remembered")
	}
}

// TestSequenceNumbers walks through all segments as a TCP would.
func TestSequenceNumbers(t *testing.T) {
	file, _ := during(t, Filter{}, Limit{}, whole)
	next := map[string]uint32{}
	var flags []string
	for _, p := range read(t, file) {
		ip := gopacket.NewPacket(p.data, layers.LayerTypeIPv4, gopacket.Default)
		s, ok := ip.TransportLayer().(*layers.TCP)
		if p.intf != "tunnel" || !ok {
			continue
		}
		from, to := ip.NetworkLayer().NetworkFlow().Src().String(), ip.NetworkLayer().NetworkFlow().Dst().String()
		if !s.SYN && (s.Seq != next[from] || s.Ack != next[to]) {
			t.Errorf("%s: seq %d ack %d, expected %d and %d", from, s.Seq, s.Ack, next[from], next[to])
		}
		next[from] = s.Seq + uint32(len(s.Payload))
		if s.SYN || s.FIN {
			next[from]++
			flags = append(flags, from)
		}
		if sum(sum(0, []byte{2, 1, 1, 60, 198, 51, 100, 1, 0, 6, byte(len(p.data[20:]) >> 8), byte(len(p.data[20:]))}), p.data[20:]) != 0xFFFF || sum(0, p.data[:20]) != 0xFFFF {
			t.Errorf("wrong checksum: % x", p.data)
		}
	}
	if len(flags) != 4 || flags[0] != "198.51.100.1" || flags[1] != "2.1.1.60" {
		t.Errorf("SYN and FIN from %v", flags)
	}
}

func FuzzSegments(f *testing.F) {
	f.Add(startRequest, 7)
	f.Add([]byte{0, 12, 0, 1, 0x1A, 0x2B, 0x3C, 0x4D, 0, 5, 0, 0}, 3)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		all := make(map[path]*stream)
		out := append(cutAt(all, b, max(n, 1)), segments(all, packet{path: path{pac, pns}}, nil)...)
		var again []byte
		for _, p := range out {
			again = append(again, p.data...)
		}
		if !bytes.Equal(b, again) {
			t.Errorf("% x became % x", b, again)
		}
	})
}
