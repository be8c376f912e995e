package auth

import (
	"io"
	"time"

	"carrier/shared/ppp"
)

// maxText is what a length of one octet can say.
const maxText = 255

// A Server is the authenticator's side of one method on one link. It is not
// safe for concurrent use.
type Server struct {
	method Method
}

// NewServer demands method m in the name given (CHAP's Challenges carry it).
// Challenges are drawn from rand; nil means crypto/rand.
func NewServer(m Method, name string, rand io.Reader) *Server { return &Server{method: m} }

// Start begins: a CHAP Challenge or an EAP Identity request goes out; PAP
// waits.
func (s *Server) Start(now time.Time, out *ppp.Outbox) {}

// Receive takes one packet of protocol p, which is not kept. It returns the
// peer's claim when there is a new one; the owner then calls Answer, at once
// or later. Repeats of an answered claim get the same answer again; what does
// not belong here is dropped silently.
func (s *Server) Receive(now time.Time, p ppp.Protocol, info []byte, out *ppp.Outbox) *Claim {
	return nil
}

// Answer tells the peer the verdict on the last claim.
func (s *Server) Answer(now time.Time, v Verdict, out *ppp.Outbox) {}

// Deadline is when Expire wants to be called; zero when it does not.
func (s *Server) Deadline() time.Time { return time.Time{} }

// Expire sends a Challenge or Identity request anew. It reports failed when
// the peer has left too many of them unanswered.
func (s *Server) Expire(now time.Time, out *ppp.Outbox) (failed bool) { return false }

// Rechallenge demands again of a peer that has been accepted (RFC 1994 §4.1);
// only the CHAP methods can.
func (s *Server) Rechallenge(now time.Time, out *ppp.Outbox) {}

// Reflects tells whether info is a CHAP Challenge with a value that this
// server itself has sent on this link: a peer that hands our own question
// back wants us to answer it for him (RFC 1994, security considerations).
// Such a Challenge must not be given to a Client.
func (s *Server) Reflects(p ppp.Protocol, info []byte) bool { return false }
