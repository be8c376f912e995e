package identify

import (
	"context"
	"errors"
	"os"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/ppp/auth"
)

// Identified is a caller with a name, waiting. One goroutine drives it:
//
//	id, err := identify.Run(ctx, line, options)
//	err = id.Start(ctx)
//	// find the tunnel elsewhere, cancel serving when it is there or there is none
//	err = id.Serve(serving)
//	h, err := id.HandOver(identify.Silent) // or id.Refuse(ctx, "no server for you")
type Identified struct{ d *dialogue }

// Caller is who calls.
func (i *Identified) Caller() Caller { return *i.d.caller }

// SpeaksPPP tells a caller who speaks PPP from one who has only typed so far.
func (i *Identified) SpeaksPPP() bool { return i.d.link != nil || len(i.d.held) > 0 }

// Start tells a caller who has typed that PPP starts. An error is the port's.
func (i *Identified) Start(ctx context.Context) error {
	if i.d.link != nil {
		return nil
	}
	defer i.d.watch(ctx)()
	i.d.typist.say(i.d.o.Text.Start + "\n")
	return i.d.settle(ctx, time.Now())
}

// Serve stays the caller's PPP peer: it answers LCP, and lets repeated answers
// to the challenge wait. It returns nil when ctx ends, else why the call is
// over: an *EndError or the port's error. It may be called again.
func (i *Identified) Serve(ctx context.Context) error {
	defer i.d.watch(ctx)()
	err := i.d.pump(ctx, time.Time{}, func() bool { return ctx.Err() != nil })
	if ctx.Err() != nil {
		return nil
	}
	return err
}

const (
	refuseTime = 10 * time.Second // of a refusal: three tries of the Terminate-Request
	readTime   = 3 * time.Second  // to read it, or to begin PPP after a text login
)

// Refuse tells the caller why she is not served, by PAP-Nak or CHAP-Failure and
// in a Terminate-Request, or in words to who has typed; it returns when she has
// taken note, ctx ends or some seconds have passed. An error is the port's.
func (i *Identified) Refuse(ctx context.Context, text string) error {
	d := i.d
	defer d.watch(ctx)()
	d.refusal = text
	if d.link == nil {
		if err := d.refuseTyped(ctx); d.link == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return told(ctx, err)
		}
	}
	now := time.Now()
	d.link.Answer(now, auth.Refuse(nil, text))
	d.link.Close(now, text)
	return told(ctx, d.pump(ctx, now.Add(refuseTime), never))
}

// refuseTyped refuses after a text login: in words, or in those of PPP if that
// has begun or begins now.
func (d *dialogue) refuseTyped(ctx context.Context) error {
	now := time.Now()
	if len(d.held) == 0 {
		d.typist.show("\r\n" + d.refusal + "\r\n")
	} else {
		d.startPPP(now)
		for _, f := range d.held {
			d.link.Receive(now, f)
		}
	}
	return d.pump(ctx, now.Add(readTime), never)
}

func never() bool { return false }

// told is the error of a refusal: that she goes is none.
func told(ctx context.Context, err error) error {
	var end *EndError
	if errors.As(err, &end) || errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil {
		return nil
	}
	return err
}

// A Mode is how a caller is handed over.
type Mode uint8

// The modes. Silent waits for the PNS's first Configure-Request. Restart
// first has the caller start LCP afresh, by a Configure-Request with a new
// Magic-Number.
const (
	Silent Mode = iota
	Restart
)

// Handed is what the relay needs to go on.
type Handed struct {
	// Frames are LCP frames of the caller that the PNS has to see, oldest
	// first, without FCS.
	Frames [][]byte
	// LastRequest is the caller's last LCP Configure-Request, for callers that
	// never send another; nil if none came. It may be among Frames too.
	LastRequest []byte
	// Decoder holds the octets of a frame of which only a part has come.
	Decoder *hdlc.Decoder
}

// HandOver ends PPP with the caller, without a word about it: she keeps her
// link until the PNS starts its own. Nothing may be called afterwards.
func (i *Identified) HandOver(m Mode) (Handed, error) {
	d := i.d
	h := Handed{Frames: d.held, LastRequest: d.last, Decoder: d.decoder}
	if d.link == nil { // she starts PPP with the PNS
		return h, nil
	}
	h.LastRequest = d.link.LastRequest()
	if m == Silent {
		return h, nil
	}
	d.link.Restart(time.Now())
	err := d.settle(context.Background(), time.Now())
	_ = d.port.SetWriteDeadline(time.Time{})
	return h, err
}
