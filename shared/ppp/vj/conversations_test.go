package vj

import (
	"errors"
	"io"
	"os"
	"testing"

	"github.com/google/gopacket/pcapgo"

	"carrier/shared/ppp"
)

// conversations are what two Linux kernels said to each other, written by
//
//	go test -tags netns -run TestKernelsTalk ./shared/ppp/vj -record
//
// and what becomes of their packets and headers with 16 slots.
var conversations = []struct {
	file                    string
	compressed, whole, asIP int
	before, after           int // octets of headers, in all
}{
	{"testdata/kernels.pcap", 166, 9, 12, 7552, 1543},
	{"testdata/timestamps.pcap", 158, 17, 12, 9760, 2107},
}

// packets reads a conversation; a is whether it was said by the end that called.
func packets(t testing.TB, file string, f func(a bool, packet []byte)) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	r, err := pcapgo.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	for {
		packet, _, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f(packet[15] == 1, packet)
	}
}

func TestRecordedConversations(t *testing.T) {
	for _, c := range conversations {
		for _, s := range []Slots{{16, true}, {16, false}, {3, true}, {2, true}, {1, false}} {
			here, there := newLink(t, s), newLink(t, s)
			count := map[ppp.Protocol]int{}
			before, after := 0, 0
			packets(t, c.file, func(a bool, packet []byte) {
				l := there
				if a {
					l = here
				}
				p, info := l.pass(packet)
				count[p]++
				_, all, _, _ := measure(packet)
				before += all
				after += all - len(packet) + len(info)
			})
			if s != (Slots{16, true}) {
				continue
			}
			if count[ppp.VJCompressed] != c.compressed || count[ppp.VJUncompressed] != c.whole || count[ppp.IPv4] != c.asIP || before != c.before || after != c.after {
				t.Errorf("%s: %v, headers of %d octets became %d", c.file, count, before, after)
			}
		}
	}
}
