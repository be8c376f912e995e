package peertest

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"

	"carrier/shared/peer"
)

// Run opens an endpoint, and runs it until the test ends. Its log is the test's.
func Run(t *testing.T, o peer.Options) *peer.Endpoint {
	t.Helper()
	o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	e, err := peer.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return e
}

// Local is Run on ports of 127.0.0.1 that are free, with GRE over UDP. The Call IDs of
// atlanta, which is a PAC, are odd, those of others even.
func Local(t *testing.T, host string, h peer.Handler) *peer.Endpoint {
	t.Helper()
	at := netip.MustParseAddrPort("127.0.0.1:0")
	return Run(t, peer.Options{Host: host, Listen: at, UDP: at, OddIDs: host == "atlanta", Handler: h})
}
