package exchange

import (
	"io"
	"time"
)

// A Call tells Options.Record which call it is.
type Call struct {
	From, To string // the lines' own numbers
	Dialled  string // To, or the number of its hunt group
	At       time.Time
}

// A stage is how far a call has come.
type stage uint8

const (
	dialling stage = iota // until the network has found the line, at next
	ringing               // until it is answered, or next
	training              // until connected, at next
	connected
	ended
)

// A call is what two modems share, guarded by Exchange.mu; the paths have
// locks of their own.
type call struct {
	Call
	ends       [2]*Line // who called; who is called, nil while dialling
	stage      stage
	next       time.Time // when the stage is over by itself; zero: never
	result     result    // for the caller, once it has ended
	conditions Conditions
	delivered  int64        // octets, both directions
	paths      [2]*path     // from the caller, to the caller; nil before training
	records    [2]io.Writer // of what each path delivers
}

// A view is what one modem sees of a call at one moment.
type view struct {
	Call
	stage  stage
	next   time.Time
	result result
	caller bool
	name   string // of who calls
	text   string // what follows CONNECT
	out    *path  // nil before training
	in     *path
	record io.Writer // of what in delivers
}

// view is how l sees its call.
func (c *call) view(l *Line) view {
	v := view{Call: c.Call, stage: c.stage, next: c.next, result: c.result, caller: l == c.ends[0],
		name: c.ends[0].name, text: c.conditions.text()}
	if own := l.conditions.Connect; own != "" && c.conditions.Connect == "" {
		v.text = own
	}
	out := 0
	if !v.caller {
		out = 1
	}
	v.out, v.in, v.record = c.paths[out], c.paths[1-out], c.records[1-out]
	return v
}

// end ends the call: what each side sent still arrives at the other, unless
// the carrier was lost. by is who hung up; it hears nothing more.
func (c *call) end(r result, by *Line) {
	if c.stage == ended {
		return
	}
	c.stage, c.result, c.next = ended, r, time.Time{}
	for side, p := range c.paths {
		if p == nil {
			continue
		}
		if c.ends[side] == by {
			p.finish()
		} else {
			p.lose()
		}
	}
	for _, l := range c.ends {
		if l == nil {
			continue
		}
		if !l.attached && l.call == c {
			l.call = nil
		}
		l.pokes.wake()
	}
}
