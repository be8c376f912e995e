package session

import "net/netip"

// attach has packets for an address, and for networks behind it, go to the other end.
// An error leaves nothing.
func (s *Session) attach(addr netip.Addr, behind []netip.Prefix, mtu int) (detach func(), err error) {
	own, err := s.o.LAN.Attach(addr, mtu, s.data)
	if err != nil {
		return nil, err
	}
	networks, err := s.lead(behind, mtu)
	if err != nil {
		own()
		return nil, err
	}
	return func() {
		networks()
		own()
	}, nil
}

// lead has packets for networks go to the other end. An error leaves nothing.
func (s *Session) lead(networks []netip.Prefix, mtu int) (detach func(), err error) {
	var each []func()
	detach = func() {
		for _, f := range each {
			f()
		}
	}
	for _, n := range networks {
		f, err := s.o.Delegator.Delegate(n, mtu, s.data)
		if err != nil {
			detach()
			return nil, err
		}
		each = append(each, f)
	}
	return detach, nil
}

// of4 and of6 are the networks of one family.
func of4(all []netip.Prefix) (some []netip.Prefix) {
	for _, p := range all {
		if p.Addr().Is4() {
			some = append(some, p)
		}
	}
	return some
}

func of6(all []netip.Prefix) (some []netip.Prefix) {
	for _, p := range all {
		if p.Addr().Is6() {
			some = append(some, p)
		}
	}
	return some
}
