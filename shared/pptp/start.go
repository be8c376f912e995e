package pptp

import "net/netip"

// EventOf is the event that a message is to a control connection. A
// Start-Control-Connection-Request asks the receiver's policy too: admitted
// tells if its sender may have a control connection.
func EventOf(m Message, admitted bool) ControlEvent {
	switch m := m.(type) {
	case StartControlConnectionRequest:
		if !admitted || m.ProtocolVersion < Version {
			return RecvStartRefused
		}
		return RecvStart
	case StartControlConnectionReply:
		switch {
		case m.Result != StartOK:
			return RecvStartedNot
		case m.ProtocolVersion < Version:
			return RecvStartedBadVer
		}
		return RecvStarted
	case StopControlConnectionRequest:
		return RecvStop
	case StopControlConnectionReply:
		return RecvStopped
	case EchoRequest:
		return RecvEcho
	case EchoReply:
		return RecvEchoReply
	default:
		return RecvCallMessage
	}
}

// Reply is the Start-Control-Connection-Reply to r: as is when we accept it, with
// result 4 when it is not admitted, and 5 when its version is below ours, of
// which there is none that we could speak (RFC 2637 §3.1.2). A higher version is
// answered with ours. as carries what we say of ourselves.
func (r StartControlConnectionRequest) Reply(as StartControlConnectionReply, admitted bool) StartControlConnectionReply {
	as.ProtocolVersion = Version
	switch {
	case !admitted:
		as.Result = StartNotAuthorized
	case r.ProtocolVersion < Version:
		as.Result = StartBadVersion
	default:
		as.Result = StartOK
	}
	return as
}

// Wins tells if, of two peers that open control connections to each other at
// the same time, the one at ours keeps the connection that it opened: the
// higher address does, as a 32-bit number (RFC 2637 §3.1.3).
func Wins(ours, theirs netip.Addr) bool { return ours.Unmap().Compare(theirs.Unmap()) > 0 }
