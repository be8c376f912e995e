package scenario

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"carrier/deploy/testbed"
	"carrier/shared/record"
)

// with is the PNS's configuration with other text in it.
func (w *world) with(changes ...string) []byte {
	w.t.Helper()
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(w.office, changes[i]) {
			w.t.Fatalf("there is no %q in\n%s", changes[i], w.office)
		}
	}
	return []byte(strings.NewReplacer(changes...).Replace(w.office))
}

// A reload of the PNS: users come and go, pools move, and nobody's call is
// touched but that of a user who is there no more.
func TestReloadPNS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{modems: 2, callers: 2})
	saras, bobs := w.dial(0, sara()), w.dial(1, bob())

	wrong := w.with("name     = \"bob\"", "nam = \"bob\"", "2.1.1.130-2.1.1.140", "2.1.1.130-2.1.1.120")
	_, err := w.pns.reload("pns.toml", wrong)
	if err == nil || !strings.Contains(err.Error(), ": user[2].nam: unknown key") || !strings.Contains(err.Error(), ": lan.addresses[1]:") {
		t.Errorf("a wrong file: %v", err)
	}
	w.reads(bobs)

	restart, err := w.pns.reload("pns.toml", w.with("name     = \"bob\"", "name = \"carol\"", "2.1.1.130-2.1.1.140", "2.1.1.150",
		"address  = \"2.1.1.129\"", "", "only_mapped = true", "only_mapped = false"))
	if want := []string{"lan.userspace.only_mapped"}; err != nil || !slices.Equal(restart, want) {
		t.Errorf("%q need a restart, want %q, %v", restart, want, err)
	}
	w.told(bobs, "the user bob may log in no more")
	w.pns.wants(w.pns.ended(1), record.Drained, "the user bob")
	w.pac.wants(w.pac.ended(1), record.ClearedByPNS, "the user bob may log in no more")
	w.reads(saras)
	if got := saras.Addr().String(); got != "2.1.1.129" {
		t.Errorf("she has %s now", got)
	}

	if _, err := w.try(1, bob()); err == nil {
		t.Error("bob logs in all the same")
	}
	w.pns.wants(w.pns.ended(2), record.AuthFailed, "no user has this name")
	saras.Close()
	w.pns.ended(3)
	again := w.dial(0, sara()) // of the pool now
	if got := again.Addr().String(); got != "2.1.1.150" {
		t.Errorf("she gets %s", got)
	}
	w.reads(again)
}

// A PAC that is taken out: its calls end, told why, and it brings no more until
// it is let in again.
func TestReloadWithoutPAC(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{modems: 2, callers: 2, pns: "[limits]\ndrain = \"6s\"\n"})
	c := w.dial(0, sara())
	if _, err := w.pns.reload("pns.toml", w.with("from      = [\"127.0.0.0/8\"]", "from = [\"192.0.2.0/24\"]")); err != nil {
		t.Fatal(err)
	}
	bobs, refused := w.plug(1), make(chan error)
	go func() {
		_, err := w.tryOn(bobs, bob())
		refused <- err
	}()
	w.pac.wants(w.pac.ended(1), record.NoTunnel, "call refused: General Error")
	w.reads(c) // some seconds are left
	if err := <-refused; err == nil {
		t.Error("the PAC brings another call")
	}
	w.told(c, "served no more")
	r := w.pns.ended(1)
	w.pns.noTunnel("the last call is over")
	w.pns.wants(r, record.Drained, "served no more")
	w.pac.wants(w.pac.ended(2), record.ClearedByPNS, "served no more")
	if _, err := w.pns.reload("pns.toml", []byte(w.office)); err != nil {
		t.Fatal(err)
	}
	w.reads(w.dial(0, sara()))
}

// Without a limit its calls last, and those that go on get the limit that a
// later file sets. Its control connection goes with the last call, or at once.
func TestReloadWithoutPACOrLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{modems: 2, callers: 2})
	calls := w.dialAll(sara(), bob())
	without := func() {
		t.Helper()
		if _, err := w.pns.reload("pns.toml", w.with("from      = [\"127.0.0.0/8\"]", "from = [\"192.0.2.0/24\"]")); err != nil {
			t.Fatal(err)
		}
	}
	without()
	for _, c := range calls {
		w.reads(c)
	}
	if n := w.pns.tunnels(); n != 1 {
		t.Errorf("%d control connections in a call", n)
	}
	calls[1].Close()
	w.pns.ended(1)
	w.reads(calls[0]) // and so does the connection
	unlimited := w.office
	w.office += "[limits]\ndrain = \"0s\"\n"
	without()
	w.told(calls[0], "served no more")
	w.pns.wants(w.pns.ended(2), record.Drained, "served no more")
	w.pns.noTunnel("the last call is over")

	w.office = unlimited
	if _, err := w.pns.reload("pns.toml", []byte(w.office)); err != nil {
		t.Fatal(err)
	}
	w.dial(0, sara()).Close()
	w.pns.ended(3)
	if n := w.pns.tunnels(); n != 1 {
		t.Errorf("%d control connections after a call", n)
	}
	without()
	w.pns.noTunnel("there is no call")
}

// tunnels counts the control connections that are established.
func (p *program) tunnels() (n int) {
	p.t.Helper()
	b, err := p.Status(within(p.t))
	var s struct{ Tunnels, PACs []struct{ State string } }
	if err := errors.Join(err, json.Unmarshal(b, &s)); err != nil {
		p.t.Fatal(err)
	}
	for _, one := range append(s.Tunnels, s.PACs...) {
		if one.State == "established" {
			n++
		}
	}
	return n
}

func (p *program) noTunnel(when string) {
	p.t.Helper()
	testbed.Until(p.t, "the control connection is closed: "+when, func() bool { return p.tunnels() == 0 })
}
