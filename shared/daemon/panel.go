package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Panel is the HTTP server that shows a program to its operator: /metrics;
// /healthz, which answers "ok" while the program lives; and of some /readyz, which
// does while the program takes work, and else says why not, with status 503.
type Panel struct {
	listener net.Listener
	server   *http.Server
}

// OpenPanel listens at an address; port 0 takes a free one. The error says so
// when another program has the port. closed says why no work is taken now; with nil
// there is no /readyz.
func OpenPanel(at netip.AddrPort, metrics http.Handler, closed func() error) (*Panel, error) {
	l, err := net.Listen("tcp", at.String())
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("panel: %v is in use by another program; choose another with `panel`", at)
	}
	if err != nil {
		return nil, fmt.Errorf("panel: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	if closed != nil {
		mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
			if err := closed(); err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
				return
			}
			io.WriteString(w, "ok\n")
		})
	}
	return &Panel{l, &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}}, nil
}

// Addr is where the panel listens.
func (p *Panel) Addr() net.Addr { return p.listener.Addr() }

// Run serves until ctx ends, lets requests under way finish for a second, and
// closes. It must be called, or the port stays taken.
func (p *Panel) Run(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- p.server.Serve(p.listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if p.server.Shutdown(grace) != nil {
		p.server.Close()
	}
	<-ended
	return nil
}
