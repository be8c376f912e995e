package tun

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/wire"
)

// A probe as RFC 5227 §2.1.1 has it: the sender's protocol address is zero.
const probeFrame = "ffffffffffff" + "020000000001" + "0806" + "0001" + "0800" + "0604" + "0001" +
	"020000000001" + "00000000" + "000000000000" + "02010181"

func frame(t testing.TB, text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestARP(t *testing.T) {
	golden := frame(t, probeFrame)
	want := arpPacket{Op: arpRequest, SenderHost: [6]byte{2, 0, 0, 0, 0, 1}, Sender: netip.IPv4Unspecified(), Target: netip.MustParseAddr("2.1.1.129")}
	if got := want.append(nil); !bytes.Equal(got, golden) {
		t.Errorf("%x, want %x", got, golden)
	}
	if got, err := parseARP(golden); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for n := range golden {
		if _, err := parseARP(golden[:n]); !errors.Is(err, wire.ErrShort) {
			t.Errorf("first %d octets: %v", n, err)
		}
	}
	for _, at := range []int{12, 14, 16, 18, 19} { // each type and length
		b := bytes.Clone(golden)
		b[at]++
		if _, err := parseARP(b); err == nil {
			t.Errorf("octet %d is %d: no error", at, b[at])
		}
	}
}

func FuzzParseARP(f *testing.F) {
	f.Add(frame(f, probeFrame))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parseARP(b)
		if err != nil {
			return
		}
		if again, err := parseARP(p.append(nil)); err != nil || again != p {
			t.Errorf("%+v, again %+v, %v", p, again, err)
		}
	})
}

// A probe asks three times, and an answer, a use or a probe of the address by
// somebody else ends it; what we say ourselves does not.
func TestProbe(t *testing.T) {
	theirs, ours := [6]byte{2, 0, 0, 0, 0, 9}, [6]byte{2, 0, 0, 0, 0, 1}
	her, other := netip.MustParseAddr("2.1.1.129"), netip.MustParseAddr("2.1.1.130")
	zero := netip.IPv4Unspecified()
	for _, c := range []struct {
		name   string
		answer arpPacket
		owner  string
	}{
		{"reply", arpPacket{Op: arpReply, SenderHost: theirs, Sender: her}, "02:00:00:00:00:09"},
		{"announcement", arpPacket{Op: arpRequest, SenderHost: theirs, Sender: her, Target: her}, "02:00:00:00:00:09"},
		{"another's probe", arpPacket{Op: arpRequest, SenderHost: theirs, Sender: zero, Target: her}, "02:00:00:00:00:09"},
		{"our own probe", arpPacket{Op: arpRequest, SenderHost: ours, Sender: zero, Target: her}, ""},
		{"a question", arpPacket{Op: arpRequest, SenderHost: theirs, Sender: other, Target: her}, ""},
		{"another's address", arpPacket{Op: arpReply, SenderHost: theirs, Sender: other}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cable, host := net.Pipe()
				p := &arpPort{host: ours, file: host, probes: make(map[netip.Addr]chan<- string)}
				read := make(chan error)
				go func() { read <- p.read() }()
				owner := p.probe(her)
				b := make([]byte, 100)
				for n := range probes {
					k, err := cable.Read(b)
					if got, bad := parseARP(b[:k]); err != nil || bad != nil || got.Target != her || got.Sender != zero {
						t.Errorf("probe %d: %+v, %v, %v", n+1, got, err, bad)
					}
					if n == 1 {
						if !c.answer.Target.IsValid() {
							c.answer.Target = zero
						}
						cable.Write(c.answer.append(nil))
					}
				}
				if got := <-owner; got != c.owner {
					t.Errorf("owner %q, want %q", got, c.owner)
				}
				host.Close()
				if err := <-read; err == nil {
					t.Error("read ended without an error")
				}
				time.Sleep(probeEvery) // of the last probe
			})
		})
	}
}
