package ras

import (
	"context"
	"testing"
	"time"

	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/peer/peertest"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/pptp"
	"carrier/shared/quirk"
)

// A sieve takes each GRE packet of a call, as a peer whose own acknowledgements
// are its business.
type sieve chan gre.Header

func (s sieve) Receive(packets [][]byte) {
	for _, p := range packets {
		if h, _, err := gre.Parse(p); err == nil {
			s <- h
		}
	}
}

func (sieve) Wake(time.Time) {}

// find waits for a packet of a kind.
func (s sieve) find(within time.Duration, is func(gre.Header) bool) bool {
	limit := time.After(within)
	for {
		select {
		case h := <-s:
			if is(h) {
				return true
			}
		case <-limit:
			return false
		}
	}
}

// patience bounds what must come, and brief what must not: data that wait for the
// window wait longer than a test.
const patience, brief = 10 * time.Second, 200 * time.Millisecond

// A peer sends LCP Configure-Requests and acknowledges nothing: they are answered
// while the window has room, and four more times. The peer's own window of 4 begins at
// 2, and LCP's own request is the first.
func TestWindowOfAPeer(t *testing.T) {
	const full, none, narrow = 5, 8, 4
	for _, tt := range []struct {
		name, from, vendor string
		said               quirk.Window
		answers            int
	}{
		{"a PAC", pacAt, "Carrier", 0, full},
		{"a PAC that has none", pacAt, "Carrier", quirk.NoWindow, none},
		{"a PAC with one of our own", pacAt, "Carrier", 1, narrow},
		{"a PAC that is Linux", pacAt, "cananian", 0, none},
		{"a PAC that is Linux, and has one all the same", pacAt, "cananian", 1, narrow},
		{"a client", clientAt, "Carrier", 0, none},
		{"a client that has one", clientAt, "Carrier", quirk.Full, full},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, _, _, to := serve(t)
			s := r.use.Load().Settings
			s.Link.Restart = time.Hour
			s.PACs[0].Remote.Settings.Window, s.Clients.Remote.Settings.Window = tt.said, tt.said
			r.Use(s)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			at := peer.Remote{Addr: peertest.Rename(t, tt.from, to.Addr(), false, "local", tt.vendor), Transport: peer.UDP, UDPPort: to.UDPAddr().Port()}
			conn, err := endpoint(t, "local", tt.from, nobody{}).Dial(ctx, at)
			if err != nil {
				t.Fatal(err)
			}
			const window, delay = 4, 0xFFFF // the longest time-out that there is
			var call *peer.Call
			if tt.from == clientAt {
				call, err = conn.Place(ctx, pptp.OutgoingCallRequest{Window: window, Delay: delay})
			} else {
				call, err = conn.Offer(ctx, pptp.IncomingCallRequest{})
			}
			if err != nil {
				t.Fatal(err)
			}
			came := make(sieve, 100)
			call.Bind(came)
			call.Connected(pptp.IncomingCallConnected{Window: window, Delay: delay})
			data := func(h gre.Header) bool { return h.HasSeq }
			if !came.find(patience, data) {
				t.Fatal("LCP asks for nothing")
			}
			for seq := range uint32(none) {
				request := ppp.Append(nil, ppp.LCP, cp.Packet{Code: cp.ConfigureRequest, ID: uint8(seq)}.Append(nil))
				if err := call.Send(gre.Header{CallID: call.PeerID(), HasSeq: true, Seq: seq}.Append(nil, request)); err != nil {
					t.Fatal(err)
				}
				if answered := int(seq) < tt.answers; answered && !came.find(patience, data) {
					t.Errorf("request %d is not answered", seq+1)
				} else if !answered && (!came.find(patience, func(h gre.Header) bool { return !h.HasSeq && h.HasAck && h.Ack == seq }) || came.find(brief, data)) {
					t.Errorf("request %d is answered, or is not acknowledged alone", seq+1)
				}
			}
		})
	}
}
