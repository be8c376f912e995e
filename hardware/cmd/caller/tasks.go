package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"carrier/hardware/caller"
)

// A task is done with a call that is online.
type task func(ctx context.Context, c *caller.Call, timeout time.Duration, stdout io.Writer) error

// add appends a task that must be done within the timeout.
func (j *job) add(t func(context.Context, *caller.Call, io.Writer) error) {
	j.tasks = append(j.tasks, func(ctx context.Context, c *caller.Call, timeout time.Duration, stdout io.Writer) error {
		ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no answer within %v", timeout))
		defer cancel()
		return t(ctx, c, stdout)
	})
}

func (j *job) get(page string) error {
	if err := web(page); err != nil {
		return err
	}
	j.add(func(ctx context.Context, c *caller.Call, stdout io.Writer) error {
		b, err := c.Get(ctx, page)
		if err != nil {
			return err
		}
		_, err = stdout.Write(b)
		return err
	})
	return nil
}

func (j *job) ping(s string) error {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return err
	}
	j.add(func(ctx context.Context, c *caller.Call, stdout io.Writer) error {
		took, err := c.Ping(ctx, addr)
		if err != nil {
			return fmt.Errorf("ping: %w", err)
		}
		_, err = fmt.Fprintf(stdout, "%v answers after %v\n", addr, took.Round(time.Microsecond))
		return err
	})
	return nil
}

func (j *job) download(page string) error {
	if err := web(page); err != nil {
		return err
	}
	j.add(func(ctx context.Context, c *caller.Call, stdout io.Writer) error {
		t, err := c.Download(ctx, page, io.Discard)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "%s: %v\n", page, t)
		return err
	})
	return nil
}

func (j *job) upload(s string) error {
	octets, page, _ := strings.Cut(s, "@")
	n, err := strconv.ParseInt(octets, 10, 64)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is not a number of octets; would be right: 65536@http://2.1.1.10/upload", octets)
	}
	if err := web(page); err != nil {
		return err
	}
	j.add(func(ctx context.Context, c *caller.Call, stdout io.Writer) error {
		// Octets that no compression on the way makes fewer.
		t, _, err := c.Upload(ctx, page, rand.NewChaCha8([32]byte{}), n)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(stdout, "%s: %v\n", page, t)
		return err
	})
	return nil
}

// web checks an address of a page.
func web(page string) error {
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return errors.New("it is no address of a page; would be right: http://2.1.1.10/")
	}
	return nil
}
