// Package peer is one endpoint of PPTP and the only owner of its sockets: the
// TCP control connections, whichever side opened them, and the GRE packets of
// their calls, over raw IP or UDP (RFC 2637). Who is PAC and who PNS belongs to
// each call, not to the endpoint.
//
// A call has two halves. Its owner drives the control half, with the methods
// and Events of Call. The data half does not pass through the owner: GRE
// packets go from the socket's reader to the Receiver bound to the call, in
// batches, and back with Send from any goroutine.
package peer

import (
	"log/slog"
	"net/netip"
	"time"

	"carrier/shared/pptp"
	"carrier/shared/quirk"
)

// GREPort is the UDP port that GRE packets go to when they travel over UDP;
// borrowed from RFC 8086.
const GREPort = 4754

// Options say what an Endpoint binds and how it behaves. Handler and Log are
// needed; the zero value of everything else means what its line says.
type Options struct {
	Host   string         // our Host Name, at most 64 octets
	Listen netip.AddrPort // where control connections are accepted; invalid: nowhere
	UDP    netip.AddrPort // where GRE over UDP is bound, port 0 for any; invalid: no UDP
	GRE    bool           // raw GRE, which needs CAP_NET_RAW
	Source netip.Addr     // our address for connections that we open and for raw GRE; invalid: the system chooses
	OddIDs bool           // give odd Call IDs, else even: a pac and a pns on one host see each other's GRE
	PAC    bool           // we have lines: Framing, Bearer Capabilities and Maximum Channels say so
	Lines  uint16         // Maximum Channels of a PAC

	Timers  pptp.Timers   // zero fields: those of RFC 2637
	Connect time.Duration // limit of opening a TCP connection; 15 s
	Stop    time.Duration // how long Run waits for Stop-Control-Connection-Replies when it ends; 3 s
	Pending int           // connections that may be waiting for their Start-Control-Connection-Request; 1024

	Handler Handler
	Log     *slog.Logger
	Stats   *Stats // nil: not counted for anybody
	Tap     Tap    // nil: nobody looks
}

// A Transport is how GRE packets travel.
type Transport uint8

// Transports. GRE is IP protocol 47; UDP carries the same packet on GREPort.
const (
	GRE Transport = iota
	UDP
	transports
)

// String is the name used in configurations.
func (t Transport) String() string {
	if t == UDP {
		return "udp"
	}
	return "gre"
}

// MarshalText writes the name into JSON.
func (t Transport) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// A Remote is what is known of a peer before it speaks. Where a Handler admits
// a peer that this endpoint also dials, Addr is the address dialled, so that
// Dial finds the connection; otherwise it may stay zero.
type Remote struct {
	Name      string
	Addr      netip.AddrPort // of its control connections, TCP
	Transport Transport
	UDPPort   uint16 // where its GRE over UDP goes until its first packet shows better; 0: GREPort
	// OneCall gives each call that we begin a control connection of its own, which
	// ends with it.
	OneCall  bool
	Settings quirk.Settings // what an administrator says of it
	Limits   Limits         // of what it begins
}

// A Handler decides for the program. Its methods are called without locks, by
// the goroutine that accepts or reads the control connection, and must not block.
type Handler interface {
	// Admit says who the peer at an address is: when its connection comes, and
	// again when it says who it is. An error refuses it: a few such strangers hear
	// that, in Start-Control-Connection-Reply with result 4, the others are closed.
	Admit(from netip.AddrPort) (Remote, error)
	// Incoming is called for each Incoming-Call-Request: for this call we are
	// the PNS. Accept or Refuse answers it, now or later.
	Incoming(*Call)
	// Outgoing is called for each Outgoing-Call-Request: for this call we are
	// the PAC. Answer or Refuse answers it, now or later.
	Outgoing(*Call)
}

// A Receiver is the data half of a call. Receive gets GRE packets, octets from
// the GRE header on, valid only during the call, in the order of their arrival
// and by one goroutine at a time. Wake is called by another goroutine at the
// time that Call.WakeAt gave. Both may call Send and WakeAt and must not block;
// either may still run when Ended is in the call's Events.
type Receiver interface {
	Receive(packets [][]byte)
	Wake(now time.Time)
}

// A Tap is shown what the sockets carry, as it is sent and received. It must
// not keep the octets, nor block. Control without octets means that src closed
// the connection; peer is the peer's name.
type Tap interface {
	Control(peer string, src, dst netip.AddrPort, octets []byte)
	GRE(call string, src, dst netip.Addr, packet []byte)
}

func (o Options) withDefaults() Options {
	o.Timers = o.Timers.WithDefaults()
	if o.Connect == 0 {
		o.Connect = 15 * time.Second
	}
	if o.Stop == 0 {
		o.Stop = 3 * time.Second
	}
	if o.Pending == 0 {
		o.Pending = 1024
	}
	if o.Stats == nil {
		o.Stats = new(Stats)
	}
	return o
}

// about is what our Start-Control-Connection messages say of us.
func (o Options) about() pptp.StartControlConnectionReply {
	m := pptp.StartControlConnectionReply{
		ProtocolVersion:     pptp.Version,
		FramingCapabilities: pptp.Asynchronous | pptp.Synchronous,
		BearerCapabilities:  pptp.Analog | pptp.Digital,
		FirmwareRevision:    1,
		HostName:            o.Host,
		VendorName:          "Carrier",
	}
	if o.PAC {
		m.FramingCapabilities, m.BearerCapabilities = pptp.Asynchronous, pptp.Analog
		m.MaximumChannels = o.Lines
	}
	return m
}
