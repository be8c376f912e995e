package app

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"carrier/pac/internal/bank"
	"carrier/pac/internal/call"
	"carrier/pac/internal/relay"
	"carrier/pac/internal/tunnel"
	"carrier/shared/gre"
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
	stages   *prometheus.HistogramVec

	// Read at each scrape.
	calls   *call.Calls
	banks   *bank.Banks
	errors  relay.LineErrors
	packets gre.Counters
	drops   relay.Drops
	tunnel  tunnel.Stats
	peer    peer.Stats
	conns   func() []peer.ConnState
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "pac_calls_total",
			Help: "Calls of callers that ended, by bank and outcome."}, []string{"bank", "outcome"}),
		placed: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "pac_outgoing_calls_total",
			Help: "Calls that PNSs had dialled and that ended, by PNS and outcome."}, []string{"pns", "outcome"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "pac_call_duration_seconds",
			Help:    "How long calls lasted, from the first ring, or from the request to dial.",
			Buckets: []float64{1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400}}),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "pac_call_setup_seconds",
			Help:    "How long calls stayed at each stage of their set-up.",
			Buckets: []float64{.01, .03, .1, .3, 1, 2, 3, 5, 10, 20, 45, 60}}, []string{"stage"}),
	}
	m.registry.MustRegister(m.ended, m.placed, m.duration, m.stages, scraped{m.scrape},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Stage makes metrics a call.Meter. Relaying is no set-up.
func (m *metrics) Stage(s record.Stage, took time.Duration) {
	if s != record.Relaying {
		m.stages.WithLabelValues(string(s)).Observe(took.Seconds())
	}
}

// Ended makes metrics a call.Meter.
func (m *metrics) Ended(bank string, c record.Call) {
	if c.Outgoing {
		m.placed.WithLabelValues(c.Peer, c.Reason.String()).Inc()
	} else {
		m.ended.WithLabelValues(bank, c.Reason.String()).Inc()
	}
	m.duration.Observe(c.Ended.Sub(c.Started).Seconds())
}

// bankKnown shows a bank's outcomes as zeros before the first call.
func (m *metrics) bankKnown(name string) {
	for _, r := range record.EndReasons() {
		if r != record.Running {
			m.ended.WithLabelValues(name, r.String())
		}
	}
}

// dialKnown shows the outcomes of calls that a PNS may have dialled as zeros before
// the first one.
func (m *metrics) dialKnown(pns string) {
	for _, r := range record.EndReasons() {
		if r != record.Running {
			m.placed.WithLabelValues(pns, r.String())
		}
	}
}

var (
	callsActive  = desc("pac_calls_active", "Calls that run, in any stage.")
	lines        = desc("pac_lines", "Lines by bank and state.", "bank", "state")
	tunnels      = desc("pac_tunnels", "Control connections by PNS and state.", "pns", "state")
	tunnelCalls  = desc("pac_tunnel_calls_total", "Calls offered to each PNS, by result.", "pns", "result")
	lineErrors   = desc("pac_line_errors_total", "Frames that lines spoiled, by kind.", "kind")
	dropped      = desc("pac_frames_dropped_total", "Frames that queues dropped, by reason.", "reason")
	grePackets   = desc("pac_gre_packets_total", "GRE packets by direction and disposition.", "direction", "disposition")
	greLost      = desc("pac_gre_lost_total", "GRE packets from PNSs that never came, by their Sequence Numbers.")
	greTimeOuts  = desc("pac_gre_time_outs_total", "Acknowledgements of GRE packets that did not come in time.")
	controlConns = desc("pac_control_connections", "Control connections by state.", "state")
	controlEnded = desc("pac_control_connections_failed_total", "Control connections that came to nothing, by why.", "why")
	callsDenied  = desc("pac_calls_denied_total", "Calls that were refused because of a limit, before anything was made of them, by which.", "limit")
)

// scrape reads what is counted elsewhere.
func (m *metrics) scrape(gauge, counter emit) {
	gauge(callsActive, float64(len(m.calls.Running())))
	for bank, states := range m.banks.States() {
		for state, n := range states {
			gauge(lines, float64(n), bank, state)
		}
	}
	type key struct{ pns, state string }
	conns := map[key]int{}
	placed := m.tunnel.Snapshot()
	for pns := range placed {
		conns[key{pns, "established"}] = 0
	}
	for _, c := range m.conns() {
		conns[key{c.Remote.Name, c.State}]++
	}
	for k, n := range conns {
		gauge(tunnels, float64(n), k.pns, k.state)
	}
	for pns, n := range placed {
		counter(tunnelCalls, float64(n.Placed), pns, "placed")
		counter(tunnelCalls, float64(n.Failed), pns, "failed")
	}
	m.errors.Each(func(kind string, n uint64) { counter(lineErrors, float64(n), kind) })
	m.drops.Each(func(reason string, n uint64) { counter(dropped, float64(n), reason) })
	m.peer.States(func(state string, n int64) { gauge(controlConns, float64(n), state) })
	m.peer.Failures(func(why string, n uint64) { counter(controlEnded, float64(n), why) })
	m.peer.Denied(func(limit string, n uint64) { counter(callsDenied, float64(n), limit) })
	packet := func(direction, disposition string, n uint64) {
		counter(grePackets, float64(n), direction, disposition)
	}
	m.packets.Packets(packet)
	m.peer.Packets(packet)
	counter(greLost, float64(m.packets.Lost.Load()))
	counter(greTimeOuts, float64(m.packets.TimeOuts.Load()))
}
