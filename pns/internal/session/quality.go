package session

import (
	"log/slog"
	"time"

	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/lqr"
	"carrier/shared/record"
)

// measure begins the reports that LCP agreed on (RFC 1989); none end them.
func (s *Session) measure(now time.Time, a lcp.Agreed) {
	s.report = time.Time{}
	if a.Ours.Quality == nil && a.Theirs.Quality == nil {
		s.data.SetQuality(nil, false)
		return
	}
	o := lqr.Options{Magic: a.Ours.Magic, PeerMagic: a.Theirs.Magic}
	sends := a.Theirs.Quality != nil
	if sends {
		o.Period = a.Theirs.Quality.Period
		s.report = now
	}
	s.data.SetQuality(&o, sends)
}

// appraise takes what the last report told. A line that loses much is counted and
// logged; it is not for us to end the call.
func (s *Session) appraise() {
	q, ok := s.data.Quality()
	if !ok {
		return
	}
	up, down := loss(q.In), loss(q.Out)
	s.note(func(r *record.Call) { r.Quality = &record.Quality{Up: up, Down: down} })
	if bound := s.o.Lossy; bound > 0 && (up.Above(bound) || down.Above(bound)) {
		s.o.Stats.Lossy.Add(1)
		s.log(slog.LevelWarn, "the line loses much", "up", up, "down", down)
	}
}

// loss is what became of one direction; nil: that is not known.
func loss(w lqr.Way) *record.Loss {
	if !w.Known {
		return nil
	}
	// More may arrive than was sent between two reports: some went before.
	return &record.Loss{Sent: w.Sent.Packets, Lost: w.Sent.Packets - min(w.Arrived.Packets, w.Sent.Packets)}
}
