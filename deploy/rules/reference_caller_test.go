package rules

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"

	"carrier/hardware/caller"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

// dialled is a line on which the helper program's caller has been connected, at
// the other end.
func dialled(t *testing.T, o caller.Options) *talk {
	t.Helper()
	near, far := net.Pipe()
	ctx, end := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := caller.Dial(ctx, near, o); err == nil {
			c.Close()
		}
	}()
	t.Cleanup(func() {
		end()
		far.Close()
		<-done
	})
	return onLine(t, far)
}

func TestReferenceOfTheCaller(t *testing.T) {
	sara := caller.Options{Login: sara()}
	requested(tableOf(t, "### What the caller asks for in LCP"), func(t *testing.T, _ string) cp.Packet {
		return dialled(t, sara).request(ppp.LCP)
	})
	requested(tableOf(t, "### What the caller asks for in IPCP"), func(t *testing.T, _ string) cp.Packet {
		k := dialled(t, sara)
		k.establish()
		return k.request(ppp.IPCP)
	})
	tableOf(t, "### What the caller is asked for").each(func(t *testing.T, row map[string]string) {
		o := sara
		if row["login"] == "none" {
			o = caller.Options{}
		}
		optionOfLCP(dialled(t, o), row)
	})
	a := tableOf(t, "### Options of LCP")
	a.rows = slices.DeleteFunc(a.rows, func(row map[string]string) bool {
		return row["with"] != "" || strings.HasPrefix(code(row["sent"]), "03 ")
	})
	a.each(func(t *testing.T, row map[string]string) { optionOfLCP(dialled(t, sara), row) })
}
