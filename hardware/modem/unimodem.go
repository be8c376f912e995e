package modem

import (
	"strconv"
	"strings"

	"carrier/shared/record"
)

// diagToken marks a line of AT#UD, the Unimodem Diagnostic Command: a number in
// hexadecimal that Microsoft's specification chose.
const diagToken = "2A4D3263"

// diagCarriers are the modulations of keys 20 and 21, in the order of their
// codes.
var diagCarriers = []string{"V.17", "V.21", "V.22", "V.22bis", "V.23", "V.23", "V.26bis", "V.26ter", "V.27ter", "V.29", "V.32",
	"V.32bis", "V.34", "V.34", "V.90", "V.90"}

// diagCauses are the causes of key 60 that the specification names and that
// calls of a bank meet.
var diagCauses = map[int]string{0x00: "not known", 0x2A: "too many attempts", 0x2B: "another telephone is off hook",
	0x2C: "no carrier in time", 0x2E: "loop current interrupted", 0x2F: "no dial tone", 0x3C: "carrier lost"}

// readUnimodem reads the answer to AT#UD: lines of keys and values, all in
// hexadecimal, as Rockwell's and Conexant's chips and many others give it.
//
//	DIAG <2A4D3263 32=1 33=0>
func readUnimodem(lines []string) record.LineReport {
	d := diagnosis{}
	for _, l := range lines {
		d.line(l)
	}
	r := record.LineReport{
		Signal:         -d.number(0x10, maxLevel),
		RateChanges:    d.number(0x31, maxCount),
		Retrains:       d.number(0x32, maxCount) + d.number(0x33, maxCount),
		Transmit:       d.number(0x34, maxRate),
		Receive:        d.number(0x35, maxRate),
		Resent:         d.number(0x58, maxCount),
		OctetsSent:     uint64(d.number(0x52, maxCount)),
		OctetsReceived: uint64(d.number(0x53, maxCount)),
	}
	if noise := d.number(0x12, maxLevel); noise > -r.Signal && r.Signal < 0 {
		r.SNR = noise + r.Signal
	}
	if _, ok := d[0x20]; ok {
		if n := d.number(0x20, maxCount); n < len(diagCarriers) {
			r.Modulation = diagCarriers[n]
		}
	}
	if v, ok := d[0x60]; ok {
		r.Cause = "cause " + clip(v, maxCause)
		if n, err := strconv.ParseUint(v, 16, 16); err == nil && diagCauses[int(n)] != "" {
			r.Cause = diagCauses[int(n)]
		}
	}
	return r
}

// A diagnosis are values by their keys.
type diagnosis map[int]string

// line takes the keys of one line; what is none is passed over.
func (d diagnosis) line(l string) {
	_, inner, ok := strings.Cut(l, "<")
	inner, _, closed := strings.Cut(inner, ">")
	words := strings.Fields(inner)
	if !ok || !closed || len(words) == 0 || !strings.EqualFold(words[0], diagToken) {
		return
	}
	for _, w := range words[1:] {
		key, value, ok := strings.Cut(w, "=")
		if n, err := strconv.ParseUint(key, 16, 8); ok && err == nil && value != "" {
			d[int(n)] = value
		}
	}
}

func (d diagnosis) number(key, max int) int { return bounded(d[key], 16, max) }
