// Command street is all the callers of a PAC, each on a line of hers, and the
// PNS that takes their calls, in one. The callers speak PPP up to IPCP, and send
// and get one packet of full size; then they are idle. It takes commands on its
// standard input, one a line, and answers each with a line.
//
//	calls N PATH    N callers on the Unix socket PATH of a listening bank: calls
//	                a second
//	up D R          the callers send R packets a second for D, each in her turn:
//	                packets that came to the PNS
//	down D R        the PNS sends them: packets that came to the callers
//	hangup          all lines lose their carrier: calls
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
	"sync"
	"sync/atomic"
	"time"

	"carrier/shared/peer"
	"carrier/shared/pptp"
)

func main() {
	local := flag.String("local", "127.0.0.2", "where the PNS is")
	flag.Parse()
	if err := run(*local); err != nil {
		fmt.Fprintf(os.Stderr, "street: %v\n", err)
		os.Exit(1)
	}
}

// A street is its callers, and their calls at the PNS.
type street struct {
	received atomic.Int64 // packets, by either end, but for the first of each call

	mu      sync.Mutex
	callers []*caller
	calls   []*session
}

func run(local string) error {
	at, err := netip.ParseAddr(local)
	if err != nil {
		return err
	}
	s := new(street)
	endpoint, err := peer.Open(peer.Options{Host: "street", Listen: netip.AddrPortFrom(at, pptp.Port), Source: at, GRE: true,
		Handler: s, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- endpoint.Run(ctx) }()
	err = s.obey(ctx, os.Stdin)
	stop()
	<-ended
	return err
}

// obey executes commands until there are no more.
func (s *street) obey(ctx context.Context, commands io.Reader) error {
	fmt.Println("ready")
	for lines := bufio.NewScanner(commands); lines.Scan(); {
		answer, err := s.command(ctx, lines.Text())
		if err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
		fmt.Println(answer)
	}
	return nil
}

func (s *street) command(ctx context.Context, line string) (answer any, err error) {
	var verb, path, long string
	var n int
	if line == "hangup" {
		return s.hangUp()
	}
	if _, err := fmt.Sscanf(line, "calls %d %s", &n, &path); err == nil {
		return s.gather(ctx, n, path)
	}
	if _, err := fmt.Sscan(line, &verb, &long, &n); err != nil {
		return nil, err
	}
	d, err := time.ParseDuration(long)
	if err != nil || n <= 0 {
		return nil, fmt.Errorf("for %q at %d a second: %w", long, n, err)
	}
	switch verb {
	case "up":
		return s.up(d, n)
	case "down":
		return s.down(d, n)
	}
	return nil, fmt.Errorf("no command")
}
