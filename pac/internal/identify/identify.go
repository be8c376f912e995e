// Package identify finds out who is calling: by PPP, where the caller names
// herself when asked to authenticate, or by a text login. Afterwards it stays
// the caller's PPP peer while somebody looks for a PNS, and then either hands
// the line over or tells the caller why not.
//
// No answer of a caller to a challenge, and no password, is kept or logged.
package identify

import (
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

// TextLogin is what a caller sees who types, or whose script does. Empty
// strings take the defaults named; ends of line are CR LF.
type TextLogin struct {
	Off      bool   // whoever does not speak PPP is silence
	Banner   string // before the first prompt: none
	Login    string // "login: "
	Password string // "Password: "
	Start    string // after the login, where PPP starts: "PPP session starts"
	// After is how long nothing may come until the prompt is shown to somebody
	// who waits for it: 3 s.
	After time.Duration
}

// A Caller is who calls.
type Caller struct {
	Name   string // as given: "saran", `DOMAIN\saran`, "saran@corp.example"; any octets
	Method string // "chap-md5" and so on, "login" for a text login
}

// ErrSilent is Run's error when nothing came that could be understood.
var ErrSilent = errors.New("the caller sent nothing that is PPP or a login")

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

// Run identifies the caller on an answered line. It returns when she has given
// a name; errors are ErrSilent, an *EndError, the cause of ctx's end, or the
// port's own error (carrier lost). The port's deadlines are cleared.
func Run(ctx context.Context, port Port, o Options) (*Identified, error) { return nil, ErrSilent }

// Identified is a caller with a name, waiting. One goroutine drives it:
//
//	id, err := identify.Run(ctx, line, options)
//	// find the tunnel elsewhere, cancel serving when it is there or there is none
//	err = id.Serve(serving)
//	h, err := id.HandOver(identify.Silent) // or id.Refuse(ctx, "no server for you")
type Identified struct{}

// Caller is who calls.
func (i *Identified) Caller() Caller { return Caller{} }

// Serve stays the caller's PPP peer: it answers LCP, and lets repeated
// answers to the challenge wait. It returns nil when ctx ends, else why the
// call is over: an *EndError or the port's error. It may be called again.
func (i *Identified) Serve(ctx context.Context) error { return nil }

// Refuse tells the caller why she is not served, by PAP-Nak, CHAP-Failure or
// in words, and in a Terminate-Request; it returns when she has taken note,
// ctx ends or some seconds have passed. An error is the port's.
func (i *Identified) Refuse(ctx context.Context, text string) error { return nil }

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
func (i *Identified) HandOver(m Mode) (Handed, error) { return Handed{}, nil }
