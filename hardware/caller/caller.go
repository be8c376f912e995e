// Package caller is a dial-up caller: it dials over any port, speaks PPP as a
// client and has a TCP/IP of its own on top, so that a whole call can be made
// from inside one process without privileges.
package caller

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cbcp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
)

// A Port is what the caller's modem is connected to; every net.Conn is one.
type Port interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// Options say whom to call and how to behave.
type Options struct {
	// Number is dialled with ATDT. Empty: the port is the line already.
	Number string
	Init   []string // the modem's, before dialling; none means ATZ
	// Script is gone through after CONNECT, before PPP.
	Script []Step

	Login auth.Login // zero: every demand is rejected
	// LCP is what we ask of the peer; nil: a Magic-Number, an empty ACCM and
	// both header compressions, as pppd asks.
	LCP *lcp.Options
	// Callback asks to be called back, by CBCP: the call ends with an *EndError of
	// cause link.CalledBack then, unless the other end offers none. To be rung, and to
	// answer, is the owner's business. nil: it is not asked for.
	Callback *cbcp.Want
	Echo     link.EchoOptions // zero: off
	Restart  time.Duration    // LCP's and IPCP's Restart timer; 3 s

	Addr netip.Addr // the address that we wish for; invalid: any
	// PeerAddr is the peer's address, whatever it wishes; needed only for one
	// that has none and is of no use without, as slirp.
	PeerAddr netip.Addr

	// OnlyAck answers later LCP Configure-Requests with an Ack but never
	// restarts its own direction once that has been acked.
	OnlyAck bool
	// Silent says nothing after CONNECT and waits until the other end hangs up.
	Silent bool

	// Story is told every step, by one goroutine at a time. It must not block.
	Story func(Event)
	Log   *slog.Logger // of the modem's doings; nil: none
}

// pppdAsks is what LCP asks for where Options do not say it.
var pppdAsks = lcp.Options{Magic: true, PFC: true, ACFC: true}

// An Event is one step of the call.
type Event struct {
	Kind Kind
	Text string
	Rate int          // of Connected: bit/s, 0 when unknown
	Addr netip.Addr   // of NetworkUp: ours
	Peer netip.Addr   // of NetworkUp: the other end's, if it told
	DNS  []netip.Addr // of NetworkUp
	NBNS []netip.Addr // of NetworkUp: WINS servers
}

// A Kind of step.
type Kind uint8

// The steps in their usual order. A PAC's hand-over shows as a second LinkUp.
const (
	Dialling     Kind = iota + 1 // Text: the number
	Connected                    // Text: the modem's words after CONNECT
	LinkUp                       // LCP is open
	LinkDown                     // LCP negotiates anew, or ends
	LoggedIn                     // the peer accepted us; Text: the method
	LoginRefused                 // Text: the peer's words
	NetworkUp                    // IPCP is open
	NetworkDown
	Ended // Text: why
	kinds
)

var kindNames = [kinds]string{Dialling: "dialling", Connected: "connected", LinkUp: "link up", LinkDown: "link down",
	LoggedIn: "logged in", LoginRefused: "login refused", NetworkUp: "network up", NetworkDown: "network down", Ended: "ended"}

// String is the kind in words.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "unknown"
}

// ErrCarrier is a line that was lost without a word of PPP.
var ErrCarrier = errors.New("carrier lost")

// An EndError says why PPP ended when we did not end it.
type EndError struct {
	Cause link.Cause
	Text  string // the peer's words; may be empty
}

func (e *EndError) Error() string {
	if e.Text == "" {
		return e.Cause.String()
	}
	return fmt.Sprintf("%v: %s", e.Cause, e.Text)
}
