package line

import "errors"

// ErrRinging is Dial's answer to glare: the line rang while it dialled.
var ErrRinging = errors.New("the line is ringing")

// ErrNoCarrier is Answer's error when the caller was gone before there was a
// carrier, and what Write gives once the carrier is lost.
var ErrNoCarrier = errors.New("no carrier")

// ErrClosed is what Ring and the rest give after Close.
var ErrClosed = errors.New("the line is closed")

// A DialResult is why the telephone network gave no carrier.
type DialResult uint8

// The results of dialling, in the words of the AT commands.
const (
	NoCarrier DialResult = iota + 1
	NoDialtone
	Busy
	NoAnswer
	Delayed     // the modem refuses the number for a while
	Blacklisted // the modem refuses the number for good
)

var dialNames = [...]string{NoCarrier: "NO CARRIER", NoDialtone: "NO DIALTONE", Busy: "BUSY",
	NoAnswer: "NO ANSWER", Delayed: "DELAYED", Blacklisted: "BLACKLISTED"}

// A DialError says why a number that was dialled did not answer.
type DialError struct {
	Number string
	Result DialResult
}

func (e *DialError) Error() string { return e.Number + ": " + dialNames[e.Result] }
