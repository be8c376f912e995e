package auth

import (
	"io"
	"time"

	"carrier/shared/ppp"
)

// An Outcome is how far a Client came.
type Outcome uint8

// The outcomes. Pending also stands for "nothing new".
const (
	Pending Outcome = iota
	Success
	Failure
)

// A Result is what one packet meant to a Client.
type Result struct {
	Outcome Outcome
	Text    string // the peer's message, or why we do not accept its Success; printable
}

// A Client is the peer's side of one method on one link: it proves that it
// knows the Login's secret. It is not safe for concurrent use.
type Client struct {
	method Method
}

// NewClient answers demands for method m, which l.Accepts. MS-CHAPv2's
// challenge to the other side is drawn from rand; nil means crypto/rand.
func NewClient(m Method, l Login, rand io.Reader) *Client { return &Client{method: m} }

// Start begins: PAP sends its Authenticate-Request; CHAP waits for a
// Challenge.
func (c *Client) Start(now time.Time, out *ppp.Outbox) {}

// Receive takes one packet of protocol p, which is not kept. Challenges are
// answered, also later ones on an open link; an outcome is reported once for
// each of them. A Success of MS-CHAPv2 that does not prove that its sender
// knows the secret is a Failure.
func (c *Client) Receive(now time.Time, p ppp.Protocol, info []byte, out *ppp.Outbox) Result {
	return Result{}
}

// Deadline is when Expire wants to be called; zero when it does not.
func (c *Client) Deadline() time.Time { return time.Time{} }

// Expire sends PAP's request anew. It reports failed when too many of them
// were left unanswered.
func (c *Client) Expire(now time.Time, out *ppp.Outbox) (failed bool) { return false }
