package relay

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/gre"
	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/queue"
	"carrier/shared/record"
)

// A path is a line of so many octets a second in front of a caller, and behind
// it a PNS far away that sends a download and a ping now and then. It lives in
// a synctest bubble.
type path struct {
	relay   *Relay
	rate    int
	delay   time.Duration // of the tunnel, one way
	heeds   bool          // the PNS keeps to the window
	packet  int           // octets of the download's
	timer   *time.Timer
	written chan []byte
	over    chan struct{}

	mu      sync.Mutex
	gre     gre.Session
	queue   queue.Queue
	under   int // of the download, packets that have not arrived
	pings   map[uint32]time.Time
	trips   []time.Duration // of pings, to the caller
	arrived int             // octets of frames at the caller
}

func (p *path) Read([]byte) (int, error) { <-p.over; return 0, io.EOF }
func (p *path) Write(b []byte) (int, error) {
	p.written <- bytes.Clone(b)
	return len(b), nil
}
func (p *path) SetReadDeadline(time.Time) error  { return nil }
func (p *path) SetWriteDeadline(time.Time) error { return nil }
func (p *path) Unsent() (int, bool)              { return 0, false } // a modem behind a network

// line carries what was written, and hears it as the caller.
func (p *path) line() {
	var d hdlc.Decoder
	for b := range p.written {
		time.Sleep(time.Duration(len(b)) * time.Second / time.Duration(p.rate))
		p.mu.Lock()
		d.Push(b, func(frame []byte, _ error) { p.heard(frame) })
		p.mu.Unlock()
		p.more()
	}
}

func (p *path) heard(frame []byte) {
	p.arrived += len(frame)
	number := binary.BigEndian.Uint32(frame[28:])
	if sent, ok := p.pings[number]; ok && frame[4+9] == 1 {
		p.trips = append(p.trips, time.Since(sent))
		return
	}
	p.under--
}

// Send takes what goes to the PNS.
func (p *path) Send(packets ...[]byte) error {
	for _, b := range packets {
		b := bytes.Clone(b)
		time.AfterFunc(p.delay, func() {
			p.mu.Lock()
			_, _ = p.gre.Receive(time.Now(), b, func([]byte) {})
			p.mu.Unlock()
			p.more()
		})
	}
	return nil
}

func (p *path) WakeAt(t time.Time) {
	if p.timer != nil {
		p.timer.Stop()
	}
	if !t.IsZero() {
		p.timer = time.AfterFunc(time.Until(t), func() { p.relay.Wake(time.Now()) })
	}
}

// frame is an IPv4 packet of a protocol with a number.
func numbered(protocol byte, octets int, number uint32) []byte {
	b := make([]byte, octets)
	b[0], b[9] = 0x45, protocol
	binary.BigEndian.PutUint32(b[24:], number)
	return ppp.Append(nil, ppp.IPv4, b)
}

// more is the PNS: a download of which 16 packets are under way, and the queue
// and the window of flow.
func (p *path) more() {
	p.mu.Lock()
	now := time.Now()
	p.gre.Expire(now, func([]byte) {})
	lost := p.queue.Stats().Early + p.queue.Stats().Full
	for p.under < 16 {
		p.queue.Push(now, numbered(6, p.packet, 0))
		p.under++
	}
	var out [][]byte
	for !p.heeds || p.gre.Ready() {
		pop := p.queue.Pop
		if p.heeds && p.gre.LastSlot() {
			pop = p.queue.PopSparse
		}
		f := pop(now)
		if f == nil {
			break
		}
		out = append(out, p.gre.Append(now, nil, f.Octets))
		f.Free()
	}
	p.under -= int(p.queue.Stats().Early + p.queue.Stats().Full - lost)
	p.mu.Unlock()
	time.AfterFunc(p.delay, func() { p.relay.Receive(out) })
}

// run is a minute of it.
func (p *path) run(t *testing.T, o Options) (median, late time.Duration, used float64) {
	p.written, p.over, p.pings = make(chan []byte, 1<<16), make(chan struct{}), map[uint32]time.Time{}
	window := 0
	if p.heeds {
		window = int(Window(o.Rate))
	}
	p.gre = gre.NewSession(gre.Options{Windowing: p.heeds, SendWindow: window}, time.Now())
	p.queue.MaxFrames = 64
	p.queue.SetRate(o.Rate / 8)
	var count record.Counters
	o.Line, o.Tunnel, o.Counters, o.Errors, o.Packets = p, p, &count, new(LineErrors), new(gre.Counters)
	p.relay = New(o)
	p.relay.lcp.open, p.relay.lcp.transmit = true, 0
	ran := make(chan error)
	go func() { ran <- runUntil(t.Context(), p.relay) }()
	var line sync.WaitGroup
	line.Go(p.line)
	p.more()
	time.Sleep(20 * time.Second)
	p.mu.Lock()
	p.arrived, p.trips = 0, nil
	p.mu.Unlock()
	const pings = 200
	for i := range uint32(pings) {
		p.mu.Lock()
		p.pings[i+1] = time.Now()
		p.queue.Push(time.Now(), numbered(1, 84, i+1))
		p.mu.Unlock()
		p.more()
		time.Sleep(311 * time.Millisecond)
	}
	p.mu.Lock()
	used = float64(p.arrived) / (pings * 0.311) / float64(p.rate)
	p.mu.Unlock()
	time.Sleep(20 * time.Second)
	close(p.over)
	<-ran
	close(p.written)
	line.Wait()
	time.Sleep(time.Second) // what is on its way in the tunnel
	if len(p.trips) < pings*95/100 {
		t.Errorf("%d pings of %d arrived", len(p.trips), pings)
	}
	slices.Sort(p.trips)
	return p.trips[len(p.trips)/2], p.trips[len(p.trips)*99/100], used
}

// TestAPingBesideADownload has the times from the PNS to the caller: what a
// packet of the download takes, and the ping itself.
func TestAPingBesideADownload(t *testing.T) {
	const rate = 28800
	for _, tt := range []struct {
		name         string
		delay        time.Duration
		packet       int
		heeds        bool
		unpaced      bool
		median, late time.Duration // at most, and of those unpaced at least
	}{
		{"", time.Millisecond, 576, true, false, 140 * time.Millisecond, 220 * time.Millisecond},
		{"", 50 * time.Millisecond, 576, true, false, 190 * time.Millisecond, 270 * time.Millisecond},
		{"no clamp", time.Millisecond, 1400, true, false, 400 * time.Millisecond, 650 * time.Millisecond},
		{"no window", time.Millisecond, 576, false, false, 140 * time.Millisecond, 220 * time.Millisecond},
		{"no pacing", time.Millisecond, 1400, false, true, time.Second, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := &path{rate: rate / 8, delay: tt.delay, packet: tt.packet, heeds: tt.heeds}
			median, late, used := p.run(t, Options{Rate: rate, Unpaced: tt.unpaced})
			t.Logf("%s %v away, packets of %d: median %v, 99th percentile %v, %.1f %% of the line", tt.name, tt.delay, tt.packet, median, late, 100*used)
			if tt.unpaced {
				if median < tt.median {
					t.Error("pacing is for nothing")
				}
			} else if median > tt.median || late > tt.late || used < 0.95 {
				t.Errorf("want %v, %v and 95 %%", tt.median, tt.late)
			}
		})
	}
}
