package auth

import (
	"bytes"
	cryptorand "crypto/rand"
	"io"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/eap"
)

// maxRequests is how often PAP asks to be let in, and CHAP repeats a Response,
// one restart apart.
const maxRequests = 10

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
	Text    string // the peer's message, or why its Success is not believed; printable
}

// A Client is the peer's side of one method on one link: it proves that it
// knows the Login's secret. It is not safe for concurrent use.
type Client struct {
	method Method
	login  Login

	phase    phase
	id       byte // of PAP's last request, or of the Challenge that was answered
	asked    int  // PAP's requests, CHAP's repeats
	deadline time.Time

	challenge []byte // CHAP: the value that was answered
	code      byte   // with this packet: a Response, or a Change-Password
	response  []byte // and this data
	prover    prover
	eap       *eap.Peer // of EAP
	keys      Keys      // of the first Success
}

// ClientOptions say how a Client answers.
type ClientOptions struct {
	Login Login
	Rand  io.Reader // of MS-CHAPv2's challenge to the other side; nil: crypto/rand
	MRU   int       // the other side's, which EAPTLS keeps to; zero: the default
}

// NewClient answers demands for method m, as LCP agreed on it, which
// o.Login.Accepts.
func NewClient(m Method, o ClientOptions) *Client {
	if o.Rand == nil {
		o.Rand = cryptorand.Reader
	}
	c := &Client{method: m, login: o.Login}
	c.prover = prover{method: m, login: &c.login, rand: o.Rand}
	if m == EAP {
		c.eap = c.eapPeer(o)
	}
	return c
}

// Method is how we prove who we are: of EAP the method inside, once one has begun.
func (c *Client) Method() Method {
	if c.method == EAP && c.eap.Method() != nil {
		return inside(c.eap.Method().Type())
	}
	return c.method
}

// Start begins: PAP sends its Authenticate-Request; CHAP waits for a
// Challenge, for as long as its owner does.
func (c *Client) Start(now time.Time, out *ppp.Outbox) {
	if c.method == PAP && c.login.Accepts(PAP) {
		c.asked = 0
		c.request(now, out)
	}
}

func (c *Client) request(now time.Time, out *ppp.Outbox) {
	c.asked++
	c.id++ // RFC 1334 §2.2.1: changed each time
	c.phase, c.deadline = asking, now.Add(restart)
	data := appendPAPRequest(nil, c.login.Name, c.login.Secret.sealed.open().password)
	out.Send(ppp.PAP, packet{papRequest, c.id, data}.append(nil))
}

// Receive takes one packet of protocol p, which is not kept. Challenges are
// answered, also later ones on an open link; an outcome is reported once for
// each of them. A Success of MS-CHAPv2 that does not prove that its sender
// knows the secret is a Failure. What does not belong here is dropped silently.
func (c *Client) Receive(now time.Time, p ppp.Protocol, info []byte, out *ppp.Outbox) Result {
	k, err := parsePacket(info)
	switch {
	case err != nil || p != c.method.Protocol():
		return Result{}
	case c.method == EAP:
		return c.receiveEAP(info, out)
	}
	switch c.method {
	case PAP:
		return c.receivePAP(k)
	case CHAPMD5, MSCHAP, MSCHAPv2:
		if k.code == chapChallenge {
			c.answer(now, k, out)
			return Result{}
		}
		return c.receiveCHAP(now, k, out)
	}
	return Result{}
}

// receivePAP takes an answer to any of the requests sent: they were the same.
func (c *Client) receivePAP(k packet) Result {
	if c.phase != asking || int(c.id-k.id) >= c.asked {
		return Result{}
	}
	r := Result{Text: papMessage(k.data)}
	switch k.code {
	case papAck:
		r.Outcome = Success
		c.accepted()
	case papNak:
		r.Outcome = Failure
	default:
		return Result{}
	}
	c.phase, c.deadline = settled, time.Time{}
	return r
}

// answer responds to a Challenge. The same one again gets the same Response,
// so that the Success on its way still fits.
func (c *Client) answer(now time.Time, k packet, out *ppp.Outbox) {
	value, _, err := parseCHAP(k.data)
	if err != nil || !c.prover.takes(value) || !c.login.Accepts(c.method) {
		return
	}
	if k.id != c.id || !bytes.Equal(value, c.challenge) {
		response := c.prover.prove(k.id, value)
		if response == nil {
			return
		}
		c.id, c.challenge = k.id, bytes.Clone(value)
		c.code, c.response = chapResponse, appendCHAP(nil, response, c.login.Name)
		c.phase, c.asked, c.deadline = asking, 0, now.Add(restart)
	}
	c.respond(out)
}

func (c *Client) respond(out *ppp.Outbox) {
	out.Send(ppp.CHAP, packet{c.code, c.id, c.response}.append(nil))
}

// change answers a Failure that says that the password has expired, if there
// is a new one.
func (c *Client) change(now time.Time, f failure, out *ppp.Outbox) bool {
	data := c.prover.change(f)
	if data == nil {
		return false
	}
	c.id++
	c.challenge, c.code, c.response = nil, chapChange, data
	c.asked, c.deadline = 0, now.Add(restart)
	c.respond(out)
	return true
}

// Changed tells that the other side has taken Login.Next as the password.
func (c *Client) Changed() bool { return c.prover.changed }

// receiveCHAP takes the answer to our Response. One that nobody asked for
// would let the other side in without proof, or us (RFC 2759 §5).
func (c *Client) receiveCHAP(now time.Time, k packet, out *ppp.Outbox) Result {
	if c.phase != asking || k.id != c.id {
		return Result{}
	}
	text, ok := string(k.data), true
	switch {
	case k.code == chapSuccess && c.method == MSCHAPv2:
		text, ok = msSuccess(text, c.prover.authenticator)
	case k.code == chapSuccess:
		text = printable(text)
	case k.code == chapFailure && c.method.microsoft():
		f := parseMSFailure(text)
		if c.change(now, f, out) {
			return Result{}
		}
		text, ok = f.String(), false
	case k.code == chapFailure:
		text, ok = printable(text), false
	default:
		return Result{}
	}
	c.phase, c.deadline = settled, time.Time{}
	switch {
	case ok:
		c.accepted()
		return Result{Success, text}
	case k.code == chapSuccess:
		return Result{Failure, unproven}
	}
	return Result{Failure, text}
}

func (c *Client) accepted() {
	c.prover.accepted()
	c.keep(c.prover.found())
}

// keep keeps the keys of the first Success: a new Challenge on an open link does
// not change them.
func (c *Client) keep(k Keys) {
	if c.keys == (Keys{}) {
		c.keys = k
	}
}

// End gives up what EAP holds. Whoever has made a Client ends it.
func (c *Client) End() {
	if c.eap != nil {
		c.eap.End()
	}
}

// Keys is the keying material once the other side has accepted us.
func (c *Client) Keys() Keys { return c.keys }

// Deadline is when Expire wants to be called; zero when it does not.
func (c *Client) Deadline() time.Time { return c.deadline }

// Expire sends PAP's request or CHAP's Response anew if the deadline has
// passed: the answer may have been lost (RFC 1994 §4.1). It reports failed when
// ten of PAP's requests were left unanswered, after 30 seconds; CHAP's other
// side keeps the time.
func (c *Client) Expire(now time.Time, out *ppp.Outbox) (failed bool) {
	switch {
	case c.deadline.IsZero() || now.Before(c.deadline):
	case c.asked >= maxRequests:
		c.deadline = time.Time{}
		if c.method == PAP {
			c.phase = idle
			return true
		}
	case c.method == PAP:
		c.request(now, out)
	default:
		c.asked++
		c.deadline = now.Add(restart)
		c.respond(out)
	}
	return false
}
