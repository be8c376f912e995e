package auth

import "strconv"

// A Verdict is the answer to a Claim, made by Check or Refuse. Only a Verdict
// of Check can accept an MS-CHAPv2 claim, since Success must prove our side.
type Verdict struct {
	OK      bool
	Message string // for a person at the other end; what is not printable ASCII travels as '?'

	// Of a refusal of MS-CHAP's kin, which can say more than no:
	Reason Reason // zero: WrongPassword
	// Retry lets the peer try again, three times in all: with another Response,
	// or, where Reason is PasswordExpired, with a new password, which only
	// MS-CHAPv2 has. The link stays open until then.
	Retry bool

	authenticator [20]byte // MS-CHAPv2's proof of our side
	keys          Keys
}

// What Check says; it does not tell an unknown name from a wrong password.
const (
	accepted = "Access granted"
	refused  = "wrong user name or password"
	unissued = "this certificate lets nobody in"
)

// maxTries is how often a peer may try again.
const maxTries = 3

// A Reason is an error code of MS-CHAP's Failure (RFC 2433 §8, RFC 2759 §6).
type Reason uint16

// The reasons.
const (
	RestrictedHours    Reason = 646
	AccountDisabled    Reason = 647
	PasswordExpired    Reason = 648
	NoDialIn           Reason = 649
	WrongPassword      Reason = 691
	PasswordNotChanged Reason = 709
)

var reasons = map[Reason]string{
	RestrictedHours:    "the account is not allowed to log on at this hour",
	AccountDisabled:    "the account is disabled",
	PasswordExpired:    "the password has expired",
	NoDialIn:           "the account has no permission to dial in",
	WrongPassword:      refused,
	PasswordNotChanged: "the password could not be changed",
}

// String is the reason in words, or its number.
func (r Reason) String() string {
	if s, ok := reasons[r]; ok {
		return s
	}
	return "error " + strconv.Itoa(int(r))
}

// Refuse is a readable no to the claim, whatever it proves: PAP's
// Authenticate-Nak, CHAP's Failure or, inside EAP, a Notification before it
// will carry the message. The Failure of EAP-TLS, and of who only said a name,
// carries none. The claim may be nil.
func Refuse(_ *Claim, message string) Verdict { return Verdict{Message: message} }
