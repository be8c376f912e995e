package cp

// A Negotiator is what one control protocol's options mean. A Machine asks it;
// option data it is given are valid only during the call, those it returns
// belong to the Machine. An error says that there is no going on: the Machine
// closes with the error's text as reason, and its Err returns the error.
type Negotiator interface {
	// Reset forgets what both sides said: a negotiation begins.
	Reset()
	// Request lists the options of our next Configure-Request.
	Request() []Option
	// Judge answers the peer's Configure-Request. What it notes of the peer's
	// options counts once the machine opens: the last request judged is the
	// one that was acknowledged.
	Judge(opts []Option) (Answer, error)
	// Acked says that the peer acknowledged our last request, all of it.
	Acked()
	// Naked gives the values that the peer would like instead of ours; options
	// that we did not ask for may be among them.
	Naked(opts []Option) error
	// Rejected gives those of our options that the peer will not have; they
	// must not be in the next request.
	Rejected(opts []Option) error
}

// An Answer is what becomes of the peer's Configure-Request. If nothing is
// rejected and nothing nak'd, it is acknowledged (RFC 1661 §5.2); if anything
// is rejected, only that is said now (§5.4).
type Answer struct {
	Reject []Option // of the request, unchanged and in its order
	Nak    []Option // with values that we would take, in the request's order; then options we miss in it
}
