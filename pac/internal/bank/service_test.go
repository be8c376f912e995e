package bank

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

// service shows the lines' Service, and their state where they have none.
func service(b *Banks) string {
	var all []string
	for _, s := range b.Status() {
		all = append(all, strings.TrimPrefix(s.Line, "courier/")+" "+s.State+" "+s.Service)
	}
	return strings.Join(all, ", ")
}

func want(t *testing.T, b *Banks, what string) {
	t.Helper()
	synctest.Wait()
	if got := service(b); got != what {
		t.Errorf("%s, want %s", got, what)
	}
}

func TestOutAndIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy, idle := newFake("busy"), newFake("idle")
		b, k, stop, done := start(t, new(bytes.Buffer), busy, idle)
		busy.rings <- line.Ring{}
		<-k.took
		if err := b.TakeOut([]string{"courier/busy", "courier/idle"}, "smoke"); err != nil {
			t.Error(err)
		}
		want(t, b, "busy ringing out, idle out-of-service out")
		if s := b.Status()[1]; s.Why != "smoke" || !s.Since.Equal(time.Now()) || idle.did() != "wait close" {
			t.Errorf("%+v after %s", s, idle.did())
		}
		time.Sleep(time.Hour) // the call goes on
		k.end <- ""
		want(t, b, "busy out-of-service out, idle out-of-service out")
		var none *NoLineError
		if err := b.PutIn([]string{"courier/busy", "courier/bussy"}); !errors.As(err, &none) || none.Name != "courier/bussy" {
			t.Error(err)
		}
		want(t, b, "busy out-of-service out, idle out-of-service out")
		if err := b.PutIn([]string{"courier/busy", "courier/idle"}); err != nil {
			t.Error(err)
		}
		want(t, b, "busy idle , idle idle ")
		busy.rings <- line.Ring{}
		<-k.took
		stop()
		<-done
	})
}

func TestDrainALineABankAndAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two, far := newFake("one"), newFake("two"), newFake("far")
		k := &taker{took: make(chan string), end: make(chan string)}
		b := newBanks(t, k, new(bytes.Buffer))
		other := member(far)
		other.Bank = "usb"
		b.Set([]Member{member(one), member(two), other}, NoLimit)
		stop, done := run(t, b)

		one.rings <- line.Ring{}
		<-k.took
		for _, tt := range []struct {
			what string
			want string
			busy int
		}{
			{"courier/two", "one ringing , two out-of-service drained, usb/far idle ", 0},
			{"courier", "one ringing draining, two out-of-service drained, usb/far idle ", 1},
			{All, "one ringing draining, two out-of-service drained, usb/far out-of-service drained", 1},
		} {
			if busy, err := b.DrainLines(tt.what, time.Minute); busy != tt.busy || err != nil {
				t.Errorf("%s: %d busy, %v", tt.what, busy, err)
			}
			want(t, b, tt.want)
			time.Sleep(30 * time.Second) // each has its own minute
		}
		if _, err := b.DrainLines("curier", NoLimit); err == nil || err.Error() != `"curier" is no line, no bank, and not "all"` {
			t.Error(err)
		}
		if err := b.Undrain("usb"); err != nil {
			t.Error(err)
		}
		time.Sleep(29 * time.Second)
		want(t, b, "one ringing draining, two out-of-service drained, usb/far idle ")
		time.Sleep(time.Second)
		want(t, b, "one out-of-service drained, two out-of-service drained, usb/far idle ")
		if !slices.Equal(k.ended, []string{"one drained"}) {
			t.Errorf("ended %v", k.ended)
		}
		if err := b.Undrain(All); err != nil {
			t.Error(err)
		}
		want(t, b, "one idle , two idle , usb/far idle ")
		stop()
		<-done
	})
}

// What is undone, or over by itself, ends no later call.
func TestADrainIsUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake("l")
		b, k, stop, done := start(t, new(bytes.Buffer), l)
		for _, undo := range []func() error{
			func() error { return b.Undrain("courier/l") },
			func() error { return b.PutIn([]string{"courier/l"}) },
			func() error { k.end <- ""; synctest.Wait(); return b.Undrain(All) },
			func() error { b.Set(nil, time.Minute); b.Set([]Member{member(l)}, NoLimit); return b.Undrain(All) },
		} {
			if !strings.Contains(service(b), "ringing") {
				l.rings <- line.Ring{}
				<-k.took
			}
			if n, err := b.DrainLines("courier/l", time.Minute); n != 1 || err != nil {
				t.Error(n, err)
			}
			if err := undo(); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Hour)
		}
		if len(k.ended) > 0 {
			t.Errorf("ended %v", k.ended)
		}
		stop()
		<-done
	})
}

// A line that is no member any more ends after its call, and may come back
// before.
func TestMembersComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c, d := newFake("a"), newFake("c"), newFake("d")
		b, k, stop, done := start(t, new(bytes.Buffer), a, c)
		for _, l := range []*fakeLine{a, c} {
			l.rings <- line.Ring{}
			<-k.took
		}
		b.Set([]Member{member(d)}, time.Minute)
		want(t, b, "d idle , a ringing removed, c ringing removed")
		b.Set([]Member{member(d), member(c)}, time.Minute)
		want(t, b, "d idle , c ringing , a ringing removed")
		time.Sleep(time.Minute)
		want(t, b, "d idle , c ringing ")
		if a.did() != "wait ring hang-up close" || c.did() != "wait ring" {
			t.Errorf("%s; %s", a.did(), c.did())
		}
		fresh := newFake("fresh")
		changed := member(c)
		changed.Settings, changed.Open = "9600 bit/s", func(string) (line.Line, error) { return fresh, nil }
		b.Set([]Member{changed}, NoLimit)
		want(t, b, "c ringing ")
		k.end <- "" // only now is it made anew
		want(t, b, "c idle ")
		if c.did() != "wait ring hang-up close" || fresh.did() != "wait" || d.did() != "wait close" {
			t.Errorf("%s; %s; %s", c.did(), fresh.did(), d.did())
		}
		stop()
		<-done
	})
}

func TestNames(t *testing.T) {
	b := newBanks(t, nil, new(bytes.Buffer))
	set := func(keys ...string) string {
		var all []Member
		for _, key := range keys {
			label, _, _ := strings.Cut(key, ":")
			all = append(all, Member{Bank: "b", Key: key, Label: strings.Trim(label, "0123456789")})
		}
		b.Set(all, NoLimit)
		names := ""
		for _, s := range b.Status() {
			names += strings.TrimPrefix(s.Line, "b/") + " "
		}
		return names
	}
	for _, tt := range []struct{ keys, want string }{
		{"10 20 30", "1 2 3 "},
		{"20 30 40", "2 3 1 "}, // those that stay keep theirs
		{"x:1 x:2 x:3 40", "x x-2 x-3 1 "},
	} {
		if got := set(strings.Fields(tt.keys)...); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.keys, got, tt.want)
		}
	}
}

// A line that cannot be opened is tried again, and says why.
func TestALineThatDoesNotOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake("l")
		tries := 0
		m := member(l)
		m.Open = func(string) (line.Line, error) {
			if tries++; tries > 3 {
				return l, nil
			}
			return nil, errors.New("no such socket")
		}
		b := newBanks(t, &taker{}, new(bytes.Buffer))
		b.Set([]Member{m}, NoLimit)
		stop, done := run(t, b)
		time.Sleep(2 * lastDelay)
		synctest.Wait()
		if s := b.Status()[0]; s.State != "down" || s.Service != "faulty" || s.Why != "no such socket" || s.Faults != 3 {
			t.Errorf("%+v", s)
		}
		time.Sleep(lastDelay)
		want(t, b, "l idle ")
		stop()
		<-done
	})
}

// Lines stay out of service over a restart.
func TestOutOfServiceIsKept(t *testing.T) {
	dir := t.TempDir()
	open := func() *Banks {
		out, err := OpenOutOfService(dir)
		if err != nil {
			t.Fatal(err)
		}
		b := New(Options{Out: out, Log: slog.New(slog.DiscardHandler)})
		b.Set([]Member{member(newFake("a")), member(newFake("b"))}, NoLimit)
		return b
	}
	if err := open().TakeOut([]string{"courier/a"}, "smoke"); err != nil {
		t.Fatal(err)
	}
	b := open()
	if s := b.Status(); s[0].Service != "out" || s[0].Why != "smoke" || s[1].Service != "" {
		t.Errorf("%+v", s)
	}
	if err := b.PutIn([]string{"courier/a"}); err != nil {
		t.Error(err)
	}
	if got := service(open()); got != "a down , b down " {
		t.Error(got)
	}
	// Nothing can be written: it is so all the same, and said.
	if err := os.Mkdir(filepath.Join(dir, "out-of-service.new"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := b.TakeOut([]string{"courier/b"}, ""); err == nil || !strings.Contains(err.Error(), "ends with the next restart") || service(b) != "a down , b out-of-service out" {
		t.Errorf("%v, %s", err, service(b))
	}
}

// A disk that is slow to note what is out of service holds up no call, nor who
// asks for the lines.
func TestASlowDiskHoldsUpNoCall(t *testing.T) {
	dir := t.TempDir()
	disk := filepath.Join(dir, "out-of-service.new")
	if err := syscall.Mkfifo(disk, 0o600); err != nil { // it is not opened before someone reads it
		t.Fatal(err)
	}
	l, other, k := newFake("l"), newFake("other"), &taker{took: make(chan string, 1), end: make(chan string)}
	b := newBanks(t, k, new(bytes.Buffer), l, other)
	var err error
	if b.o.Out, err = OpenOutOfService(dir); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { b.Run(ctx) })
	noted := make(chan error, 1)
	other.rings <- line.Ring{}
	<-k.took
	k.end <- ""
	go func() { noted <- b.TakeOut([]string{"courier/l"}, "smoke") }()
	out := make(chan struct{})
	go func() {
		defer close(out)
		for b.Status()[0].Service != "out" {
			runtime.Gosched()
		}
		other.rings <- line.Ring{}
		<-k.took
	}()
	select {
	case <-out:
	case err := <-noted:
		t.Errorf("it was noted at once, %v", err)
	case <-time.After(10 * time.Second):
		t.Error("no call is taken while the disk is busy")
	}
	if _, err := os.ReadFile(disk); err != nil {
		t.Error(err)
	}
	if err := <-noted; err == nil { // a pipe is no place to keep something
		t.Error("it was noted in a pipe")
	}
	<-out
	stop()
	all.Wait()
}

func TestASpoiledFileIsPutAside(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "out-of-service")
	for _, text := range []string{"", "{}", `[{"why":"x"}]`, "[{"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenOutOfService(dir); err == nil || !strings.Contains(err.Error(), "put aside") {
			t.Errorf("%s: %v", text, err)
		}
		if b, err := os.ReadFile(file + ".spoiled"); string(b) != text || err != nil {
			t.Errorf("%q, %v", b, err)
		}
	}
	if _, err := OpenOutOfService(dir); err != nil {
		t.Errorf("the next start: %v", err)
	}
}

func FuzzOutOfService(f *testing.F) {
	f.Add([]byte(`[{"port":"/dev/ttyS0","since":"2026-11-21T09:17:05Z","why":"smoke"}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, err := parseOut(b)
		if _, empty := lines[""]; empty || err == nil && lines == nil {
			t.Errorf("%q: %v, %v", b, lines, err)
		}
	})
}
