package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

type seen struct {
	intf string
	data []byte
}

// during returns what a capture wrote while show ran, and what it logged.
func during(t *testing.T, f Filter, l Limit, show func(*Hub)) (file []byte, log string) {
	t.Helper()
	var out, notes bytes.Buffer
	h := NewHub(slog.New(slog.NewTextHandler(&notes, nil)))
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx, f, &out, l) }()
		synctest.Wait()
		show(h)
		synctest.Wait()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	if !h.idle() {
		t.Error("the hub still thinks that somebody listens")
	}
	return out.Bytes(), notes.String()
}

func read(t *testing.T, file []byte) []seen {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Fatal(err)
	}
	var all []seen
	for {
		data, ci, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		intf, err := r.Interface(ci.InterfaceIndex)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, seen{intf.Name, data})
	}
}

func TestWholeCall(t *testing.T) {
	file, log := during(t, Filter{}, Limit{}, whole)
	var frames, gre []string
	var control []byte
	for _, p := range read(t, file) {
		if p.intf == name {
			frames = append(frames, fmt.Sprintf("%x", p.data))
			continue
		}
		ip := gopacket.NewPacket(p.data, layers.LayerTypeIPv4, gopacket.Default)
		header, ok := ip.NetworkLayer().(*layers.IPv4)
		if p.intf != "tunnel" || !ok {
			t.Fatalf("%s: % x", p.intf, p.data)
		}
		if segment, ok := ip.TransportLayer().(*layers.TCP); ok {
			control = append(control, segment.Payload...)
		} else if header.Protocol == 47 {
			gre = append(gre, fmt.Sprintf("%v %x", header.SrcIP, header.Payload))
		}
	}
	want := [][2][]byte{{{0}, lcpRequest}, {{1}, lcpRequest}, {{0}, lcpAck}, {{1}, chapChallenge}, {{0}, chapResponse},
		{{0}, ipcpRequest}, {{1, 0xFF, 3}, ipcpBare}}
	for i, w := range want {
		if i >= len(frames) || frames[i] != fmt.Sprintf("%x%x", w[0], w[1]) {
			t.Fatalf("frame %d of %q", i, frames)
		}
	}
	if len(gre) != 2 || gre[0] != fmt.Sprintf("%v %x", pns.Addr(), grePacket(11, 0, lcpRequest)) || gre[1] != fmt.Sprintf("%v %x", pac.Addr(), grePacket(22, 0, lcpAck)) {
		t.Errorf("GRE %q", gre)
	}
	all := bytes.Join([][]byte{startRequest, startReply, callRequest, callReply, connected, linkInfo, linkInfo}, nil)
	if !bytes.Equal(control, all) {
		t.Errorf("control octets % x", control)
	}
	for _, want := range []string{`msg="capture started" capture=all`, `msg="capture ended" capture=all why=stopped packets=22 `, "lost=0"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
}

func TestFilters(t *testing.T) {
	other := func(h *Hub) {
		h.Name("atlanta/1", "bob", "dallas")
		h.PPP("atlanta/1", Received, lcpRequest)
		h.Control("dallas", pac, netip.MustParseAddrPort("203.0.113.9:1723"), startRequest)
		whole(h)
	}
	for _, tt := range []struct {
		filter         Filter
		frames, tunnel int // packets of this call, and of its tunnel
		rest           bool
	}{
		{Filter{}, 7, 15, true},
		{Filter{Call: name}, 7, 15, false},
		{Filter{User: "saran"}, 7, 15, false},
		{Filter{Peer: "denver"}, 7, 15, false},
		{Filter{User: "saran", Peer: "denver"}, 7, 15, false},
		{Filter{User: "saran", Peer: "dallas"}, 0, 0, false},
		{Filter{Call: "atlanta/9"}, 0, 0, false},
	} {
		file, _ := during(t, tt.filter, Limit{}, other)
		frames, tunnel, rest := 0, 0, false
		for _, p := range read(t, file) {
			switch {
			case p.intf == name:
				frames++
			case p.intf == "tunnel" && !bytes.Contains(p.data, netip.MustParseAddr("203.0.113.9").AsSlice()):
				tunnel++
			default:
				rest = true
			}
		}
		if frames != tt.frames || tunnel != tt.tunnel || rest != tt.rest {
			t.Errorf("%v: %d frames, %d of the tunnel, others %v", tt.filter, frames, tunnel, rest)
		}
	}
}

func TestACaptureKnowsTheCallsThatRun(t *testing.T) {
	h := NewHub(slog.New(slog.DiscardHandler))
	h.Name(name, "saran", "denver")
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var out bytes.Buffer
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx, Filter{User: "saran"}, &out, Limit{}) }()
		synctest.Wait()
		h.PPP(name, Sent, lcpRequest)
		h.Control("denver", pns, pac, callReply)
		synctest.Wait()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := len(read(t, out.Bytes())); n != 5 { // with the handshake
			t.Errorf("%d packets", n)
		}
	})
}

func TestLimit(t *testing.T) {
	for _, l := range []Limit{{Packets: 3}, {Octets: 300}} {
		file, log := during(t, Filter{}, l, func(h *Hub) {
			for range 10 {
				h.PPP(name, Sent, lcpRequest)
				synctest.Wait()
			}
		})
		if n := len(read(t, file)); n < 1 || n > 3 || !strings.Contains(log, `why="limit reached"`) {
			t.Errorf("%+v: %d packets\n%s", l, n, log)
		}
	}
}

// stuck is a reader that takes the file's header and then waits.
type stuck struct {
	bytes.Buffer
	writes int
	free   chan struct{}
}

func (s *stuck) Write(b []byte) (int, error) {
	if s.writes++; s.writes > 1 {
		<-s.free
	}
	return s.Buffer.Write(b)
}

func TestASlowReaderLosesPacketsOnly(t *testing.T) {
	var notes bytes.Buffer
	h := NewHub(slog.New(slog.NewTextHandler(&notes, nil)))
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		w := &stuck{free: make(chan struct{})}
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx, Filter{}, w, Limit{}) }()
		synctest.Wait()
		const sent = 3 * queuePackets
		for range sent {
			h.PPP(name, Sent, lcpRequest) // blocks never
		}
		stop()
		close(w.free)
		if err := <-done; err != nil {
			t.Error(err)
		}
		n := len(read(t, w.Bytes()))
		if want := fmt.Sprintf("lost=%d", sent-n); n < queuePackets || n == sent || !strings.Contains(notes.String(), want) {
			t.Errorf("%d packets, want %s in\n%s", n, want, notes.String())
		}
	})
}

func TestAReaderThatGoesEndsTheCapture(t *testing.T) {
	h := NewHub(slog.New(slog.DiscardHandler))
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- h.Run(t.Context(), Filter{}, w, Limit{}) }()
	if _, err := r.Read(make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	r.CloseWithError(io.ErrClosedPipe)
	if err := <-done; !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

func TestNoHubIsAHub(t *testing.T) {
	var h *Hub
	whole(h)
	idle := NewHub(slog.New(slog.DiscardHandler))
	if n := testing.AllocsPerRun(10, func() { idle.PPP(name, Sent, lcpAck) }); n != 0 {
		t.Errorf("%v allocations for a frame that nobody wants", n)
	}
}

func TestHeldPacketsAreBounded(t *testing.T) {
	c := newCapture(Filter{User: "saran"})
	for i := range 10 * heldCalls {
		for range 2 * heldPackets {
			c.ofCall(packet{call: fmt.Sprint(i), data: lcpAck}, identity{})
		}
	}
	n := 0
	for _, h := range c.held {
		n += len(h)
	}
	if n != heldCalls*heldPackets {
		t.Errorf("%d packets held", n)
	}
	c.name("1", identity{user: "bob"})
	c.forget("2")
	if len(c.held) != heldCalls-2 {
		t.Errorf("%d calls held", len(c.held))
	}
}
