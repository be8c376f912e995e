package auth

// A Claim is the peer's word about who it is, with its proof. It may be kept
// and checked later; it shows its proof to nobody.
type Claim struct {
	Method Method
	Name   string // any octets, none to as many as a frame holds
	proof  *proof
}

// proof is what the peer answered.
type proof struct{}

// A Verdict is the answer to a Claim, made by Check or Refuse.
type Verdict struct {
	OK      bool
	Message string // for a person at the other end; printable ASCII travels best
}

// Check compares the claim's proof with what the owner of s would have sent,
// in constant time; with the zero Secret it takes as long and fails. The
// verdict's message is a general one; whoever knows better puts its own there.
func (c *Claim) Check(s Secret) Verdict { return Verdict{} }

// Refuse is a readable no to the claim, whatever it proves: PAP's
// Authenticate-Nak or CHAP's Failure will carry the message. EAP's Failure
// carries none.
func Refuse(c *Claim, message string) Verdict { return Verdict{Message: message} }
