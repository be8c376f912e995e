// Package cbcp is Microsoft's Callback Control Protocol, [MS-CBCP]: once the
// caller is authenticated, the end that was called says which kinds of callback
// there are for her, she chooses one, and that is acknowledged. The list of
// numbers is of the draft that was before it, draft-gidwani-ppp-callback-cp. Who
// wants this protocol says so in LCP's Callback option, by operation 6.
package cbcp

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"carrier/shared/ppp/cp"
	"carrier/shared/wire"
)

// The codes of its packets ([MS-CBCP] §2.2.4). Their header is that of all
// control protocols.
const (
	Request  cp.Code = iota + 1 // of who was called: an Option for each kind that may be chosen
	Response                    // of the caller: the one that she chooses
	Ack                         // of who was called: the same
)

// A Type of callback ([MS-CBCP] §2.2.3).
type Type uint8

// The types.
const (
	None   Type = iota + 1 // the call goes on
	Caller                 // to a number that the caller says
	Fixed                  // to the number that is set for her where she called
	List                   // to one of the numbers that the Request lists
	types
)

var typeNames = [types]string{None: "none", Caller: "the caller's number", Fixed: "the number set for her", List: "one of a list"}

// String is the type in words.
func (t Type) String() string {
	if t > 0 && t < types {
		return typeNames[t]
	}
	return fmt.Sprintf("callback type %d", uint8(t))
}

// MaxDelay is the longest delay that an Option can say.
const MaxDelay = 255 * time.Second

// An Option is one kind of callback in a packet.
type Option struct {
	Type    Type
	Delay   time.Duration // how long the caller is not to be rung yet; whole seconds, at most MaxDelay
	Numbers []string      // none of them empty; of None there are none
}

// telephone is the Address Type of a number of PSTN or ISDN, the only one there
// is ([MS-CBCP] §2.2.2).
const telephone = 1

// ErrText says that a number is not printable ASCII.
var ErrText = errors.New("not printable ASCII")

// ParseOptions reads the data of a packet. What does not fit, or has no NUL where
// one must be, is an error that matches wire.ErrShort; others are ErrText. Options
// of types that are not known have neither delay nor numbers.
func ParseOptions(data []byte) ([]Option, error) {
	raw, err := cp.ParseOptions(data)
	if err != nil {
		return nil, err
	}
	var all []Option
	for _, r := range raw {
		o, err := parseOption(r)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", o.Type, err)
		}
		all = append(all, o)
	}
	return all, nil
}

// parseOption reads one. Some give None a delay (pppd), which says nothing, and some
// leave out the number that they do not have.
func parseOption(raw cp.Option) (Option, error) {
	o := Option{Type: Type(raw.Type)}
	if o.Type <= None || o.Type >= types || len(raw.Data) == 0 {
		return o, nil
	}
	r := wire.NewReader(raw.Data)
	o.Delay = time.Duration(r.Uint8("Callback Delay")) * time.Second
	for r.Len() > 0 {
		kind, rest := r.Uint8("Address Type"), r.Rest()
		end := slices.Index(rest, 0)
		if end < 0 { // the NUL would be behind the end
			end = len(rest)
		}
		r = wire.NewReader(rest)
		number := string(r.Bytes("Address", end))
		r.Skip("NUL of Address", 1)
		if r.Err() != nil {
			break
		}
		if slices.ContainsFunc([]byte(number), func(c byte) bool { return c < ' ' || c > '~' }) {
			return o, fmt.Errorf("in Address: %w", ErrText)
		}
		if kind == telephone && number != "" {
			o.Numbers = append(o.Numbers, number)
		}
	}
	return o, r.Err()
}

// AppendOptions appends the data of a packet with options that fit (Offer.Check).
func AppendOptions(dst []byte, all []Option) []byte {
	var raw []cp.Option
	for _, o := range all {
		raw = append(raw, cp.Option{Type: uint8(o.Type), Data: o.data()})
	}
	return cp.AppendOptions(dst, raw)
}

// data is what is behind Type and Length. A number that the other end is to fill in
// is an empty one ([MS-CBCP] §2.2.4.1).
func (o Option) data() []byte {
	if o.Type == None {
		return nil
	}
	b := []byte{byte(o.Delay / time.Second)}
	numbers := o.Numbers
	if o.Type == Caller && len(numbers) == 0 {
		numbers = []string{""}
	}
	for _, n := range numbers {
		b = append(append(append(b, telephone), n...), 0)
	}
	return b
}
