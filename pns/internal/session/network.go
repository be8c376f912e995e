package session

import (
	"cmp"
	"fmt"
	"log/slog"
	"time"

	"carrier/pns/internal/flow"
	"carrier/pns/internal/lan"
	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/mppe"
	"carrier/shared/ppp/vj"
	"carrier/shared/record"
)

// linkUp tells the PAC what the caller's line needs (RFC 2637 §2.15): how to
// escape what is sent to her is what she asked for, and the other way round.
func (s *Session) linkUp(now time.Time) {
	agreed := s.link.LCP()
	s.o.Call.SetLinkInfo(agreed.Theirs.ACCM, agreed.Ours.ACCM)
	s.data.SetBundle(bundle(agreed))
	s.measure(now, agreed)
	known := []any{"mru", agreed.Theirs.MRU, "accm", fmt.Sprintf("%08x", agreed.Theirs.ACCM)}
	if mrru := agreed.Theirs.MRRU; mrru > 0 {
		known = append(known, "mrru", mrru)
	}
	s.log(slog.LevelInfo, "link up", known...)
	s.stage(record.Authenticating)
}

// linkDown restores the defaults for a negotiation that begins anew (RFC 1662
// §7.1), before its first packet reaches the PAC.
func (s *Session) linkDown(now time.Time) {
	s.offline()
	s.data.SetBundle(flow.Bundle{})
	s.login.held = nil // its question is no longer open
	s.measure(now, lcp.Agreed{})
	if s.link.Phase() == link.Establish {
		s.o.Call.SetLinkInfo(hdlc.AllControl, hdlc.AllControl)
		s.gone(now)
	}
}

// networkUp lets data through.
func (s *Session) networkUp(now time.Time, p ppp.Protocol) {
	switch p {
	case ppp.CCP:
		s.codingUp(now)
	case ppp.IPV6CP:
		if s.o.Dial != nil {
			s.dialled6(now)
			return
		}
		s.networkUp6(now)
	case ppp.IPCP:
		if s.o.Dial != nil {
			s.dialled4(now)
			return
		}
		s.networkUp4(now)
	}
}

// networkUp4 lets IPv4 through.
func (s *Session) networkUp4(now time.Time) {
	if s.login.lease == nil || s.detach != nil || !s.running() {
		return
	}
	addr, mtu, agreed := s.login.lease.Addr(), s.mtu(), s.ip.Agreed()
	if s.plainTCP {
		agreed.SendVJ = vj.Slots{}
	}
	behind := of4(s.user.Routes)
	err := s.data.SetNetwork(flow.Network{Open: true, Remote: addr, Behind: behind, MRU: mtu, Informs: s.o.DHCP != nil,
		SendVJ: agreed.SendVJ, ReceiveVJ: agreed.ReceiveVJ, Compression: s.form()})
	if err != nil {
		s.close(now, record.NetworkFailed, err.Error())
		return
	}
	detach, err := s.attach(addr, behind, mtu)
	if err != nil {
		s.shut()
		s.close(now, record.NetworkFailed, err.Error())
		return
	}
	s.detach = detach
	s.login.lease.Commit()
	if agreed.Remote != addr { // and kept to none, or to another: what she sends from that is dropped
		s.log(slog.LevelWarn, "the caller's machine did not take its address", "address", addr)
	}
	s.online(now, "address", addr, mtu)
}

// online notes that a network is up, which what is called kind has.
func (s *Session) online(now time.Time, kind string, what any, mtu int) {
	r := &s.record
	if r.Up.IsZero() {
		s.note(func(r *record.Call) { r.Stage, r.Up = record.Online, now })
	}
	s.wanting = time.Time{}
	s.log(slog.LevelInfo, "online", "user", r.User, kind, what, "mtu", mtu, "after", now.Sub(r.Started))
	s.startLimits(now)
}

// mtu is the longest packet that goes to the caller, in octets.
func (s *Session) mtu() int { return s.room(s.coding.ccp != nil) }

// form is how the frames that go to her are compressed.
func (s *Session) form() ppp.Compression {
	theirs := s.link.LCP().Theirs
	return ppp.Compression{Address: theirs.ACFC, Protocol: theirs.PFC}
}

// room is how many octets of a packet may go to the caller, and fit her MRU if it is
// coded or not.
func (s *Session) room(coded bool) int {
	agreed := s.link.LCP()
	room := wrapped(int(agreed.Theirs.MRU), agreed)
	if coded {
		room -= mppe.HeaderLength + 2 // of the Protocol field, which goes along
	}
	return min(room, cmp.Or(s.o.MTU, lan.DefaultMTU))
}

// networkDown stops data. The session's time goes on.
func (s *Session) networkDown(p ppp.Protocol) {
	switch p {
	case ppp.IPCP:
		s.offline4()
	case ppp.IPV6CP:
		s.offline6()
	case ppp.CCP:
		s.codingDown()
	}
}

// protocolRejected stops what the caller's machine asked for and does not know
// after all.
func (s *Session) protocolRejected(p ppp.Protocol) {
	if p == ppp.VJCompressed || p == ppp.VJUncompressed {
		s.plainTCP = true
		s.data.StopVJ()
		s.log(slog.LevelWarn, "the caller's machine rejects compressed TCP headers, for which it asked")
	}
}

// networkOver is for those that the session cannot do without; without any
// network the link ends by itself.
func (s *Session) networkOver(now time.Time, e link.Event) {
	if e.Protocol == ppp.CCP {
		s.codingOver(now, e.Text)
	}
}

// offline takes the caller off the LAN, and waits for no network any more.
func (s *Session) offline() {
	s.wanting = time.Time{}
	s.offline4()
	s.offline6()
}

// offline4 takes the caller's address off the LAN.
func (s *Session) offline4() {
	if s.detach == nil {
		return
	}
	s.detach()
	s.detach = nil
	s.shut()
	s.rest()
}

// rest stops the idle limit once no network is up.
func (s *Session) rest() {
	if s.detach == nil && s.six.detach == nil {
		s.idle = time.Time{}
	}
}

// shut lets no data of IPv4 through.
func (s *Session) shut() { _ = s.data.SetNetwork(flow.Network{}) } // without VJ nothing can be wrong

// The limits of a call: the user's own, or the program's.

func (s *Session) idleLimit() time.Duration {
	if d := s.user.Idle; d > 0 {
		return d
	}
	return s.o.Idle
}

func (s *Session) startLimits(now time.Time) {
	if d := s.idleLimit(); d > 0 {
		s.idle = now.Add(d)
	}
	limit := s.o.Limit
	if d := s.user.Session; d > 0 {
		limit = d
	}
	if limit > 0 && s.limit.IsZero() {
		s.limit = now.Add(limit)
	}
	s.tellRemaining(now)
}

// networkTime is how long a caller who is logged in may be without any network, before
// the first of them opens. An end that answers nothing is given up by CCP and then by
// the others after 30 s each; but who answers, and never comes to an end, is not.
const networkTime = 2 * time.Minute

// unopened ends the call of a caller who was without a network for that long.
func (s *Session) unopened(now time.Time) {
	if s.o.Coding.Encryption == Required && !s.coding.open {
		s.close(now, record.NotEncrypted, fmt.Sprintf("encryption is required, and was not agreed on in %v", networkTime))
		return
	}
	s.close(now, record.NetworkFailed, fmt.Sprintf("no network protocol opened in %v", networkTime))
}

// checkLimits ends the call when it was without a network or idle for too long, or has
// lasted too long. Times are monotonic: a clock that is set ends nobody's call.
func (s *Session) checkLimits(now time.Time) {
	if !s.wanting.IsZero() && !now.Before(s.wanting) {
		s.unopened(now)
		return
	}
	if !s.limit.IsZero() && !now.Before(s.limit) {
		s.close(now, record.SessionTimeout, "the time limit of this session is over")
		return
	}
	if !s.warn.IsZero() && !now.Before(s.warn) {
		s.tellRemaining(now)
	}
	if s.idle.IsZero() || now.Before(s.idle) {
		return
	}
	if s.idle = s.data.LastData().Add(s.idleLimit()); !now.Before(s.idle) {
		s.close(now, record.IdleTimeout, fmt.Sprintf("no data for %v", s.idleLimit()))
	}
}
