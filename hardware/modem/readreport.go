package modem

import (
	"strconv"
	"strings"

	"carrier/shared/record"
)

// maxCause is the most of a modem's words about the end of a call that is kept,
// octets.
const maxCause = 64

// A sheet is what a modem said of a call: labels, each with a value behind it,
// one or two in a line.
type sheet []string

// rests are what is behind a label, which stands at the beginning of a line or
// behind a space, up to the end of the line. Spaces count as one.
func (s sheet) rests(label string) (all []string) {
	label = strings.ToLower(label) + " "
	for _, l := range s {
		l = " " + strings.Join(strings.Fields(l), " ") + " "
		if i := strings.Index(strings.ToLower(l), " "+label); i >= 0 && len(strings.ToLower(l)) == len(l) {
			all = append(all, strings.TrimSpace(l[i+1+len(label):]))
		}
	}
	return all
}

// rest is what is behind a label first, empty where there is none.
func (s sheet) rest(label string) string {
	if all := s.rests(label); len(all) > 0 {
		return all[0]
	}
	return ""
}

// value is the first word behind a label, empty where there is none.
func (s sheet) value(label string) string {
	word, _, _ := strings.Cut(s.rest(label), " ")
	return word
}

// pair is a value of one or two numbers, "28800/26400", each from 0 to max; 0
// where it is none. The label may be the beginning of others.
func (s sheet) pair(label string, max int) (a, b int) {
	for _, r := range s.rests(label) {
		if r != "" && r[0] >= '0' && r[0] <= '9' {
			word, _, _ := strings.Cut(r, " ")
			first, second, _ := strings.Cut(word, "/")
			return bounded(first, 10, max), bounded(second, 10, max)
		}
	}
	return 0, 0
}

// number is the first of a pair.
func (s sheet) number(label string, max int) int {
	n, _ := s.pair(label, max)
	return n
}

// bounded reads a number; 0 when it is none or above max.
func bounded(s string, base, max int) int {
	n, err := strconv.ParseUint(s, base, 32)
	if err != nil || n > uint64(max) {
		return 0
	}
	return int(n)
}

// The largest that a report may say.
const (
	maxRate  = 1_000_000     // bit/s
	maxCount = 1_000_000_000 // of anything
	maxLevel = 99            // dB
)

// readUSR reads ATI6 and ATI11 of U.S. Robotics' modems ("Link Diagnostics") and
// ATI2 of ZyXEL's ("Link Status Report"), which say the same in nearly the same
// words. Speeds are received first.
func readUSR(lines []string) record.LineReport {
	s := sheet(lines)
	r := record.LineReport{
		Cause:          clip(strings.TrimPrefix(s.rest("Disconnect Reason")+" ", "is "), maxCause),
		Modulation:     clip(s.value("Modulation"), maxCause),
		Protocol:       clip(s.value("Protocol"), maxCause),
		Retrains:       s.number("Retrains Requested", maxCount) + s.number("Retrains Granted", maxCount),
		Signal:         -max(s.number("Recv/Xmit Level (-dBm)", maxLevel), s.number("Recv/Xmit Level (-dB)", maxLevel)),
		SNR:            s.number("SNR (dB)", maxLevel),
		Resent:         s.number("Blocks resent", maxCount),
		OctetsSent:     uint64(s.number("Octets sent", maxCount)),
		OctetsReceived: uint64(s.number("Octets Received", maxCount)),
	}
	r.Receive, r.Transmit = s.pair("Speed", maxRate)
	up, down := s.pair("Speed Shifts Up/Down", maxCount)
	r.RateChanges = up + down
	// ZyXEL's words:
	r.Retrains += s.number("Retrain Requested", maxCount) + s.number("Retrain Granted", maxCount)
	return r
}

// lucentCauses are the call termination causes of ATI11.
var lucentCauses = []string{"hung up here", "hung up by the caller", "no answer", "training failed", "no agreement on error control"}

// readLucent reads ATI11 of Lucent's and Agere's modems, and of others with their
// chips.
func readLucent(lines []string) record.LineReport {
	s := sheet(lines)
	r := record.LineReport{
		Modulation: clip(s.value("Last Connection"), maxCause),
		Protocol:   clip(s.value("Protocol Negotiation Result"), maxCause),
		Transmit:   s.number("Final Transmit Carrier Rate", maxRate),
		Receive:    s.number("Final Receive Carrier Rate", maxRate),
		Retrains:   s.number("Retrain by Local Modem", maxCount) + s.number("Retrain by Remote Modem", maxCount),
		Signal:     -s.number("Receive Signal Power Level (-dBm)", maxLevel),
		SNR:        s.number("Estimated Signal/Noise Ratio", maxLevel),
		Resent:     s.number("Transmit Frame Error Count", maxCount),
	}
	if cause := s.value("Call Termination Cause"); cause != "" {
		n, err := strconv.Atoi(cause)
		r.Cause = "cause " + clip(cause, maxCause)
		if err == nil && n >= 0 && n < len(lucentCauses) {
			r.Cause = lucentCauses[n]
		}
	}
	return r
}

func clip(s string, max int) string {
	s = strings.TrimSpace(s)
	return s[:min(len(s), max)]
}
