// Command street is all the callers of a PAC, each on a line of hers, and the
// PNS that takes their calls, in one. The callers speak PPP up to IPCP, and send
// and get one packet of full size; then they are idle. It takes commands on its
// standard input, one a line, and answers each with a line.
//
//	calls N PATH    N callers on the Unix socket PATH of a listening bank: calls
//	                a second
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
	"time"

	"carrier/shared/peer"
)

func main() {
	listen := flag.String("listen", "127.0.0.2:1723", "where the PNS is")
	udp := flag.String("udp", "127.0.0.2:4754", "and its GRE over UDP")
	flag.Parse()
	if err := run(*listen, *udp); err != nil {
		fmt.Fprintf(os.Stderr, "street: %v\n", err)
		os.Exit(1)
	}
}

func run(listen, udp string) (err error) {
	o := peer.Options{Host: "street", Handler: server{}, Log: slog.New(slog.DiscardHandler)}
	if o.Listen, err = netip.ParseAddrPort(listen); err != nil {
		return err
	}
	if o.UDP, err = netip.ParseAddrPort(udp); err != nil {
		return err
	}
	endpoint, err := peer.Open(o)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- endpoint.Run(ctx) }()
	err = obey(ctx, os.Stdin)
	stop()
	<-ended
	return err
}

// obey executes commands until there are no more.
func obey(ctx context.Context, commands io.Reader) error {
	fmt.Println("ready")
	for lines := bufio.NewScanner(commands); lines.Scan(); {
		var n int
		var path string
		if _, err := fmt.Sscanf(lines.Text(), "calls %d %s", &n, &path); err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
		rate, err := gather(ctx, n, path)
		if err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
		fmt.Println(rate)
	}
	return nil
}

// patience is how long one call may take to be made.
const patience = time.Minute

// gather makes n calls, some at a time, and returns how many a second.
func gather(ctx context.Context, n int, path string) (rate float64, err error) {
	const atOnce = 32
	start := time.Now()
	turns := make(chan struct{}, n)
	for range n {
		turns <- struct{}{}
	}
	close(turns)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for range turns {
				ctx, stop := context.WithTimeout(ctx, patience)
				if failed := call(ctx, path); failed != nil {
					mu.Lock()
					err = failed
					mu.Unlock()
				}
				stop()
			}
		})
	}
	all.Wait()
	return float64(n) / time.Since(start).Seconds(), err
}
