package exchange

import (
	"fmt"
	"time"
)

// S-registers that mean something here; the others only keep their value.
const (
	regAutoAnswer = 0  // RINGs before the modem answers by itself; 0: never
	regRings      = 1  // RINGs counted
	regEscape     = 2  // the escape character; over 127: none
	regCR         = 3  // ends a command line
	regLF         = 4  // ends a line of the modem's
	regBS         = 5  // takes the last character back
	regWait       = 7  // seconds to wait for a carrier
	regGuard      = 12 // fiftieths of a second of silence around +++
)

// A profile is the modem's settings.
type profile struct {
	echo, verbose, quiet bool
	callerID             bool
	level                int // ATX
	carrier, ready       int // AT&C, AT&D
	s                    [100]byte
}

// factory is what AT&F sets.
func factory() profile {
	p := profile{echo: true, verbose: true, level: 4, carrier: 1, ready: 2}
	for r, v := range map[int]byte{regEscape: '+', regCR: '\r', regLF: '\n', regBS: '\b', 6: 2, regWait: 60,
		8: 2, 9: 6, 10: 14, 11: 95, regGuard: 50, 38: 20} {
		p.s[r] = v
	}
	return p
}

func (p *profile) guard() time.Duration {
	return time.Duration(p.s[regGuard]) * 20 * time.Millisecond
}

func (p *profile) wait() time.Duration { return time.Duration(p.s[regWait]) * time.Second }

// lines shows the settings, as ATI4 and AT&V do.
func (p *profile) lines() []string {
	bit := map[bool]int{true: 1}
	first := fmt.Sprintf("E%d Q%d V%d X%d &C%d &D%d +VCID=%d", bit[p.echo], bit[p.quiet], bit[p.verbose], p.level, p.carrier, p.ready, bit[p.callerID])
	second := ""
	for r := range 13 {
		second += fmt.Sprintf("S%02d:%03d ", r, p.s[r])
	}
	return []string{first, second[:len(second)-1]}
}
