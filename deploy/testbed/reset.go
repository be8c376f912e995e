package testbed

import (
	"errors"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// errNoTCP says that no TCP connection has been seen in both directions.
var errNoTCP = errors.New("bridge: no TCP segment has come from both sides")

// Reset breaks the TCP connection whose segments passed last, as firewalls and
// NAT routers do: each end gets a RST in the name of the other.
func (b *Bridge) Reset() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for side, last := range b.segment {
		frame, err := rst(last)
		if err != nil {
			return err
		}
		b.send(1-side, frame)
	}
	return nil
}

// rst is the frame that says in the name of a segment's sender that the
// connection is gone. It has the next Sequence Number: no other is believed
// (RFC 5961 §3.2).
func rst(frame []byte) ([]byte, error) {
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.NoCopy)
	eth, _ := p.LinkLayer().(*layers.Ethernet)
	ip, _ := p.NetworkLayer().(*layers.IPv4)
	tcp, _ := p.TransportLayer().(*layers.TCP)
	if eth == nil || ip == nil || tcp == nil {
		return nil, errNoTCP
	}
	next := tcp.Seq + uint32(len(tcp.Payload))
	if tcp.SYN || tcp.FIN {
		next++
	}
	gone := &layers.TCP{SrcPort: tcp.SrcPort, DstPort: tcp.DstPort, Seq: next, RST: true}
	if err := gone.SetNetworkLayerForChecksum(ip); err != nil {
		return nil, err
	}
	out := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(out, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, eth, ip, gone)
	return out.Bytes(), err
}
