package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A space is a network namespace of the bench's own.
type space struct {
	name string
	addr string // of its end of the cable

	asking float64 // objects that mallocs had our program allocate
}

// spaces makes two namespaces with a cable between them: 10.77.0.1 and
// 10.77.0.2. They go with the workshop.
func (w *Workshop) spaces(ctx context.Context) (a, b *space, err error) {
	a = &space{name: fmt.Sprintf("bench%d-a", os.Getpid()), addr: "10.77.0.1"}
	b = &space{name: fmt.Sprintf("bench%d-b", os.Getpid()), addr: "10.77.0.2"}
	for _, s := range []*space{a, b} {
		if err := ip(ctx, "netns", "add", s.name); err != nil {
			return nil, nil, err
		}
		w.Cleanup(func() { exec.Command("ip", "netns", "del", s.name).Run() })
	}
	if err := ip(ctx, "link", "add", "cable", "netns", a.name, "type", "veth", "peer", "name", "cable", "netns", b.name); err != nil {
		return nil, nil, err
	}
	for _, s := range []*space{a, b} {
		for _, words := range []string{"addr add " + s.addr + "/24 dev cable", "link set cable up", "link set lo up"} {
			if err := s.ip(ctx, words); err != nil {
				return nil, nil, err
			}
		}
		if err := run(s.command(ctx, "sysctl", "-qw", "net.ipv4.ip_forward=1")); err != nil {
			return nil, nil, err
		}
	}
	return a, b, nil
}

func ip(ctx context.Context, args ...string) error {
	return run(exec.CommandContext(ctx, "ip", args...))
}

// ip runs ip(8) in the space.
func (s *space) ip(ctx context.Context, words string) error {
	return ip(ctx, append([]string{"-n", s.name}, strings.Fields(words)...)...)
}

// command is a command that will run in the space.
func (s *space) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", s.name, name}, args...)...)
}

// within runs f on a thread that is in the space; sockets stay in it.
func (s *space) within(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread goes away
		fd, err := os.Open(filepath.Join("/run/netns", s.name))
		if err == nil {
			err = unix.Setns(int(fd.Fd()), unix.CLONE_NEWNET)
			fd.Close()
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// throughput is the TCP throughput from one space to an address of another, in
// Gbit/s.
func throughput(from, to *space, addr string) (gbps float64, err error) {
	var l net.Listener
	var c net.Conn
	if err := to.within(func() (err error) { l, err = net.Listen("tcp4", addr+":0"); return err }); err != nil {
		return 0, err
	}
	defer l.Close()
	if err := from.within(func() (err error) {
		c, err = (&net.Dialer{Timeout: 5 * time.Second, Control: usualTCP}).Dial("tcp4", l.Addr().String())
		return err
	}); err != nil {
		return 0, err
	}
	defer c.Close()
	go func() {
		for b := make([]byte, 128<<10); ; {
			if _, err := c.Write(b); err != nil {
				return
			}
		}
	}()
	sink, err := l.Accept()
	if err != nil {
		return 0, err
	}
	defer sink.Close()
	const warm, long = 500 * time.Millisecond, 3 * time.Second
	b := make([]byte, 128<<10)
	start, octets := time.Now(), 0
	for measuring := false; ; {
		n, err := sink.Read(b)
		if err != nil {
			return 0, err
		}
		octets += n
		took := time.Since(start)
		if !measuring && took >= warm {
			measuring, start, octets = true, time.Now(), 0
		} else if measuring && took >= long {
			return float64(octets) * 8 / took.Seconds() / 1e9, nil
		}
	}
}

// usualTCP makes a connection's congestion control what Linux has by default.
// BBR, which a host may prefer, paces what it sends by its own model of the path.
func usualTCP(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "cubic")
	})
	return errors.Join(err, os.NewSyscallError("setsockopt", failed))
}

// cpuTime is what a process has taken so far.
func cpuTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, b)
	}
	var ticks int64
	for _, f := range fields[11:13] { // user and system
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// processes are those in the space.
func (s *space) processes(ctx context.Context) (pids []int) {
	out, _ := exec.CommandContext(ctx, "ip", "netns", "pids", s.name).Output()
	for _, f := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(f); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// resident is the memory that a process has, in KiB.
func resident(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	var kib float64
	_, err = fmt.Sscan(rest, &kib)
	return kib, err
}
