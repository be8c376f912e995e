// Command crowd is a PAC and all its callers in one, without lines between
// them, or many clients that open tunnels of their own: it brings calls to a PNS, speaks their PPP, and sends data. It takes
// commands on its standard input, one a line, and answers each with a line.
//
//	setups D N    makes whole calls for the duration D, N at a time, each on a
//	              control connection of its own: calls a second
//	calls N       makes N calls on one control connection, and keeps them
//	tun NAME      makes a call whose data goes through a TUN; N must be 0 so far
//	send D R [A]  sends R packets a second for D, to A, from each call in turn:
//	              packets sent
//	received      packets that came in since it was last asked
//	hangup        ends all calls: how many
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"carrier/shared/daemon"
	"carrier/shared/peer"
	"carrier/shared/pptp"
)

func main() {
	daemon.SpareProcessor()
	debug.SetGCPercent(400) // what the callers need is in the figures of the PNS
	var c crowd
	local := flag.String("local", "127.0.0.1", "our address")
	pns := flag.String("pns", "127.0.0.2", "the PNS's address; setups uses those after it as well")
	udp := flag.Bool("udp", false, "GRE over UDP")
	flag.BoolVar(&c.voluntary, "voluntary", false, "callers open calls themselves, as PPTP clients do")
	flag.StringVar(&c.user, "user", "bench", "who logs in")
	flag.StringVar(&c.password, "password", "bench", "and the password")
	c.policy.flags()
	flag.Parse()
	if err := c.run(*local, *pns, *udp); err != nil {
		fmt.Fprintf(os.Stderr, "crowd: %v\n", err)
		os.Exit(1)
	}
}

// A crowd is the calls and what they share.
type crowd struct {
	endpoint       *peer.Endpoint
	pns            peer.Remote
	user, password string
	voluntary      bool
	policy         policy
	calls          []*call
}

func (c *crowd) run(local, pns string, udp bool) error {
	from, err := netip.ParseAddr(local)
	if err != nil {
		return err
	}
	to, err := netip.ParseAddr(pns)
	if err != nil {
		return err
	}
	o := peer.Options{Host: "crowd", OddIDs: true, PAC: true, Handler: nobody{}, Log: slog.New(slog.DiscardHandler), Source: from}
	c.pns = peer.Remote{Name: "pns", Addr: netip.AddrPortFrom(to, pptp.Port)}
	if udp {
		c.pns.Transport, o.UDP = peer.UDP, netip.AddrPortFrom(from, 0)
	} else {
		o.GRE = true
	}
	if c.endpoint, err = peer.Open(o); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.endpoint.Run(ctx) }()
	err = c.obey(ctx, os.Stdin)
	stop()
	<-ended
	return err
}

// obey executes commands until there are no more.
func (c *crowd) obey(ctx context.Context, commands io.Reader) error {
	fmt.Println("ready")
	for lines := bufio.NewScanner(commands); lines.Scan(); {
		answer, err := c.command(ctx, strings.Fields(lines.Text()))
		if err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
		fmt.Println(answer)
	}
	return nil
}

func (c *crowd) command(ctx context.Context, words []string) (answer any, err error) {
	verb := strings.Join(words[:min(1, len(words))], "")
	args := strings.Join(words[min(1, len(words)):], " ")
	var d time.Duration
	var text, to string
	var n, octets int
	switch verb {
	case "setups":
		if _, err = fmt.Sscan(args, &text, &n); err == nil {
			d, err = time.ParseDuration(text)
		}
		if err != nil {
			return nil, err
		}
		return c.setups(ctx, d, n)
	case "calls":
		if _, err = fmt.Sscan(args, &n); err != nil {
			return nil, err
		}
		return c.gather(ctx, n)
	case "tun":
		return c.tun(ctx, args)
	case "send":
		if _, err = fmt.Sscan(args, &text, &n, &to, &octets); err == nil {
			d, err = time.ParseDuration(text)
		}
		if err != nil {
			return nil, err
		}
		return c.send(d, n, to, octets)
	case "received":
		return c.received(), nil
	case "hangup":
		return c.hangUp(ctx)
	default:
		return nil, fmt.Errorf("no command")
	}
}

// nobody takes no calls.
type nobody struct{}

func (nobody) Admit(netip.AddrPort) (peer.Remote, error) {
	return peer.Remote{}, fmt.Errorf("nobody is let in")
}
func (nobody) Incoming(c *peer.Call) { c.Refuse(uint8(pptp.IncomingDoNotAccept), 0) }
func (nobody) Outgoing(c *peer.Call) { c.Refuse(uint8(pptp.OutgoingDoNotAccept), 0) }
