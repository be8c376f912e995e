// Package netstack is a TCP/IP of our own, a gVisor stack in user space, fed
// with IP packets. A host on it dials, listens and pings; with a Forwarder it
// stands for every address beyond a router instead. IPv4 only.
package netstack

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

// Options say who the stack is and where its packets go.
type Options struct {
	Addr netip.Addr // its own address, IPv4
	MTU  int        // octets; 0 is 1500
	// Output takes the packets that the stack sends, in their order, from one
	// goroutine. They are valid only during the call. While it blocks, packets
	// wait, at most Queue of them; later ones are lost, as on a network.
	Output func(packets [][]byte)
	Queue  int // packets; 0 is 256
	// DNS are the servers that DialContext asks about names.
	DNS []netip.Addr
	// Forwarder, where set, takes what is sent to any other address.
	Forwarder *Forwarder
}

const (
	nic          = 1
	batch        = 64 // packets handed to Output at once
	defaultMTU   = 1500
	defaultQueue = 256
)

// A Stack is one host's TCP/IP, on one interface that is its default route.
type Stack struct {
	addr tcpip.Address
	dns  []netip.Addr
	s    *stack.Stack
	link *channel.Endpoint
	stop context.CancelFunc
	done chan struct{} // closed when Output is called no more

	pings pings
}

// New starts a stack. Close must be called to end its goroutines.
func New(o Options) (*Stack, error) {
	if !o.Addr.Is4() {
		return nil, fmt.Errorf("address %v is not IPv4", o.Addr)
	}
	if o.MTU == 0 {
		o.MTU = defaultMTU
	}
	if o.Queue == 0 {
		o.Queue = defaultQueue
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Stack{addr: tcpip.AddrFrom4(o.Addr.As4()), dns: o.DNS, stop: stop, done: make(chan struct{}),
		link: channel.New(o.Queue, uint32(o.MTU), ""),
		s: stack.New(stack.Options{
			NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
			TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol, icmp.NewProtocol4},
		})}
	go s.pump(ctx, o.Output)
	if err := s.configure(o.Forwarder); err != nil {
		s.Close()
		return nil, fmt.Errorf("IP stack: %w", err)
	}
	return s, nil
}

// configure makes the one interface, its address and the default route.
func (s *Stack) configure(f *Forwarder) error {
	sack := tcpip.TCPSACKEnabled(true)
	if err := s.s.SetTransportProtocolOption(tcp.ProtocolNumber, &sack); err != nil {
		return asError(err)
	}
	// gVisor's RACK runs into time-outs behind a slow link with a short queue,
	// which is what a modem is: a quarter of the rate was measured.
	noRACK := tcpip.TCPRecovery(0)
	if err := s.s.SetTransportProtocolOption(tcp.ProtocolNumber, &noRACK); err != nil {
		return asError(err)
	}
	if err := s.s.CreateNIC(nic, s.link); err != nil {
		return asError(err)
	}
	own := tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: s.addr.WithPrefix()}
	if err := s.s.AddProtocolAddress(nic, own, stack.AddressProperties{}); err != nil {
		return asError(err)
	}
	s.s.AddRoute(tcpip.Route{Destination: header.IPv4EmptySubnet, NIC: nic})
	if f == nil {
		return nil
	}
	return s.forward(f)
}

// Write hands one IP packet to the stack, which copies it. A packet that is
// not valid is dropped and counted by Malformed.
func (s *Stack) Write(packet []byte) {
	s.pings.failed(packet)
	p := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(packet)})
	defer p.DecRef()
	s.link.InjectInbound(ipv4.ProtocolNumber, p)
}

// Emit puts a whole IP packet, which is copied, among those that go to Output.
// It reports false when the queue is full.
func (s *Stack) Emit(packet []byte) bool {
	list := lists.Get().(*stack.PacketBufferList)
	list.PushBack(stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(packet)}))
	n, _ := s.link.WritePackets(*list)
	list.Reset()
	lists.Put(list)
	return n == 1
}

// lists are Emit's, empty.
var lists = sync.Pool{New: func() any { return new(stack.PacketBufferList) }}

// AllowError tells whether one more ICMP error may be sent now: 1000 a second
// at most (RFC 1812 §4.3.2.8), the stack's own among them.
func (s *Stack) AllowError() bool { return s.s.AllowICMPMessage() }

// Malformed counts the packets dropped for a bad header, length or checksum.
func (s *Stack) Malformed() uint64 {
	st := s.s.Stats()
	return st.IP.MalformedPacketsReceived.Value() +
		st.TCP.InvalidSegmentsReceived.Value() + st.TCP.ChecksumErrors.Value() +
		st.UDP.MalformedPacketsReceived.Value() + st.UDP.ChecksumErrors.Value() +
		st.ICMP.V4.PacketsReceived.Invalid.Value()
}

// Close ends every connection and returns when no goroutine of the stack is
// left; it waits for a running Output, which must be able to end. Close must be
// called once.
func (s *Stack) Close() error {
	s.s.Close()
	s.stop()
	<-s.done
	s.link.Close()
	s.s.Wait()
	return nil
}

// pump moves packets from the stack to output until ctx ends.
func (s *Stack) pump(ctx context.Context, output func([][]byte)) {
	defer close(s.done)
	var packets [batch]*stack.PacketBuffer
	var views [batch]*buffer.View
	var octets [batch][]byte
	for {
		p := s.link.ReadContext(ctx)
		n := 0
		for ; p != nil; p = s.link.Read() {
			packets[n], views[n] = p, p.ToView()
			octets[n] = views[n].AsSlice()
			if n++; n == batch {
				break
			}
		}
		if n == 0 {
			return
		}
		output(octets[:n])
		for i := range n {
			views[i].Release()
			packets[i].DecRef()
		}
	}
}

// asError makes an error of one of gVisor's, which are not of type error.
func asError(err tcpip.Error) error { return errors.New(err.String()) }
