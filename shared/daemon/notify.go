package daemon

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// The states that Notify tells, in the words of sd_notify(3).
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
	watchdog = "WATCHDOG=1"
)

// reloading must tell when, on the clock that does not jump; READY=1 ends it.
func reloading() string {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		return "RELOADING=1"
	}
	return fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", t.Nano()/1000)
}

// Notify tells systemd a state, when systemd started the program and wants to
// know (NOTIFY_SOCKET is set).
func Notify(state string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	defer c.Close()
	if _, err := c.Write([]byte(state)); err != nil {
		return fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	return nil
}

// Watchdog tells systemd that the program lives, twice in each WATCHDOG_USEC,
// as long as alive returns in that time: a program that is stuck is started
// again. It returns when ctx ends, and does no more than wait for that when
// systemd does not watch.
func Watchdog(ctx context.Context, alive func(context.Context) error) error {
	usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if pid := os.Getenv("WATCHDOG_PID"); err != nil || usec <= 0 || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		<-ctx.Done()
		return ctx.Err()
	}
	every := time.Duration(usec) * time.Microsecond / 2
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		asking, stop := context.WithTimeout(ctx, every)
		err := alive(asking)
		late := asking.Err() != nil
		stop()
		if err == nil && !late {
			_ = Notify(watchdog) // when it fails systemd will notice
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
