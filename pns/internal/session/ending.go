package session

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"carrier/shared/peer"
	"carrier/shared/ppp/link"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// close ends the session for a reason of ours. The caller is told the text in
// an LCP Terminate-Request, which the PAC reads on its way: Call-Clear-Request
// has no room for a reason.
func (s *Session) close(now time.Time, reason record.EndReason, text string) {
	if !s.running() {
		return
	}
	s.because(reason, text)
	s.leave()
	s.idle, s.limit, s.warn = time.Time{}, time.Time{}, time.Time{}
	if s.data == nil { // not connected: there is no PPP to end
		s.clear()
		return
	}
	s.link.Close(now, text)
}

// finished takes the end of the link, and ends the call.
func (s *Session) finished(now time.Time, e link.Event) {
	s.because(s.why(e))
	s.idle, s.limit, s.warn = time.Time{}, time.Time{}, time.Time{}
	s.leave()
	s.clear()
}

// hungUp takes the Call-Clear-Request of a caller who has a tunnel of her own.
// Frames that came before it are read first: her Terminate-Request says more.
func (s *Session) hungUp() {
	s.lost = errHungUp
	s.drain()
	s.link.Down(time.Now())
	s.settle()
	s.because(s.whyEnded(errHungUp)) // no PPP had begun
	s.leave()
	s.clear()
}

var errHungUp = errors.New("the client ended the call")

// clear ends the call, or asks the PAC to, once, if it lasts still.
func (s *Session) clear() {
	if !s.cleared && !s.over {
		s.cleared = true
		s.o.Call.Clear()
	}
}

// reasons of a link's end that the PNS has no better one for.
var reasons = map[link.Cause]record.EndReason{
	link.Closed:          record.LinkFailed,
	link.PeerTerminated:  record.CallerHungUp,
	link.Timeout:         record.LinkFailed,
	link.EchoFailed:      record.LinkFailed,
	link.Loopback:        record.LinkFailed,
	link.AuthRefused:     record.AuthFailed,
	link.RefusedLogin:    record.AuthFailed,
	link.AuthTimeout:     record.AuthFailed,
	link.NetworkTimeout:  record.NetworkFailed,
	link.Rejected:        record.LinkFailed,
	link.CalledBack:      record.CalledBack,
	link.CallbackRefused: record.NoCallback,
	link.CallbackFailed:  record.NoCallback,
}

// why says in our words why the link finished by itself.
func (s *Session) why(e link.Event) (record.EndReason, string) {
	if e.Cause == link.Timeout && s.deaf() {
		return record.GREBlocked, "GRE does not pass: the control connection lives, but no packet of this call has come from the other end"
	}
	if e.Cause == link.LowerDown {
		return s.whyEnded(s.lost)
	}
	if s.unchanged(e) {
		return record.AuthFailed, "the password has expired, and the caller did not change it"
	}
	reason, ok := reasons[e.Cause]
	if !ok {
		reason = record.ProtocolError
	}
	if s.o.Dial != nil && e.Cause == link.PeerTerminated {
		reason = record.ClearedByPAC
	}
	text := e.Text
	if text == "" {
		text = e.Cause.String()
	}
	return reason, text
}

// deaf tells that not one GRE packet has been received.
func (s *Session) deaf() bool {
	if s.data == nil {
		return false
	}
	for _, n := range s.data.Stats().Received {
		if n > 0 {
			return false
		}
	}
	return true
}

// ended takes the end of the PPTP call. Frames that came before it are read
// first: the caller's Terminate-Request may be among them, and says more.
func (s *Session) ended(now time.Time, err error) {
	s.over, s.lost = true, err
	s.drain()
	s.link.Down(now)
	s.settle()
	s.because(s.whyEnded(err)) // no PPP had begun
	s.leave()
}

// drain reads the frames that wait.
func (s *Session) drain() {
	for s.data != nil && s.read() {
		s.settle()
	}
}

// whyEnded makes a reason of how the PPTP call ended. A PAC of ours begins its
// statistics with its own reason; what it says of GRE, which takes two, is
// ours too. A client who has no more use for her tunnel may just close it.
func (s *Session) whyEnded(err error) (record.EndReason, string) {
	var d *peer.DisconnectError
	switch {
	case err == nil:
		return record.ClearedByPAC, "the PAC ended the call"
	case errors.Is(err, errHungUp):
		return record.CallerHungUp, err.Error()
	case errors.As(err, &d) && strings.HasPrefix(d.Statistics, record.GREBlocked.String()):
		return record.GREBlocked, "GRE does not pass: so the PAC found, although the control connection lives"
	case errors.As(err, &d) && d.Result == pptp.LostCarrier:
		return record.CarrierLost, d.Error()
	case errors.As(err, &d):
		return record.ClearedByPAC, d.Error()
	case s.o.Connected && s.o.Dial == nil && (errors.Is(err, peer.ErrPeerClosed) || errors.Is(err, peer.ErrStopped)):
		return record.CallerHungUp, "the client closed its tunnel: " + err.Error()
	}
	return record.ControlLost, err.Error()
}

// finish closes what is open, once the call is over.
func (s *Session) finish() {
	if s.data != nil {
		s.data.Close()
	}
	s.note(func(r *record.Call) { r.Ended = time.Now() })
	r := &s.record
	s.log(slog.LevelInfo, "call ended", "reason", r.Reason, "text", r.Text, "stage", r.Stage, "user", r.User, "duration", r.Ended.Sub(r.Started))
}
