package ras

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/guard"
	"carrier/pns/internal/session"
	"carrier/pns/internal/users"
	"carrier/shared/peer"
	"carrier/shared/record"
)

// A road is where a call comes from, and its control half: the PAC ends it as
// soon as it is asked to.
type road struct {
	pac    string
	at     netip.AddrPort
	events chan peer.Event
}

func (r *road) Remote() peer.Remote       { return peer.Remote{Name: r.pac} }
func (r *road) PeerAddr() netip.AddrPort  { return r.at }
func (r *road) Events() <-chan peer.Event { return r.events }
func (r *road) SetLinkInfo(_, _ uint32)   {}
func (r *road) Clear()                    { r.events <- peer.Event{Kind: peer.Ended}; close(r.events) }

// A reload names the PACs that may bring calls from then on, and what those of
// the others get; or none, for no limit.
type reload struct {
	pacs  string
	drain time.Duration
}

const none time.Duration = -1

// A call of a PAC that reloads take away and bring back ends when the first limit
// is over that one of them gave it while its PAC was away, and with no other.
func TestACallIsGivenTimeByTheReloadThatTakesItsPAC(t *testing.T) {
	const m = time.Minute
	at := map[string]string{"atlanta": "192.0.2.1", "macon": "192.0.2.2"}
	for _, tt := range []struct {
		reloads []reload // a second apart
		want    string   // when the calls of atlanta and macon end, after the first
	}{
		{[]reload{{"macon", m}}, "1m0s never"},
		{[]reload{{"macon", none}}, "never never"},
		{[]reload{{"macon", m}, {"macon atlanta", m}}, "never never"},
		{[]reload{{"macon", m}, {"macon atlanta", m}, {"macon", 10 * m}}, "10m2s never"},
		{[]reload{{"macon", m}, {"macon atlanta", m}, {"macon", none}}, "never never"},
		{[]reload{{"macon", m}, {"", 10 * m}}, "1m0s 10m1s"},
		{[]reload{{"macon", 10 * m}, {"", m}}, "1m1s 1m1s"},
		{[]reload{{"macon", m}, {"", none}}, "1m0s never"},
		{[]reload{{"macon", none}, {"macon", 0}}, "1s never"},
	} {
		t.Run(fmt.Sprint(tt.reloads), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { givesTime(t, at, tt.reloads, tt.want) })
		})
	}
}

func givesTime(t *testing.T, at map[string]string, reloads []reload, want string) {
	who, err := users.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := New(Options{Settings: Settings{Users: who}, Guard: guard.New(guard.Policy{}), Log: slog.New(slog.DiscardHandler)})
	began := time.Now()
	ends := map[string]string{"atlanta": "never", "macon": "never"}
	for name, addr := range at {
		way := &road{pac: name, at: netip.MustParseAddrPort(addr + ":1723"), events: make(chan peer.Event, 1)}
		s := session.New(session.Options{Common: r.use.Load().commons[0], Call: way, Counters: new(record.Counters)}, record.Call{})
		call := new(peer.Call)
		r.running[call] = &visit{Session: s, from: way}
		go func() {
			s.Run(t.Context())
			r.mu.Lock()
			defer r.mu.Unlock()
			delete(r.running, call)
			ends[name] = fmt.Sprintf("%v by %v", time.Since(began), s.Record().Reason)
		}()
	}
	for _, l := range reloads {
		next := Settings{Users: who, Drain: l.drain, Drains: l.drain != none}
		for _, name := range strings.Fields(l.pacs) {
			prefix := netip.PrefixFrom(netip.MustParseAddr(at[name]), 32)
			next.PACs = append(next.PACs, PAC{Name: name, From: []netip.Prefix{prefix}})
		}
		r.Use(next)
		time.Sleep(time.Second)
	}
	time.Sleep(24 * time.Hour)
	r.mu.Lock()
	got := strings.ReplaceAll(ends["atlanta"]+" "+ends["macon"], fmt.Sprint(" by ", record.Drained), "")
	r.mu.Unlock()
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Calls of PACs may be ones to call back; a user's own machine has no telephone.
func TestWhoIsCalledBack(t *testing.T) {
	r, _, _ := server(t)
	s := r.use.Load().Settings
	s.Link.LCP.CallsBack = true
	s.PACs = append(s.PACs, PAC{Name: "boston", MRU: 1200})
	r.Use(s)
	u := r.use.Load()
	if pac, boston, client := u.commons[0].Link.LCP, u.commons[1200].Link.LCP, u.clients.Link.LCP; !pac.CallsBack || !boston.CallsBack || client.CallsBack {
		t.Errorf("PACs %v and %v, clients %v", pac.CallsBack, boston.CallsBack, client.CallsBack)
	}
}
