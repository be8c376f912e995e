package main

import (
	"flag"

	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/mppe"
	"carrier/shared/ppp/vj"
)

// A policy is how callers' machines code data: all that is here they require or
// ask for.
type policy struct {
	encrypt  bool // MPPE with 128 bits, stateless
	compress bool // MPPC with it, and TCP headers
}

func (p *policy) flags() {
	flag.BoolVar(&p.encrypt, "encrypt", false, "callers require MPPE-128, stateless")
	flag.BoolVar(&p.compress, "compress", false, "and MPPC with it, and ask for compressed TCP headers")
}

func (p policy) ipcp() ipcp.Options {
	o := ipcp.Options{AskAddress: true}
	if p.compress {
		o.VJ = vj.Slots{Count: 16}
	}
	return o
}

// ccp is the negotiator of a caller with these keys; nil: none.
func (p policy) ccp(keys mppe.Keys) *ccp.CCP {
	if !p.encrypt {
		return nil
	}
	m := ccp.MPPE{Can: mppe.Key128 | mppe.Stateless, Keys: keys, Required: true}
	if p.compress {
		m.Can |= mppe.MPPC
	}
	return ccp.New(ccp.Options{Receive: []ccp.Method{m}, Send: []ccp.Method{m}, Required: true})
}

// A coding is what a call's CCP agreed on; the zero value leaves data as they
// are.
type coding struct {
	ccp   *ccp.CCP
	out   *ccp.Outbound
	in    *ccp.Inbound
	plain gre.Batch // packets that came out of in, until the end of a Receive
	whole []byte    // a packet with its Protocol field
	info  []byte
}

// agreed puts in force what CCP came to.
func (c *coding) agreed(mru int) (err error) {
	a := c.ccp.Agreed()
	if c.out, err = ccp.NewOutbound(a.Send, mru); err == nil {
		c.in, err = ccp.NewInbound(a.Receive, mru)
	}
	return err
}

// open is the packet of IP in a Compressed Datagram; nil: none.
func (c *coding) open(info []byte) []byte {
	packet, err := c.in.Receive(c.plain.Next(), info)
	if err != nil {
		return nil
	}
	c.plain.Add(packet)
	if p, ip, err := ppp.Split(packet); err == nil && p == ppp.IPv4 {
		return ip
	}
	return nil
}

// append appends the frame that a packet of IP travels in.
func (c *coding) append(dst, ip []byte) []byte {
	if c.out != nil {
		c.whole = append(append(c.whole[:0], 0, byte(ppp.IPv4)), ip...)
		if info, ok := c.out.Compress(c.info[:0], c.whole); ok {
			c.info = info
			return ppp.Append(dst, ppp.Compressed, info)
		}
	}
	return ppp.Append(dst, ppp.IPv4, ip)
}
