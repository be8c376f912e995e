package app

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"carrier/pns/internal/callback"
	"carrier/pns/internal/dial"
	"carrier/pns/internal/flow"
	"carrier/pns/internal/guard"
	"carrier/pns/internal/lan/tun"
	"carrier/pns/internal/lan/userspace"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/ras"
	"carrier/pns/internal/session"
	"carrier/shared/peer"
	"carrier/shared/record"
)

// metrics are what Prometheus sees of the program. Label values come from the
// configuration and from our own lists only: nobody outside can multiply them.
type metrics struct {
	registry *prometheus.Registry
	ended    *prometheus.CounterVec
	placed   *prometheus.CounterVec
	duration prometheus.Histogram
	dialled  *prometheus.CounterVec

	// Read at each scrape.
	ras       *ras.RAS
	dial      *dial.Dialler
	pools     *pool.Pools
	guard     *guard.Guard
	desk      *callback.Desk
	callbacks callback.Stats
	sessions  session.Stats
	flows     flow.Stats
	lan       userspace.Stats
	tun       *tun.Stats // nil: the LAN is in user space
	peer      peer.Stats
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "pns_calls_total",
			Help: "Calls that ended, by the PAC that brought them and outcome."}, []string{"pac", "outcome"}),
		placed: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "pns_outgoing_calls_total",
			Help: "Calls that PACs were asked to dial and that ended, by PAC and outcome."}, []string{"pac", "outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "pns_call_duration_seconds",
			Help:    "How long calls lasted.",
			Buckets: []float64{1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400}}),
	}
	m.dialled = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "pns_dial_attempts_total",
		Help: "Attempts at the calls that are to be open, once they are over, by what came of them: online, or failed."}, []string{"dial", "result"})
	m.registry.MustRegister(m.ended, m.placed, m.duration, m.dialled, scraped{m.scrape},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Ended makes metrics a ras.Meter.
func (m *metrics) Ended(pac string, c record.Call) {
	if c.Outgoing {
		m.placed.WithLabelValues(pac, c.Reason.String()).Inc()
	} else {
		m.ended.WithLabelValues(pac, c.Reason.String()).Inc()
	}
	m.duration.Observe(c.Ended.Sub(c.Started).Seconds())
}

// pacKnown shows a PAC's outcomes as zeros before its first call.
func (m *metrics) pacKnown(name string) {
	for _, r := range record.EndReasons() {
		if r != record.Running {
			m.ended.WithLabelValues(name, r.String())
		}
	}
}

// numberKnown shows the outcomes of numbers that a PAC dials as zeros before the
// first one.
func (m *metrics) numberKnown(pac string) {
	for _, r := range record.EndReasons() {
		if r != record.Running {
			m.placed.WithLabelValues(pac, r.String())
		}
	}
}

// Dialled makes metrics a dial.Meter.
func (m *metrics) Dialled(entry string, c record.Call) {
	result := failed
	if !c.Up.IsZero() {
		result = online
	}
	m.dialled.WithLabelValues(entry, result).Inc()
}

// What came of an attempt.
const online, failed = "online", "failed"

// dialKnown shows what became of an entry's attempts as zeros before the first.
func (m *metrics) dialKnown(name string) {
	m.dialled.WithLabelValues(name, online)
	m.dialled.WithLabelValues(name, failed)
}

var (
	dialUp       = desc("pns_dial_up", "Whether a call that is to be open is online: 1 or 0.", "dial")
	takesCalls   = desc("pns_takes_calls", "Whether calls are taken now: 1 or 0.")
	callsActive  = desc("pns_calls_active", "Calls that run, in any stage.")
	authTotal    = desc("pns_auth_total", "Authentications by method and outcome.", "method", "outcome")
	lockouts     = desc("pns_lockouts_total", "Times that somebody was locked out: a user from one source, or a source as a whole.", "kind")
	lockedOut    = desc("pns_locked_out", "Who is locked out now.", "kind")
	addresses    = desc("pns_addresses", "Addresses for callers by pool and state.", "pool", "state")
	callbacks    = desc("pns_callbacks_total", "Callers who were to be called back, by what became of it.", "outcome")
	callbacksDue = desc("pns_callbacks_owed", "Callers who are to be called back, and were not reached yet.")
	grePackets   = desc("pns_gre_packets_total", "GRE packets by direction and disposition.", "direction", "disposition")
	greLost      = desc("pns_gre_lost_total", "GRE packets from PACs that never came, by their Sequence Numbers.")
	greTimeOuts  = desc("pns_gre_time_outs_total", "Acknowledgements of GRE packets that did not come in time.")
	dropped      = desc("pns_frames_dropped_total", "Frames that went no further, by reason.", "reason")
	historyLost  = desc("pns_ccp_histories_lost_total", "Times that what callers' compressed or encrypted data depend on was lost.")
	resetsTotal  = desc("pns_ccp_resets_total", "CCP Reset-Requests, sent to callers or obeyed.", "direction")
	lossy        = desc("pns_lossy_reports_total", "Link-Quality-Reports of lines that lose more than ppp.quality_loss.")
	clashes      = desc("pns_address_clashes_total", "Addresses for callers that a host of the LAN had already.")
	lanPackets   = desc("pns_lan_packets_total", "IP packets between callers and the LAN, by what became of them.", "disposition")
	lanMade      = desc("pns_lan_interface_lost_total", "Times that the TUN interface went and was made anew.")
	lanOpen      = desc("pns_lan_open", "Connections, UDP flows and pings that callers have open through this host.", "kind")
	controlConns = desc("pns_control_connections", "Control connections by state.", "state")
	controlEnded = desc("pns_control_connections_failed_total", "Control connections that came to nothing, by why.", "why")
	callsDenied  = desc("pns_calls_denied_total", "Calls that were refused because of a limit, before anything was made of them, by which.", "limit")
)

// scrape reads what is counted elsewhere.
func (m *metrics) scrape(gauge, counter emit) {
	takes := 1.0
	if m.ras.Closed() != nil {
		takes = 0
	}
	gauge(takesCalls, takes)
	gauge(callsActive, float64(len(m.ras.Running())+len(m.dial.Running())))
	for _, d := range m.dial.States() {
		up := 0.0
		if d.Doing == dial.Online {
			up = 1
		}
		gauge(dialUp, up, d.Name)
	}
	m.sessions.Auth(func(method, outcome string, n uint64) { counter(authTotal, float64(n), method, outcome) })
	m.scrapeGuard(gauge, counter)
	m.scrapePools(gauge, counter)
	gauge(callbacksDue, float64(len(m.desk.Owed())))
	for outcome, n := range map[string]*atomic.Uint64{"rung": &m.callbacks.Paid, "replaced": &m.callbacks.Replaced, "given-up": &m.callbacks.GivenUp} {
		counter(callbacks, float64(n.Load()), outcome)
	}
	packet := func(direction, disposition string, n uint64) {
		counter(grePackets, float64(n), direction, disposition)
	}
	m.flows.GRE.Packets(packet)
	m.peer.Packets(packet)
	counter(greLost, float64(m.flows.GRE.Lost.Load()))
	counter(greTimeOuts, float64(m.flows.GRE.TimeOuts.Load()))
	m.flows.Dropped(func(reason string, n uint64) { counter(dropped, float64(n), reason) })
	resets := &m.flows.Resets
	counter(historyLost, float64(resets.Lost.Load()))
	counter(resetsTotal, float64(resets.Asked.Load()), "sent")
	counter(resetsTotal, float64(resets.Obeyed.Load()), "obeyed")
	m.scrapeLAN(gauge, counter)
	m.peer.States(func(state string, n int64) { gauge(controlConns, float64(n), state) })
	m.peer.Failures(func(why string, n uint64) { counter(controlEnded, float64(n), why) })
	m.peer.Denied(func(limit string, n uint64) { counter(callsDenied, float64(n), limit) })
}

func (m *metrics) scrapeGuard(gauge, counter emit) {
	m.guard.Made(func(kind string, n uint64) { counter(lockouts, float64(n), kind) })
	users, sources := 0, 0
	for _, l := range m.guard.Locks(time.Now()) {
		if l.User == "" {
			sources++
		} else {
			users++
		}
	}
	gauge(lockedOut, float64(users), guard.UserSource.String())
	gauge(lockedOut, float64(sources), guard.WholeSource.String())
}

func (m *metrics) scrapePools(gauge, counter emit) {
	fixed := m.pools.Stats(func(pool string, s pool.Stats) {
		gauge(addresses, float64(s.Reserved), pool, "reserved")
		if s.DHCP { // it is never full
			gauge(addresses, float64(s.Used), pool, "leased")
			return
		}
		gauge(addresses, float64(s.Used), pool, "used")
		gauge(addresses, float64(s.Free), pool, "free")
		gauge(addresses, float64(s.Avoided), pool, "avoided")
	})
	gauge(addresses, float64(fixed), "fixed", "used")
	counter(lossy, float64(m.sessions.Lossy.Load()))
	counter(clashes, float64(m.sessions.Clashes.Load()))
}

func (m *metrics) scrapeLAN(gauge, counter emit) {
	if m.tun != nil {
		m.scrapeTUN(counter)
		return
	}
	counter(lanMade, 0)
	l := &m.lan
	for disposition, n := range map[string]*atomic.Uint64{"up": &l.Up, "down": &l.Down, "malformed": &l.Malformed,
		"unattached": &l.Unattached, "broadcast": &l.Broadcast, "too-big": &l.TooBig, "queue-full": &l.QueueFull,
		"prohibited": &l.Prohibited, "unreachable": &l.Unreachable, "limited": &l.Limited} {
		counter(lanPackets, float64(n.Load()), disposition)
	}
	gauge(lanOpen, float64(l.Connections.Load()), "connection")
	gauge(lanOpen, float64(l.Flows.Load()), "udp-flow")
	gauge(lanOpen, float64(l.Pings.Load()), "ping")
}

func (m *metrics) scrapeTUN(counter emit) {
	t := m.tun
	for disposition, n := range map[string]*atomic.Uint64{"up": &t.Up, "down": &t.Down, "malformed": &t.Malformed,
		"foreign": &t.Foreign, "unattached": &t.Unattached, "too-big": &t.TooBig, "unwritten": &t.Unwritten,
		"relayed-up": &t.Relay.Up, "relayed-down": &t.Relay.Down, "relay-rate": &t.Relay.Over} {
		counter(lanPackets, float64(n.Load()), disposition)
	}
	counter(lanMade, float64(t.Lost.Load()))
}
