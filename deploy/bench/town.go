package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"carrier/deploy/bench/turns"
)

// A town is a pac with callers on direct lines; they and their PNS are a street.
type town struct {
	pid       int
	bin, file string // pac and its configuration
	street    *party
}

// banks have the lines of a town.
const banks = 10

// town starts a pac in one of two new spaces, and a street in the other whose n
// callers have all reached the PNS and carried a little.
func (w *Workshop) town(ctx context.Context, n int) (*town, error) {
	a, b, err := w.spaces(ctx)
	if err != nil {
		return nil, err
	}
	pac, err := w.Program(ctx, "pac")
	if err != nil {
		return nil, err
	}
	street, err := w.Program(ctx, "deploy/bench/street")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(w.Folder, "pac.toml")
	text := fmt.Sprintf("name = \"bench\"\nsocket = %q\n[default]\ntunnel = [%q]\n", filepath.Join(w.Folder, "pac.socket"), a.addr)
	for i := range banks {
		text += fmt.Sprintf("[[bank]]\nname = \"bank%d\"\nlisten = \"unix://%s\"\nlines = %d\n", i, w.bank(i), n/banks)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	t := &town{bin: pac, file: file}
	if t.street, err = start(a.command(ctx, street, "-local", a.addr)); err != nil {
		return nil, err
	}
	w.Cleanup(t.street.stop)
	run := b.command(ctx, pac, "run", "-c", file)
	stop, err := daemon(ctx, run)
	if err != nil {
		return nil, err
	}
	w.Cleanup(stop)
	t.pid = run.Process.Pid
	for i := range banks {
		if _, err := t.street.ask("calls %d %s", n/banks, w.bank(i)); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (w *Workshop) bank(i int) string { return filepath.Join(w.Folder, fmt.Sprintf("bank%d.sock", i)) }

// turn is how long it takes until each of the many calls has had one.
const turn = turns.Burst * manyCalls / pace * time.Second

// perPacket is the CPU time that pac needs for a packet, in µs, when each call
// has carried some.
func (t *town) perPacket(way direction) (float64, error) {
	if _, err := t.carry(way); err != nil {
		return 0, err
	}
	before, err := cpuTime(t.pid)
	if err != nil {
		return 0, err
	}
	packets, err := t.carry(way)
	if err != nil {
		return 0, err
	}
	after, err := cpuTime(t.pid)
	return float64((after - before).Microseconds()) / packets, err
}

// carry has packets go up or down for a turn, and returns how many came.
func (t *town) carry(way direction) (packets float64, err error) {
	packets, err = t.street.number("%v %v %d", way, turn, pace)
	if sent := pace * turn.Seconds(); err == nil && packets < sent*0.9 {
		err = fmt.Errorf("only %.0f packets of %.0f", packets, sent)
	}
	return packets, err
}
