package exchange

import (
	"cmp"
	"fmt"
	"time"
)

// Conditions are what a line, or a call, is like. The zero value is a perfect
// line without a speed limit. A call between two lines meets the worse of
// both: the lower rate, the sum of the delays, the noise of both.
type Conditions struct {
	Rate int // bit/s; 0 means as fast as the ports are
	// NoLAPM says that no error correction runs. Then an octet takes ten bits
	// of the line instead of eight, since its start and stop bit travel along.
	NoLAPM  bool
	Connect string        // what follows CONNECT; empty: made from the rate
	Delay   time.Duration // of each octet on its way
	Noise   float64       // probability that a bit arrives wrong, each direction
	// DropAfter and DropOctets take the carrier away so long after CONNECT, or
	// when so many octets were delivered, both directions counted; 0: never.
	DropAfter  time.Duration
	DropOctets int64
	Dead       bool // the wire is cut: no dial tone, and it never rings
}

// with is what a call meets on both lines.
func (c Conditions) with(d Conditions) Conditions {
	return Conditions{
		Rate:       least(c.Rate, d.Rate),
		NoLAPM:     c.NoLAPM || d.NoLAPM,
		Delay:      c.Delay + d.Delay,
		Noise:      c.Noise + d.Noise - c.Noise*d.Noise,
		DropAfter:  least(c.DropAfter, d.DropAfter),
		DropOctets: least(c.DropOctets, d.DropOctets),
	}
}

// least is the smaller one of two limits, of which 0 is none.
func least[T cmp.Ordered](a, b T) T {
	var none T
	if a == none || b != none && b < a {
		return b
	}
	return a
}

func (c Conditions) check() error {
	switch {
	case c.Rate < 0:
		return fmt.Errorf("rate %d bit/s is negative", c.Rate)
	case c.Noise < 0 || c.Noise > 1:
		return fmt.Errorf("noise %v is no probability", c.Noise)
	case c.Delay < 0 || c.DropAfter < 0 || c.DropOctets < 0:
		return fmt.Errorf("a delay or limit is negative")
	}
	return nil
}

// octet is the line time of one octet; 0 on a line without a speed limit.
func (c Conditions) octet() time.Duration {
	if c.Rate == 0 {
		return 0
	}
	bits := time.Duration(8)
	if c.NoLAPM {
		bits = 10
	}
	return bits * time.Second / time.Duration(c.Rate)
}

// modulations in order of the highest rate that each reaches.
var modulations = []struct {
	rate int
	name string
}{{300, "V21"}, {1200, "V22"}, {2400, "V22B"}, {9600, "V32"}, {14400, "V32B"}, {33600, "V34"}, {56000, "V90"}}

// text is what follows CONNECT, in the form that US Robotics modems made
// common: 28800/ARQ/V34/LAPM/V42BIS.
func (c Conditions) text() string {
	if c.Connect != "" {
		return c.Connect
	}
	if c.Rate == 0 {
		return "115200"
	}
	modulation := ""
	for _, m := range modulations {
		if c.Rate <= m.rate {
			modulation = "/" + m.name
			break
		}
	}
	if c.NoLAPM {
		return fmt.Sprintf("%d%s/NONE", c.Rate, modulation)
	}
	return fmt.Sprintf("%d/ARQ%s/LAPM/V42BIS", c.Rate, modulation)
}
