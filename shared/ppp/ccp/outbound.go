package ccp

import "carrier/shared/ppp/cp"

// An Outbound is the sending half of a link's method.
type Outbound struct {
	Compressor
	Resets uint64 // Reset-Requests obeyed
}

// NewOutbound makes it of what was agreed, towards a peer whose MRU is mru
// octets; nil: nothing was.
func NewOutbound(c Choice, mru int) (*Outbound, error) {
	if c.Method == nil {
		return nil, nil
	}
	made, err := c.Method.Compressor(c.Value, mru)
	if err != nil {
		return nil, err
	}
	return &Outbound{Compressor: made}, nil
}

// ResetRequest obeys the peer's. The Reset-Ack that it returns must leave
// before anything that is compressed from now on; false: there is none.
func (o *Outbound) ResetRequest(p cp.Packet) (ack cp.Packet, ok bool) {
	o.Resets++
	data, ok := o.Reset(p.Data)
	return cp.Packet{Code: ResetAck, ID: p.ID, Data: data}, ok
}
