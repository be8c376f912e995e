package modem

import (
	"strconv"
	"strings"

	"carrier/hardware/line"
)

// A code is a result code (V.250 §5.7.1).
type code uint8

const (
	other code = iota // an echo, information text, noise
	okay
	connect
	ring
	noCarrier
	failed // ERROR
	noDialtone
	busy
	noAnswer
	delayed
	blacklisted
)

var words = map[string]code{
	"OK": okay, "CONNECT": connect, "RING": ring, "NO CARRIER": noCarrier, "ERROR": failed,
	"NO DIALTONE": noDialtone, "NO DIAL TONE": noDialtone, "BUSY": busy, "NO ANSWER": noAnswer,
	"DELAYED": delayed, "BLACKLISTED": blacklisted,
}

// digits are the result codes of ATV0. Up to 12 all modems agree; above, the
// makers gave CONNECT codes as they liked, so that those tell no rate.
var digits = map[string]response{
	"0": {code: okay}, "1": {code: connect},
	"2": {code: ring}, "3": {code: noCarrier}, "4": {code: failed},
	"5": {code: connect, connect: line.Connect{Rate: 1200, Text: "1200"}},
	"6": {code: noDialtone}, "7": {code: busy}, "8": {code: noAnswer},
	"10": {code: connect, connect: line.Connect{Rate: 2400, Text: "2400"}},
	"11": {code: connect, connect: line.Connect{Rate: 4800, Text: "4800"}},
	"12": {code: connect, connect: line.Connect{Rate: 9600, Text: "9600"}},
	"24": {code: delayed}, "32": {code: blacklisted},
}

// A response is one line that the modem said.
type response struct {
	code    code
	connect line.Connect // with code connect
	text    string
}

// parse reads one line without its CR LF.
func parse(text string) response {
	text = strings.TrimSpace(text)
	if r, ok := digits[text]; ok {
		r.text = text
		return r
	}
	if n, err := strconv.ParseUint(text, 10, 8); err == nil && n >= 13 && n <= 28 {
		return response{code: connect, connect: line.Connect{Text: "code " + text}, text: text}
	}
	if c, ok := words[text]; ok && c != connect {
		return response{code: c, text: text}
	}
	if rest, ok := strings.CutPrefix(text, "CONNECT"); ok && (rest == "" || rest[0] == ' ' || rest[0] == '/') {
		return response{code: connect, connect: parseConnect(strings.Trim(rest, " /")), text: text}
	}
	// Distinctive ringing says which of the line's numbers was called: "RING A".
	if strings.HasPrefix(text, "RING ") {
		return response{code: ring, text: text}
	}
	// How long the modem refuses the number: "DELAYED 00:30:00".
	if strings.HasPrefix(text, "DELAYED ") {
		return response{code: delayed, text: text}
	}
	return response{text: text}
}

// parseConnect reads what follows CONNECT. Nothing meant 300 bit/s once (Hayes), but
// with X0 modems say no more at any rate: it is not known. Modems with a rate for each direction may say so:
// "115200/V34/LAPM/V42BIS/31200:TX/33600:RX" or "…/TX=31200/RX=33600"; ours is what we
// send. Some tell the port's rate and behind it the line's: "115200/V34 28800".
func parseConnect(text string) line.Connect {
	c := line.Connect{Text: text, Rate: leadingNumber(text)}
	for word := range strings.SplitSeq(text, "/") {
		tx, behind := strings.CutSuffix(word, ":TX")
		if !behind {
			tx, behind = strings.CutPrefix(word, "TX=")
		}
		if !behind && strings.HasPrefix(word, "V") {
			_, tx, behind = strings.Cut(word, " ")
		}
		if n := leadingNumber(tx); behind && n > 0 {
			c.Rate = n
		}
	}
	return c
}

// leadingNumber is 0 where there is none, or one that no telephone line has.
func leadingNumber(s string) int {
	end := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		s = s[:end]
	}
	n, err := strconv.ParseUint(s, 10, 24)
	if err != nil {
		return 0
	}
	return int(n)
}
