// Pac is a PPTP Access Concentrator (RFC 2637): it answers modems, learns who
// is calling and carries the caller's PPP to the PNS that her profile names.
package main

import (
	"os"

	"carrier/pac/app"
	"carrier/shared/console"
	"carrier/shared/daemon"
)

func main() {
	daemon.SpareProcessor()
	ctx, stop := daemon.Signals()
	status := app.Run(ctx, os.Args[1:], console.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(status)
}
