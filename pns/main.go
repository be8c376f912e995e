// Pns is a PPTP Network Server (RFC 2637): it authenticates the callers that
// PACs bring, gives them addresses and lets them into the LAN.
package main

import (
	"os"

	"carrier/pns/app"
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
