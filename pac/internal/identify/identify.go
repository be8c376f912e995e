// Package identify finds out who is calling: by PPP, where the caller names
// herself when asked to authenticate, or by a text login. Afterwards it stays
// the caller's PPP peer while somebody looks for a PNS, and then either hands
// the line over or tells the caller why not.
//
// No answer of a caller to a challenge, and no password, is kept or logged.
package identify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
)

// Port is an answered line. *line.Line has it, and so has a test's pipe.
type Port interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// Options say how callers are identified. Zero fields take the defaults named.
type Options struct {
	Name string        // ours, in Challenges
	Ask  []auth.Method // in this order; CHAP-MD5, MS-CHAPv2, MS-CHAP, EAP, PAP
	// Verify, if not nil, decides whether the claim is true; a refused caller is
	// told so and Run fails. It must not block for long and must not keep the
	// claim.
	Verify  func(*auth.Claim) auth.Verdict
	Text    TextLogin
	Begin   bool          // PPP at once, for a caller who cannot type and may wait to hear it
	Silence time.Duration // without PPP or a line of text the caller is given up: 45 s
	Restart time.Duration // LCP's Restart timer: 3 s
	Log     *slog.Logger  // nil: nothing is logged
	// Spoiled is told of every frame that the line spoiled, with hdlc's error;
	// may be nil. Octets of a text login are not counted.
	Spoiled func(error)
	// Tap sees every PPP frame, without FCS and valid only during the call; may
	// be nil.
	Tap func(toCaller bool, frame []byte)
}

// A Caller is who calls.
type Caller struct {
	Name   string // as given: "saran", `DOMAIN\saran`, "saran@corp.example"; any octets, none when nobody asked
	Method string // "chap-md5" and so on, "login" for a text login, "menu" for a menu without one
	Choice string // the Key of what she chose from the menu; empty: nothing, or a Choice that starts PPP
}

// ErrSilent is Run's error when nothing came that could be understood, or far too
// much.
var ErrSilent = errors.New("the caller sent nothing that is PPP or a login")

// ErrLeft is Run's error when a caller who typed had enough.
var ErrLeft = errors.New("the caller left the login")

// An EndError is that PPP ended while the caller was not handed over yet.
type EndError struct {
	Cause link.Cause
	Text  string // the peer's or our reason; printable, came from outside
}

func (e *EndError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("PPP with the caller ended: %v", e.Cause)
	}
	return fmt.Sprintf("PPP with the caller ended: %v: %q", e.Cause, e.Text)
}

// A LoginError is that a text login came to nothing. Text is ours, and fit for
// the caller.
type LoginError struct{ Text string }

func (e *LoginError) Error() string { return "the login failed: " + e.Text }

// The defaults of Options.
const (
	defaultSilence = 45 * time.Second
	defaultAfter   = 3 * time.Second
	// maxSilences of Options.Silence bound identification as a whole, however
	// lively the caller.
	maxSilences = 4
)

func (o Options) withDefaults() Options {
	if len(o.Ask) == 0 {
		o.Ask = []auth.Method{auth.CHAPMD5, auth.MSCHAPv2, auth.MSCHAP, auth.EAP, auth.PAP}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Silence = cmp.Or(o.Silence, defaultSilence)
	o.Text = o.Text.withDefaults()
	return o
}

// Run identifies the caller on an answered line. It returns when she has given
// a name, or chosen from the menu; errors are ErrSilent, ErrLeft, a *LoginError, an *EndError, the cause of ctx's
// end, or the port's own error (carrier lost). The port's deadlines are cleared.
func Run(ctx context.Context, port Port, o Options) (*Identified, error) {
	d := newDialogue(time.Now(), port, o.withDefaults())
	defer d.watch(ctx)()
	if err := d.pump(ctx, time.Time{}, func() bool { return d.caller != nil }); err != nil {
		return nil, err
	}
	d.o.Log.Debug("the caller has named herself", "method", d.caller.Method)
	return &Identified{d}, nil
}

func newDialogue(now time.Time, port Port, o Options) *dialogue {
	d := &dialogue{port: port, o: o, in: make([]byte, 4096), decoder: &hdlc.Decoder{ACCM: hdlc.AllControl},
		typist: typist{o: o.Text}, silent: now.Add(o.Silence), limit: now.Add(maxSilences * o.Silence)}
	switch {
	case o.Begin:
		d.startPPP(now)
	case !o.Text.Off:
		d.prompt = now.Add(o.Text.After)
	}
	return d
}

// watch lets the end of ctx free a blocked read or write; the function that it
// returns clears the port's deadlines.
func (d *dialogue) watch(ctx context.Context) (clear func()) {
	freed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(freed)
		past := time.Unix(1, 0)
		_ = d.port.SetReadDeadline(past)
		_ = d.port.SetWriteDeadline(past)
	})
	return func() {
		if !stop() {
			<-freed
		}
		_ = d.port.SetReadDeadline(time.Time{})
		_ = d.port.SetWriteDeadline(time.Time{})
	}
}
