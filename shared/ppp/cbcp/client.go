package cbcp

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

// A Want is what a caller would choose: to be rung at Number where she may say one,
// or where it is in the list; else at the number that is set for her, or the list's
// first if she says none. Where there is no such callback, the call goes on.
type Want struct {
	Number string        // at most phone.Longest octets of printable ASCII
	Delay  time.Duration // of her modem's: whole seconds, at most MaxDelay
}

// ErrNothing says that there is nothing in a Request that is wanted, nor None.
var ErrNothing = errors.New("no callback of the kind that is wanted, and none is not offered either")

func (w Want) choose(offered []Option) (Choice, error) {
	find := func(t Type) (Option, bool) {
		i := slices.IndexFunc(offered, func(o Option) bool { return o.Type == t })
		if i < 0 {
			return Option{}, false
		}
		return offered[i], true
	}
	if _, ok := find(Caller); ok && w.Number != "" {
		return Choice{Caller, w.Number, w.Delay}, nil
	}
	if _, ok := find(Fixed); ok {
		return Choice{Type: Fixed, Delay: w.Delay}, nil
	}
	if list, ok := find(List); ok && len(list.Numbers) > 0 {
		if w.Number == "" || slices.Contains(list.Numbers, w.Number) {
			number := w.Number
			if number == "" {
				number = list.Numbers[0]
			}
			return Choice{List, number, w.Delay}, nil
		}
	}
	if _, ok := find(None); ok {
		return Choice{Type: None}, nil
	}
	return Choice{}, ErrNothing
}

// A Client is the caller's part. It has no clock and does no I/O; it is not safe
// for concurrent use.
type Client struct {
	want   Want
	sender sender
	choice Choice
}

// NewClient makes one. It waits to be asked.
func NewClient(w Want) *Client { return &Client{want: w} }

// Receive takes the information field of a frame. A Choice that is acknowledged is
// returned, once; nil: none is. The error is ErrNothing. What does not parse, and an
// Ack of something else, is silently discarded.
func (c *Client) Receive(now time.Time, info []byte, out *ppp.Outbox) (*Choice, error) {
	p, err := cp.Parse(info)
	if err != nil {
		return nil, nil
	}
	switch p.Code {
	case Request:
		offered, err := ParseOptions(p.Data)
		if err != nil {
			return nil, nil
		}
		if c.choice, err = c.want.choose(offered); err != nil {
			c.sender.stop()
			return nil, err
		}
		data := AppendOptions(nil, []Option{c.choice.option()})
		c.sender.start(now, cp.Packet{Code: Response, ID: p.ID, Data: data}, out)
	case Ack:
		asked := c.sender.packet
		if c.sender.deadline.IsZero() || p.ID != asked.ID || !bytes.Equal(p.Data, asked.Data) {
			return nil, nil
		}
		c.sender.stop()
		return &c.choice, nil
	}
	return nil, nil
}

// Deadline is when Expire wants to be called; zero when it does not.
func (c *Client) Deadline() time.Time { return c.sender.deadline }

// Expire responds once more. It is true when no Response was acknowledged.
func (c *Client) Expire(now time.Time, out *ppp.Outbox) (silent bool) {
	again, silent := c.sender.due(now)
	if again {
		c.sender.send(now, out)
	}
	return silent
}
