package users

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"carrier/shared/phone"
	"carrier/shared/ppp/cbcp"
)

// Callback is how a user is called back. The zero value is not at all.
type Callback struct {
	Kind CallbackKind
	// Numbers are the one to which she is called back, those among which she chooses,
	// or patterns (phone.Pattern) of those that she may say; the first two are digits.
	Numbers  []string
	Required bool // without it she is not let in
}

// A CallbackKind says who names the number.
type CallbackKind uint8

// The kinds.
const (
	NoCallback CallbackKind = iota
	ToNumber                // it is set
	ToList                  // she chooses one of some that are set
	ToCaller                // she says one that a pattern has
)

var callbackNames = [...]string{NoCallback: "none", ToNumber: "number", ToList: "list", ToCaller: "caller"}

// String is the name in the configuration.
func (k CallbackKind) String() string {
	if int(k) < len(callbackNames) {
		return callbackNames[k]
	}
	return "unknown"
}

// ParseCallbackKind reads a name of the configuration.
func ParseCallbackKind(name string) (CallbackKind, error) {
	if i := slices.Index(callbackNames[:], name); i >= 0 {
		return CallbackKind(i), nil
	}
	return 0, fmt.Errorf("%q is none of %s", name, strings.Join(callbackNames[:], ", "))
}

// Offer is what her machine may choose from.
func (c Callback) Offer() cbcp.Offer {
	o := cbcp.Offer{None: !c.Required, Caller: c.Kind == ToCaller, Fixed: c.Kind == ToNumber}
	if c.Kind == ToList {
		o.List = c.Numbers
	}
	return o
}

// Why a choice is refused, beside a number that is not permitted. The caller may
// read it.
var (
	ErrCallbackRequired = errors.New("you must be called back")
	ErrNoCallback       = errors.New("you are not called back")
	ErrNoNumber         = errors.New("no number is set for you: say one")
)

// Number is where a caller who chose so is rung; "": nowhere, her call goes on. The
// error says why not; she may read it.
func (c Callback) Number(choice cbcp.Choice) (string, error) {
	switch {
	case choice.Type == cbcp.None && c.Required:
		return "", ErrCallbackRequired
	case choice.Type == cbcp.None:
		return "", nil
	case c.Kind == NoCallback:
		return "", ErrNoCallback
	case choice.Type == cbcp.Fixed && c.Kind == ToNumber:
		return c.Numbers[0], nil
	case choice.Type == cbcp.Fixed:
		return "", ErrNoNumber
	}
	digits, ok := phone.Digits(choice.Number)
	hers := slices.Contains(c.Numbers, digits) || c.Kind == ToCaller && phone.Matches(c.Numbers, digits)
	if !ok || !hers {
		return "", fmt.Errorf("you are not called back at %s", choice.Number)
	}
	return digits, nil
}
