package record

import (
	"fmt"
	"strings"
)

// A LineReport is what a line's device, a modem, said of a call afterwards.
// What it did not say is zero.
type LineReport struct {
	Cause          string `json:"cause,omitempty"`           // why the carrier went, in the modem's words
	Modulation     string `json:"modulation,omitempty"`      // "V.34", as the modem calls it
	Protocol       string `json:"protocol,omitempty"`        // of error control and compression
	Transmit       int    `json:"transmit_rate,omitempty"`   // bit/s towards the caller, at the end
	Receive        int    `json:"receive_rate,omitempty"`    // bit/s from her, at the end
	Retrains       int    `json:"retrains"`                  // of either side
	RateChanges    int    `json:"rate_changes"`              // renegotiations, up or down, of either side
	Signal         int    `json:"signal_dbm,omitempty"`      // level received, dBm: below zero
	SNR            int    `json:"snr_db,omitempty"`          // signal to noise, dB
	Resent         int    `json:"resent,omitempty"`          // blocks sent again
	OctetsSent     uint64 `json:"octets_sent,omitempty"`     // to the caller, as the modem counted
	OctetsReceived uint64 `json:"octets_received,omitempty"` // from her
}

// String is the report in few words, the weightiest first, for messages with
// little room.
func (r LineReport) String() string {
	var said []string
	say := func(is bool, format string, args ...any) {
		if is {
			said = append(said, fmt.Sprintf(format, args...))
		}
	}
	say(r.Cause != "", "%s", r.Cause)
	say(r.Retrains > 0, "retrains %d", r.Retrains)
	say(r.RateChanges > 0, "rate changes %d", r.RateChanges)
	say(r.Transmit > 0 || r.Receive > 0, "%d/%d bit/s", r.Transmit, r.Receive)
	say(r.Signal < 0, "%d dBm", r.Signal)
	say(r.SNR > 0, "SNR %d dB", r.SNR)
	say(r.Resent > 0, "resent %d", r.Resent)
	if len(said) == 0 {
		return "nothing wrong"
	}
	return strings.Join(said, ", ")
}
