package record

// An EndReason says why a call ended. It is logged, counted and sent.
type EndReason uint8

// Why a call ended. Running is the zero value: it has not.
const (
	Running         EndReason = iota
	CallerHungUp              // the caller ended PPP (LCP Terminate-Request) or her login
	CarrierLost               // the line lost its carrier
	CallerSilent              // nothing was received in time after CONNECT
	CallerGone                // the caller gave up while it rang
	LineFault                 // the port or modem failed, and took the carrier along
	NoProfile                 // no profile names a destination for this caller
	NoTunnel                  // no PNS took the call
	GREBlocked                // the control connection lives but no GRE passes
	HostUnreachable           // no host that the call may end at answered
	HostClosed                // the host closed the connection
	RefusedByPNS              // the PNS refused this call
	ClearedByPNS              // the PNS ended the call; Text has what it told the caller
	ClearedByPAC              // the PAC ended the call; Text has what it told us
	ControlLost               // the control connection was lost
	NumberRefused             // the number may not be dialled, or is none
	NoLine                    // no line was free to dial on
	NumberBusy                // the number that was dialled is busy
	NoAnswer                  // nobody answered there in time
	NoDialTone                // the line that dials is dead
	NoCarrier                 // who answered is no modem, or one too slow
	LinkFailed                // LCP did not converge or the peer fell silent
	AuthFailed                // name or password was wrong
	NotEncrypted              // encryption is required, and was not agreed
	NoAddress                 // no address was free
	AddressInUse              // the user's fixed address is in use by a call that stays
	NetworkFailed             // no network protocol opened
	CalledBack                // the caller is to be called back
	NoCallback                // callback was not agreed: what the caller chose is not permitted, or she must and would not
	Replaced                  // a newer call of the same user took the address over
	IdleTimeout               // no data for too long
	SessionTimeout            // the longest allowed time was reached
	Operator                  // ended by command
	Drained                   // its line or PNS is taken out of service
	Shutdown                  // the program is ending
	ProtocolError             // the peer broke a protocol beyond repair
	endReasons
)

var reasonNames = [endReasons]string{
	Running: "running", CallerHungUp: "caller-hung-up", CarrierLost: "carrier-lost",
	CallerSilent: "caller-silent", CallerGone: "caller-gone", LineFault: "line-fault",
	NoProfile: "no-profile", NoTunnel: "no-tunnel", GREBlocked: "gre-blocked",
	HostUnreachable: "host-unreachable", HostClosed: "host-closed",
	RefusedByPNS: "refused-by-pns", ClearedByPNS: "cleared-by-pns", ClearedByPAC: "cleared-by-pac",
	ControlLost: "control-lost", NumberRefused: "number-refused", NoLine: "no-line",
	NumberBusy: "number-busy", NoAnswer: "no-answer", NoDialTone: "no-dial-tone", NoCarrier: "no-carrier",
	LinkFailed: "link-failed", AuthFailed: "auth-failed",
	NotEncrypted: "not-encrypted", NoAddress: "no-address", AddressInUse: "address-in-use", NetworkFailed: "network-failed",
	CalledBack: "called-back", NoCallback: "no-callback",
	Replaced: "replaced", IdleTimeout: "idle-timeout", SessionTimeout: "session-timeout",
	Operator: "operator", Drained: "drained", Shutdown: "shutdown", ProtocolError: "protocol-error",
}

// String is the reason's name in logs, histories and the outcome label of
// metrics.
func (r EndReason) String() string {
	if r < endReasons {
		return reasonNames[r]
	}
	return "unknown"
}

// MarshalText writes the reason's name into JSON.
func (r EndReason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText wrote; a name it does not know, from a
// newer program, reads as unknown.
func (r *EndReason) UnmarshalText(b []byte) error {
	for i, n := range reasonNames {
		if n == string(b) {
			*r = EndReason(i)
			return nil
		}
	}
	*r = endReasons
	return nil
}

// EndReasons lists every reason, for metrics that show zeros.
func EndReasons() []EndReason {
	all := make([]EndReason, endReasons)
	for i := range all {
		all[i] = EndReason(i)
	}
	return all
}

// ResultCode is the Result Code of Call-Disconnect-Notify for this reason (RFC
// 2637 §2.13). Of a port that failed the PNS learns that the carrier is lost,
// which is what it comes to for the caller; General Error would have it look for
// a fault between the two of us.
func (r EndReason) ResultCode() uint8 {
	switch r {
	case CarrierLost, LineFault, CallerHungUp, CallerGone:
		return 1 // Lost Carrier
	case Operator, Drained, Shutdown:
		return 3 // Admin Shutdown
	case ClearedByPNS, RefusedByPNS, HostClosed:
		return 4 // Request
	default:
		return 2 // General Error
	}
}
