package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
)

// patience is how long an answer may take. What is wanted comes much sooner.
const patience = 30 * time.Second

// A talk is a caller's end of one PPP link to a program. Packets of the tables
// go out as they are written there; everything else that a link needs is said by
// a link of our own.
type talk struct {
	t    *testing.T
	in   <-chan []byte // frames, until the call is over
	send func(frame []byte)
	// heard are the frames that came, in their order.
	heard []heard
	next  int // of heard, for await
}

type heard struct {
	protocol ppp.Protocol
	packet   cp.Packet
}

// say sends a packet.
func (k *talk) say(p ppp.Protocol, packet cp.Packet) {
	k.send(ppp.Append(nil, p, packet.Append(nil)))
}

// hear takes the next frame; nil when the call is over. A call whose program
// says nothing for long fails the test.
func (k *talk) hear() *heard {
	k.t.Helper()
	for {
		select {
		case f, open := <-k.in:
			if !open {
				return nil
			}
			p, info, err := ppp.Split(f)
			if err != nil {
				k.t.Fatalf("% x: %v", f, err)
			}
			packet, err := cp.Parse(info)
			if err != nil {
				continue // data
			}
			k.heard = append(k.heard, heard{p, packet})
			return &k.heard[len(k.heard)-1]
		case <-time.After(patience):
			k.t.Fatalf("nothing more came after %s", k.story())
		}
	}
}

func (k *talk) story() string {
	var all []string
	for _, h := range k.heard {
		all = append(all, fmt.Sprintf("%v %d id %d: % x", h.protocol, h.packet.Code, h.packet.ID, h.packet.Data))
	}
	return strings.Join(all, "; ")
}

// await waits for a packet that is as wanted, among those that were not looked
// at yet.
func (k *talk) await(what string, wanted func(ppp.Protocol, cp.Packet) bool) cp.Packet {
	k.t.Helper()
	for {
		for k.next < len(k.heard) {
			h := k.heard[k.next]
			k.next++
			if wanted(h.protocol, h.packet) {
				return h.packet
			}
		}
		if k.hear() == nil {
			k.t.Fatalf("the call ended without %s, after %s", what, k.story())
		}
	}
}

// request waits for the program's next Configure-Request of a protocol.
func (k *talk) request(p ppp.Protocol) cp.Packet {
	k.t.Helper()
	return k.await(p.String()+"'s Configure-Request", func(q ppp.Protocol, packet cp.Packet) bool {
		return q == p && packet.Code == cp.ConfigureRequest
	})
}

// id is the Identifier of what the tables' rows send.
const id = 0xE7

// asks sends a Configure-Request of options and waits for its answer.
func (k *talk) asks(p ppp.Protocol, options []byte) cp.Packet {
	k.t.Helper()
	k.say(p, cp.Packet{Code: cp.ConfigureRequest, ID: id, Data: options})
	return k.await("an answer", func(q ppp.Protocol, packet cp.Packet) bool {
		return q == p && packet.ID == id && packet.Code >= cp.ConfigureAck && packet.Code <= cp.ConfigureReject
	})
}

// probe is a code of LCP that nobody knows, and that so has an answer in each
// phase: what was said before it has had its own by then.
const probe cp.Code = 0x7F

// answer is the program's answer to what was said last, of protocol p; nil: it
// says nothing to it.
func (k *talk) answer(p ppp.Protocol) *cp.Packet {
	k.t.Helper()
	k.say(ppp.LCP, cp.Packet{Code: probe, ID: 0xEE})
	var found *cp.Packet
	k.await("a Code-Reject", func(q ppp.Protocol, packet cp.Packet) bool {
		rejected := q == ppp.LCP && packet.Code == cp.CodeReject && len(packet.Data) > 0
		if rejected && cp.Code(packet.Data[0]) == probe {
			return true
		}
		rejected = packet.Code == cp.CodeReject && q == p || packet.Code == lcp.ProtocolReject && q == ppp.LCP
		if found == nil && (rejected || q == p && packet.ID == id && packet.Code != cp.ConfigureRequest) {
			found = &packet
		}
		return false
	})
	return found
}

// establish opens LCP with whatever the program asks for, and stays in the
// Authentication phase.
func (k *talk) establish() (magic []byte) {
	k.t.Helper()
	r := k.request(ppp.LCP)
	k.say(ppp.LCP, cp.Packet{Code: cp.ConfigureAck, ID: r.ID, Data: r.Data})
	k.asks(ppp.LCP, nil)
	return magicOf(k.t, r)
}

// magicOf is the Magic-Number in a Configure-Request.
func magicOf(t *testing.T, r cp.Packet) []byte {
	t.Helper()
	opts, err := cp.ParseOptions(r.Data)
	for _, o := range opts {
		if o.Type == 5 && err == nil {
			return o.Data
		}
	}
	t.Fatalf("no Magic-Number in % x: %v", r.Data, err)
	return nil
}

// login opens LCP and authenticates as o says, then answers nothing more: the
// network control protocols are the test's. It returns what the link's end was,
// if it came to one.
func (k *talk) login(o auth.Login) (end *link.Event) {
	k.t.Helper()
	l := link.New(&link.Options{LCP: lcp.Options{Magic: true}, Login: o})
	defer l.Down(time.Now())
	l.Up(time.Now())
	for {
		for _, f := range l.Take() {
			k.send(f)
		}
		for _, e := range l.Events() {
			if e.Kind == link.Finished {
				return &e
			}
		}
		if l.Phase() == link.Network {
			return nil
		}
		h := k.hear()
		if h == nil {
			return &link.Event{Kind: link.Finished, Cause: link.LowerDown}
		}
		if h.protocol.Link() {
			l.Receive(time.Now(), ppp.Append(nil, h.protocol, h.packet.Append(nil)))
		}
	}
}
