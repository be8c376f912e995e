package main

import (
	"log/slog"
	"math"
	"regexp"
	"time"

	"carrier/hardware/exchange"
	"carrier/hardware/netport"
	"carrier/shared/conf"
)

// A config is a whole exchange.toml without mistakes; docs/exchange.md is its
// reference.
type config struct {
	level   slog.Level
	record  string // folder for the octets of every call; empty: none
	options exchange.Options
}

// read reads the file's text; the error is conf.Mistakes.
func read(f *conf.File) (*config, error) {
	t := f.Root()
	c := &config{
		level:  conf.Value(t, "log", slog.LevelInfo, level),
		record: t.Text("record", ""),
	}
	o := &c.options
	o.Seed = uint64(t.Int("seed", 0, 0, math.MaxInt32))
	o.Timing = timing(t.Table("timing"))
	at, link := conf.Seen{}, conf.Seen{}
	for _, t := range t.Tables("subscriber") {
		o.Subscribers = append(o.Subscribers, subscriber(t, at, link))
	}
	for _, t := range t.Tables("call") {
		o.Rules = append(o.Rules, exchange.Rule{
			From:       conf.Value(t, "from", "", number),
			To:         conf.Value(t, "to", "", number),
			Conditions: conditions(t),
		})
	}
	if !t.Has("subscriber") {
		t.Bad("subscriber", `missing; would be right: [[subscriber]] with number = "5551212" and at = "tcp://127.0.0.1:5600"`)
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

func timing(t *conf.Table) exchange.Timing {
	span := func(key string) time.Duration { return t.Duration(key, 0, time.Millisecond, time.Hour) }
	return exchange.Timing{
		Setup:     span("setup"),
		RingEvery: span("ring_every"),
		CallerID:  span("caller_id"),
		NoAnswer:  span("no_answer"),
		Train:     span("train"),
		Stall:     span("stall"),
	}
}

func subscriber(t *conf.Table, at, link conf.Seen) exchange.Subscriber {
	t.Need("number", `"5551212"`)
	t.Need("at", `"tcp://127.0.0.1:5600"`)
	s := exchange.Subscriber{
		Number:     conf.Value(t, "number", "", number),
		Hunt:       conf.Value(t, "hunt", "", number),
		Name:       t.Text("name", ""),
		At:         conf.Value(t, "at", "", port),
		Connect:    t.Bool("connect", false),
		Link:       t.Text("link", ""),
		Chip:       exchange.Chip(t.Choice("chip", "", exchange.Chips()...)),
		Conditions: conditions(t),
	}
	s.Dead = t.Bool("dead", false)
	switch {
	case s.At == "pty" && s.Connect:
		t.Bad("connect", `a pty cannot be connected to; would be right: connect = false`)
	case s.At != "pty" && s.Link != "" && t.Good("at"):
		t.Bad("link", `only a pty has a link; would be right: at = "pty"`)
	}
	if s.At != "pty" && !anyPort.MatchString(s.At) {
		at.Once(t, "at", s.At)
	}
	link.Once(t, "link", s.Link)
	return s
}

// anyPort is a TCP address whose port the kernel chooses, each time another.
var anyPort = regexp.MustCompile(`^tcp://.*:0$`)

// conditions are the same keys for a line and for a call.
func conditions(t *conf.Table) exchange.Conditions {
	return exchange.Conditions{
		Rate:       t.Int("rate", 0, 0, 10_000_000),
		NoLAPM:     !t.Bool("lapm", true),
		Connect:    t.Text("result", ""),
		Delay:      t.Duration("delay", 0, 0, time.Minute),
		Noise:      t.Float("noise", 0, 0, 1),
		DropAfter:  t.Duration("drop_after", 0, 0, 1000*time.Hour),
		DropOctets: int64(t.Int("drop_octets", 0, 0, math.MaxInt32)),
	}
}

var telephone = regexp.MustCompile(`^[0-9*#]+$`)

func number(s string) (string, error) {
	if !telephone.MatchString(s) {
		return "", conf.Unfit("is not a telephone number", `digits, * and #, as in "5551212"`)
	}
	return s, nil
}

func port(s string) (string, error) {
	if s != "pty" && netport.Check(s) != nil {
		return "", conf.Unfit("is not a port", `"tcp://127.0.0.1:5600", "unix:///run/modem.sock" or "pty"`)
	}
	return s, nil
}

func level(s string) (l slog.Level, err error) {
	if l.UnmarshalText([]byte(s)) != nil {
		err = conf.Unfit("is no level", conf.Quote("debug", "info", "warn", "error"))
	}
	return l, err
}
