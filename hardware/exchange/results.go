package exchange

import (
	"fmt"
	"strconv"
	"strings"
)

// A result is a result code of V.250 §6.3 in its numeric form.
type result uint8

const (
	resultOK result = iota
	resultConnect
	resultRing
	resultNoCarrier
	resultError
	_
	resultNoDialtone
	resultBusy
	resultNoAnswer
)

var resultTexts = map[result]string{resultOK: "OK", resultConnect: "CONNECT", resultRing: "RING",
	resultNoCarrier: "NO CARRIER", resultError: "ERROR", resultNoDialtone: "NO DIALTONE",
	resultBusy: "BUSY", resultNoAnswer: "NO ANSWER"}

// String is the verbose form.
func (r result) String() string { return resultTexts[r] }

// at is what is reported of r at a level of ATX (V.250 §6.3.7): without
// detection of the tone in question the call just ends without a carrier.
func (r result) at(level int) result {
	switch {
	case r == resultNoDialtone && level != 2 && level != 4,
		r == resultBusy && level < 3,
		r == resultNoAnswer && level == 0:
		return resultNoCarrier
	}
	return r
}

// connectCodes are the numeric forms of CONNECT with a rate, as Rockwell's
// chips have them; any other rate is 1.
var connectCodes = map[int]int{300: 1, 600: 9, 1200: 5, 2400: 10, 4800: 11, 7200: 13, 9600: 12, 12000: 14, 14400: 15,
	16800: 59, 19200: 16, 21600: 61, 24000: 62, 26400: 63, 28800: 64, 31200: 91, 33600: 84, 38400: 17, 57600: 18, 115200: 19}

// code writes a result code in the form that the settings ask for; text is
// what follows CONNECT.
func (p *profile) code(r result, text string) string {
	r = r.at(p.level)
	if p.quiet {
		return ""
	}
	if !p.verbose {
		n := int(r)
		if r == resultConnect && p.level > 0 {
			rate, _ := strconv.Atoi(text[:len(text)-len(strings.TrimLeft(text, "0123456789"))])
			if c, ok := connectCodes[rate]; ok {
				n = c
			}
		}
		return fmt.Sprintf("%d%c", n, p.s[regCR])
	}
	s := r.String()
	if r == resultConnect && p.level > 0 && text != "" {
		s += " " + text
	}
	return p.info(s)
}

// info writes lines of text that are no result code (V.250 §5.7.1).
func (p *profile) info(lines ...string) string {
	end := string([]byte{p.s[regCR], p.s[regLF]})
	var b strings.Builder
	if p.verbose {
		b.WriteString(end)
	}
	for _, l := range lines {
		b.WriteString(l + end)
	}
	return b.String()
}
