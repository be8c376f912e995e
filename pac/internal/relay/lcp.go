package relay

import (
	"encoding/binary"
	"strings"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

// The LCP options that concern whoever does the framing.
const (
	optionACCM = 2 // RFC 1662 §7.1
	optionACFC = 8 // RFC 1661 §6.6
)

// replayAfter is how long a caller that acknowledged the PNS's
// Configure-Request has to send one of her own. It is shorter than the Restart
// timer of a PNS that waits for one (RFC 1661 §4.6: 3 s).
const replayAfter = time.Second

// A watcher sees the LCP packets go by, both ways: it brings the hand-over to
// its end, and learns what framing the ends agreed on.
type watcher struct {
	// Hand-over. The caller believes that LCP is open, with us. Everything but
	// LCP stays here until she has acknowledged the PNS's Configure-Request:
	// she then knows whom she talks to, and what that one demands.
	asked    bool      // the PNS's Configure-Request went to her
	open     bool      // and she acknowledged one
	replay   []byte    // her last Configure-Request, until she sends another
	replayAt time.Time // when it is sent for her, zero until she has acknowledged

	transmit uint32 // the map of control characters to escape towards her
	bare     bool   // she agreed to frames without Address and Control
	hungUp   bool   // she sent a Terminate-Request
}

// up sees an LCP packet of the caller's; false keeps it from the PNS. Her
// agreed map holds for what she sends next: in is told.
func (w *watcher) up(now time.Time, info []byte, in *hdlc.Decoder) bool {
	p, err := cp.Parse(info)
	if err != nil {
		return w.asked
	}
	switch p.Code {
	case cp.ConfigureRequest: // she starts afresh, with the defaults
		w.replay, w.replayAt = nil, time.Time{}
		w.reset()
		in.ACCM = hdlc.AllControl
	case cp.ConfigureAck:
		if !w.asked {
			return false
		}
		w.open = true
		in.ACCM, _ = agreed(p.Data)
		if w.replay != nil && w.replayAt.IsZero() {
			w.replayAt = now.Add(replayAfter)
		}
	case cp.ConfigureNak, cp.ConfigureReject: // before the PNS asked, they are answers to us
		return w.asked
	case cp.TerminateRequest:
		w.hungUp = true
	}
	return true
}

// down sees an LCP packet of the PNS's.
func (w *watcher) down(info []byte) {
	p, err := cp.Parse(info)
	if err != nil {
		return
	}
	switch p.Code {
	case cp.ConfigureRequest:
		w.asked = true
		// What the caller sends is left as it was agreed until she answers: data
		// may still be on its way.
		w.reset()
	case cp.ConfigureAck:
		w.transmit, w.bare = agreed(p.Data)
	}
}

// reset restores the defaults for what is sent to the caller.
func (w *watcher) reset() { w.transmit, w.bare = hdlc.AllControl, false }

// replayDue is the Configure-Request to send in the caller's stead, once: she
// is of those that only acknowledge and never restart their own direction.
func (w *watcher) replayDue(now time.Time) []byte {
	if w.replayAt.IsZero() || now.Before(w.replayAt) {
		return nil
	}
	frame := w.replay
	w.replay, w.replayAt = nil, time.Time{}
	return frame
}

// agreed reads from a Configure-Ack, which repeats the options of the request,
// what the one who asked wants to receive.
func agreed(data []byte) (accm uint32, acfc bool) {
	accm = hdlc.AllControl
	opts, _ := cp.ParseOptions(data)
	for _, o := range opts {
		switch {
		case o.Type == optionACCM && len(o.Data) == 4:
			accm = binary.BigEndian.Uint32(o.Data)
		case o.Type == optionACFC:
			acfc = true
		}
	}
	return accm, acfc
}

// lcpPacket is the information field of a frame of LCP, nil for others.
func lcpPacket(frame []byte) []byte {
	if p, info, err := ppp.Split(frame); err == nil && p == ppp.LCP {
		return info
	}
	return nil
}

// terminateText is the text of a Terminate-Request, made fit for a log.
func terminateText(info []byte) (string, bool) {
	p, err := cp.Parse(info)
	if err != nil || p.Code != cp.TerminateRequest {
		return "", false
	}
	text := p.Data[:min(len(p.Data), maxText)]
	return strings.Map(func(c rune) rune {
		if c < 0x20 || c == 0x7F || c == '\uFFFD' {
			return '.'
		}
		return c
	}, strings.ToValidUTF8(string(text), ".")), true
}

// maxText bounds, in octets, what is kept of a Terminate-Request's text.
const maxText = 200
