package rules

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/pptp"
)

// keys are a row's settings, a line each.
func keys(setting string) string { return strings.ReplaceAll(setting, "; ", "\n") + "\n" }

// admitted is a talk with a client who has logged in.
func admitted(t *testing.T, setting string) *talk {
	t.Helper()
	k := serves(t, setting)
	k.admits()
	return k
}

func TestReferenceOfAClient(t *testing.T) {
	requested(tableOf(t, "### What a client asks for in LCP"), func(t *testing.T, setting string) cp.Packet {
		return serves(t, keys(setting)).request(ppp.LCP)
	})
	requested(tableOf(t, "### What a client asks for in CCP"), func(t *testing.T, setting string) cp.Packet {
		return admitted(t, keys(setting)).request(ppp.CCP)
	})
	requested(tableOf(t, "### What a client asks for in IPCP"), func(t *testing.T, setting string) cp.Packet {
		return admitted(t, keys(setting)+"encryption = 'none'").request(ppp.IPCP)
	})
	tableOf(t, "### What a client is asked for").each(func(t *testing.T, row map[string]string) {
		optionOfLCP(serves(t, keys(code(row["with"]))), row)
	})
	a := tableOf(t, "### Options of LCP")
	a.rows = slices.DeleteFunc(a.rows, func(row map[string]string) bool {
		return row["with"] != "" || strings.HasPrefix(code(row["sent"]), "03 ")
	})
	a.each(func(t *testing.T, row map[string]string) { optionOfLCP(serves(t, ""), row) })
}

func TestReferenceOfServersThatWillNotDo(t *testing.T) {
	tableOf(t, "### What a server hears that will not do").each(func(t *testing.T, row map[string]string) {
		k := serves(t, keys(code(row["with"])))
		if row["what"] == "it rejects CCP" {
			k.admits()
			r := k.request(ppp.CCP)
			k.say(ppp.LCP, cp.Packet{Code: lcp.ProtocolReject, ID: id, Data: append([]byte{0x80, 0xFD}, r.Append(nil)...)})
		} else {
			k.establish()
		}
		r := k.await("a Terminate-Request", func(p ppp.Protocol, packet cp.Packet) bool {
			return p == ppp.LCP && packet.Code == cp.TerminateRequest
		})
		if got := fmt.Sprintf("Terminate-Request %q", r.Data); got != plain(row["hears"]) {
			t.Errorf("the reference says %s, what came is %s", row["hears"], got)
		}
	})
}

// What a client starts is all that comes, but for what answers us.
func TestReferenceOfAClientsPPTP(t *testing.T) {
	tableOf(t, "### What a client starts in PPTP").each(func(t *testing.T, row map[string]string) {
		at := loopback()
		l, err := net.Listen("tcp4", netip.AddrPortFrom(at, pptp.Port).String())
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		end := startBranch(t, at, "retry = '1h'\nretry_max = '1h'\n")
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		c := control{t: t, Conn: conn}
		c.hear()
		ends := true
		for answer := range strings.SplitSeq(row["answered"], ", ") {
			if answer == "" {
				break
			}
			c.say(answer)
			if ends = answer != "Outgoing-Call-Reply"; ends { // else it has nothing more to start until it ends
				c.hear()
			}
		}
		if !ends {
			c.rest()
			c.echo = false
			acknowledges(t, at, c.ours)
			end()
			c.hear()
			c.say("Call-Disconnect-Notify")
			c.hear()
		}
		if got := strings.Join(c.heard, ", "); got != row["starts"] {
			t.Errorf("the reference says %s, what came is %s", row["starts"], got)
		}
	})
}

// acknowledges answers the Terminate-Requests of a call, until the test ends: nothing else
// of its PPP has an answer.
func acknowledges(t *testing.T, at netip.Addr, id uint16) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, 4754)))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() {
		conn.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		seq := uint32(0)
		for b := make([]byte, 2000); ; {
			n, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			_, frame, _ := gre.Parse(b[:n])
			p, info, _ := ppp.Split(frame)
			if k, err := cp.Parse(info); err == nil && p == ppp.LCP && k.Code == cp.TerminateRequest {
				ack := ppp.Append(nil, ppp.LCP, cp.Packet{Code: cp.TerminateAck, ID: k.ID}.Append(nil))
				_, _ = conn.WriteToUDPAddrPort(gre.Header{CallID: id, Seq: seq, HasSeq: true}.Append(nil, ack), from)
				seq++
			}
		}
	}()
}
