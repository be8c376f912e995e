//go:build netns

package testbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"carrier/shared/gre"
	"carrier/shared/pptp"
)

// A numbered is a client that has chosen its Call ID: 0, as Windows XP gives to each
// call.
type numbered struct {
	control net.Conn
	data    net.PacketConn
	server  net.Addr // of data
	peerID  uint16   // the server's
	magic   []byte   // of LCP, which tells it from others
}

const itsID = 0

// sameID has three of these behind the router. Each has LCP's Configure-Request
// acknowledged, and is given no other's packet.
func sameID(n *natted, c natCase) {
	n.serve(n.outside, map[string]any{"Dir": n.Dir, "Over": c.over})
	var several []*numbered
	for k := range byte(3) {
		one, err := newNumbered(n.inside(int(k)+1), c.over, k)
		if err != nil {
			n.T.Fatal(err)
		}
		defer one.control.Close()
		defer one.data.Close()
		several = append(several, one)
	}
	for k, one := range several {
		if err := one.talks(); err != nil {
			n.T.Errorf("client %d: %v", k+1, err)
		}
	}
}

// newNumbered opens a call from a host.
func newNumbered(h *Host, over string, k byte) (c *numbered, err error) {
	c = &numbered{magic: []byte{5, 6, 0xCA, 0x11, 0xE5, k}, server: &net.IPAddr{IP: net.IPv4(203, 0, 113, 1)}}
	if c.control, err = h.dial(context.Background(), "tcp4", "203.0.113.1:1723"); err != nil {
		return nil, err
	}
	err = h.Do(func() (err error) {
		if over == "udp" {
			c.server = &net.UDPAddr{IP: net.IPv4(203, 0, 113, 1), Port: 4754}
			c.data, err = net.ListenPacket("udp4", "0.0.0.0:0")
		} else {
			c.data, err = net.ListenPacket("ip4:47", "0.0.0.0")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := c.asks(pptp.StartControlConnectionRequest{ProtocolVersion: pptp.Version}); err != nil {
		return nil, err
	}
	m, err := c.asks(pptp.OutgoingCallRequest{CallID: itsID, MinimumBPS: 300, MaximumBPS: 1e8, BearerType: pptp.Analog,
		FramingType: pptp.Asynchronous, Window: 64})
	if r, ok := m.(pptp.OutgoingCallReply); err != nil || !ok || r.Result != pptp.OutgoingConnected || r.PeerCallID != itsID {
		return nil, fmt.Errorf("the call is answered by %+v, %v", m, err)
	} else {
		c.peerID = r.CallID
	}
	return c, nil
}

// asks sends a message and returns the one that answers it.
func (c *numbered) asks(m pptp.Message) (answer pptp.Message, err error) {
	b, err := pptp.Append(nil, m)
	if err != nil {
		return nil, err
	}
	if _, err := c.control.Write(b); err != nil {
		return nil, err
	}
	c.control.SetReadDeadline(time.Now().Add(Patience))
	var s pptp.Splitter
	for room := make([]byte, 4096); answer == nil; {
		n, err := c.control.Read(room)
		if err != nil {
			return nil, err
		}
		if err := s.Push(room[:n], func(octets []byte) (err error) {
			answer, err = pptp.Parse(octets)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// talks sends Configure-Requests until one is acknowledged.
func (c *numbered) talks() error {
	room := make([]byte, 2048)
	end := time.Now().Add(Patience)
	for seq := uint32(0); time.Now().Before(end); seq++ {
		request := append([]byte{0xFF, 0x03, 0xC0, 0x21, 1, 1, 0, 10}, c.magic...)
		if _, err := c.data.WriteTo(gre.Header{CallID: c.peerID, HasSeq: true, Seq: seq}.Append(nil, request), c.server); err != nil {
			return err
		}
		c.data.SetReadDeadline(time.Now().Add(time.Second))
		for {
			n, _, err := c.data.ReadFrom(room)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			} else if err != nil {
				return err
			}
			h, payload, err := gre.Parse(room[:n])
			if err != nil || h.CallID != itsID {
				return fmt.Errorf("a packet of call %d: %x, %v", h.CallID, room[:n], err)
			}
			payload = bytes.TrimPrefix(payload, []byte{0xFF, 0x03})
			if ack := []byte{0xC0, 0x21, 2, 1, 0, 10}; bytes.HasPrefix(payload, ack) {
				if magic := payload[len(ack):]; !bytes.Equal(magic, c.magic) {
					return fmt.Errorf("the acknowledgement is another's: %x", magic)
				}
				return nil
			}
		}
	}
	return fmt.Errorf("not acknowledged within %v", Patience)
}
