package cbcp

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"carrier/shared/phone"
)

// An Offer is what a caller may choose from. The zero Offer has nothing, which
// becomes None: there is no callback for her, and the call goes on.
type Offer struct {
	None   bool
	Caller bool
	Fixed  bool
	List   []string
}

// room is what an option has for its numbers: 255 octets without Type, Length and
// delay. Each number takes two octets more than it has.
const room = 252

// Check is the reason why an Offer cannot be sent; nil: it can.
func (o Offer) Check() error {
	all := 0
	for _, n := range o.List {
		if n == "" || len(n) > phone.Longest {
			return fmt.Errorf("number %q: %d octets, of 1 to %d", n, len(n), phone.Longest)
		}
		if all += len(n) + 2; all > room {
			return fmt.Errorf("the list is longer than %d octets", room)
		}
	}
	return nil
}

func (o Offer) options() []Option {
	var all []Option
	add := func(offered bool, t Type) {
		if offered {
			all = append(all, Option{Type: t})
		}
	}
	add(o.None || !o.Caller && !o.Fixed && len(o.List) == 0, None)
	add(o.Caller, Caller)
	add(o.Fixed, Fixed)
	if len(o.List) > 0 {
		all = append(all, Option{Type: List, Numbers: o.List})
	}
	return all
}

// A Choice is the callback that a caller chose.
type Choice struct {
	Type   Type
	Number string        // of Caller and List
	Delay  time.Duration // how long she is not to be rung yet, from the end of this call
}

func (c Choice) option() Option {
	o := Option{Type: c.Type, Delay: c.Delay}
	if c.Number != "" {
		o.Numbers = []string{c.Number}
	}
	return o
}

// Why a Response is refused.
var (
	ErrNotOffered = errors.New("not offered")
	ErrManifold   = errors.New("not one choice")
	ErrNoNumber   = errors.New("without a number")
	ErrForeign    = errors.New("another number than was offered")
)

// judge makes a Choice of the options of a Response.
func (o Offer) judge(chosen []Option) (Choice, error) {
	if len(chosen) != 1 {
		return Choice{}, fmt.Errorf("%d options: %w", len(chosen), ErrManifold)
	}
	one := chosen[0]
	offered := slices.ContainsFunc(o.options(), func(p Option) bool { return p.Type == one.Type })
	c := Choice{Type: one.Type, Delay: one.Delay}
	if len(one.Numbers) > 0 {
		c.Number = one.Numbers[0]
	}
	var err error
	switch t := one.Type; {
	case !offered:
		err = ErrNotOffered
	case len(one.Numbers) > 1:
		err = ErrManifold
	case (t == Caller || t == List) && c.Number == "":
		err = ErrNoNumber
	case t == Fixed && c.Number != "", t == List && !slices.Contains(o.List, c.Number):
		err = ErrForeign
	}
	if err != nil {
		return Choice{}, fmt.Errorf("%v: %w", one.Type, err)
	}
	return c, nil
}
