package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/shared/record"
)

// dialling is a daemon that has numbers dialled; nobody ever answers 9.
type dialling struct {
	*fake
	asked  []Number
	waits  chan struct{} // closed once 9 rings
	gaveUp chan error
}

func (d *dialling) Dial(ctx context.Context, n Number) (string, error) {
	d.asked = append(d.asked, n)
	switch n.Phone {
	case "9":
		close(d.waits)
		<-ctx.Done()
		d.gaveUp <- ctx.Err()
		return "", ctx.Err()
	case "5551212":
		return "denver/7", nil
	}
	return "", errors.New("call refused: Busy")
}

func TestDial(t *testing.T) {
	p := &dialling{fake: newFake(), waits: make(chan struct{}), gaveUp: make(chan error, 1)}
	path, _ := start(t, p)
	run := func(ctx context.Context, args ...string) (int, string) {
		var o strings.Builder
		c := Commands{Name: "pac", Dialling: true, Socket: func(string) (string, error) { return path, nil }}
		return c.Execute(ctx, append([]string{"dial"}, args...), Stdio{strings.NewReader(""), &o, &o}), o.String()
	}
	for _, tt := range []struct {
		args   []string
		status int
		said   string
	}{
		{[]string{"5551212"}, 0, "denver/7 is connected\n"},
		{[]string{"5551212", "--json", "--through", "a b", "--user", "saran", "--subaddress", "7&8", "--min-speed", "9600"}, 0, "{\n  \"call\": \"denver/7\"\n}\n"},
		{[]string{"4045550001"}, 1, "pac: call refused: Busy\n"},
		{[]string{}, 2, "pac: pac dial needs one telephone number\n"},
		{[]string{"555", "1212"}, 2, "pac: pac dial needs one telephone number\n"},
	} {
		if status, said := run(t.Context(), tt.args...); status != tt.status || said != tt.said {
			t.Errorf("%q: %d, %q", tt.args, status, said)
		}
	}
	want := []Number{{Phone: "5551212"}, {"5551212", "7&8", "a b", "saran", 9600}, {Phone: "4045550001"}}
	if !slices.Equal(p.asked, want) {
		t.Errorf("the program was asked for %+v", p.asked)
	}

	// Who interrupts the command does not want the call.
	ctx, interrupt := context.WithCancel(t.Context())
	failed := make(chan string, 1)
	go func() {
		status, said := run(ctx, "9")
		failed <- fmt.Sprint(status, " ", said)
	}()
	<-p.waits
	interrupt()
	select {
	case <-p.gaveUp:
	case <-time.After(10 * time.Second):
		t.Error("the call is not given up")
	}
	if got := <-failed; !strings.HasPrefix(got, "1 pac: ") {
		t.Errorf("interrupted: %s", got)
	}
}

// A call that was dialled shows so, and where there is none nothing does.
func TestWayOfACall(t *testing.T) {
	for _, tt := range []struct {
		outgoing bool
		want     string
	}{{true, "WAY"}, {false, ""}} {
		var o strings.Builder
		if err := writeCalls(&o, []record.Call{{Name: "denver/7", Called: "5551212", Outgoing: tt.outgoing}}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(o.String(), "WAY  CALLED"); got != (tt.want != "") || got != strings.Contains(o.String(), "out  5551212") {
			t.Errorf("outgoing %v:\n%s", tt.outgoing, o.String())
		}
	}
}
