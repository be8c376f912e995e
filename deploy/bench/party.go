package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A party is a running program that obeys commands, one a line, and answers
// each with a line.
type party struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
	err *strings.Builder
}

// start starts a program and waits for the line "ready".
func start(cmd *exec.Cmd) (*party, error) {
	p := &party{cmd: cmd, err: new(strings.Builder)}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	cmd.Stderr = p.err
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if !p.out.Scan() || p.out.Text() != "ready" {
		p.stop()
		return nil, fmt.Errorf("%s: %q %s", cmd.Path, p.out.Text(), p.err)
	}
	return p, nil
}

// stop ends the program.
func (p *party) stop() {
	p.in.Close()
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.cmd.Wait()
}

// ask gives a command and returns the answer.
func (p *party) ask(format string, args ...any) (string, error) {
	command := fmt.Sprintf(format, args...)
	if _, err := fmt.Fprintln(p.in, command); err != nil {
		return "", fmt.Errorf("%s: %w", command, err)
	}
	if !p.out.Scan() {
		p.stop()
		return "", fmt.Errorf("%s: %s", command, p.err)
	}
	return p.out.Text(), nil
}

// number is ask where the answer is a number.
func (p *party) number(format string, args ...any) (float64, error) {
	text, err := p.ask(format, args...)
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(text, 64)
}

// daemon starts one of our programs and waits until its log says "ready". Its
// process is the one that runs: ip(8) has become it. The log is a file: whoever read
// a line at a time would take of the processors what is not the program's.
func daemon(ctx context.Context, cmd *exec.Cmd) (stop func(), err error) {
	log, err := os.CreateTemp("", "bench-log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	defer os.Remove(log.Name())
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	stop = func() {
		cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		said, err := os.ReadFile(log.Name())
		switch {
		case err != nil:
		case bytes.Contains(said, []byte(`"ready"`)), bytes.Contains(said, []byte("msg=ready")):
			return stop, nil
		}
		select {
		case <-tick.C:
			continue
		case <-ended:
		case <-ctx.Done():
			stop()
		}
		return nil, fmt.Errorf("%s did not come up: %s", cmd, said)
	}
}
