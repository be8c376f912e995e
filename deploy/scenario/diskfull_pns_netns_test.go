//go:build netns

package scenario

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// A cramped world has its state on a small disk, the password of each of its
// users has expired, and it has a bank without modems, which takes no time.
type cramped struct {
	*world
	disk     disk
	direct   string // the bank's socket
	finished int    // calls of pns that have ended
}

func newCramped(t *testing.T) *cramped {
	t.Helper()
	c := &cramped{disk: newDisk(t), direct: filepath.Join(t.TempDir(), "direct")}
	if err := errors.Join(os.Mkdir(c.file(""), 0o750), os.WriteFile(c.file("serial"), []byte("4711\n"), 0o640)); err != nil {
		t.Fatal(err)
	}
	c.world = newWorld(t, setting{state: string(c.disk), phones: exchange.Options{Timing: quick}, atlanta: permits, saran: "expired = true\n", pns: "expired = true\n",
		pac: fmt.Sprintf("[[bank]]\nname = \"direct\"\nlisten = \"unix://%s\"\nlines = 8\n", c.direct)})
	return c
}

// file is one of those that pns keeps.
func (c *cramped) file(name string) string { return filepath.Join(string(c.disk), "pns", name) }

// holds checks what is in one.
func (c *cramped) holds(name, want string) {
	c.t.Helper()
	if b, err := os.ReadFile(c.file(name)); err != nil || string(b) != want {
		c.t.Errorf("%s has %q, %v, want %q", name, b, err, want)
	}
}

// comes makes a call, with a new password where next is one.
func (c *cramped) comes(user, password, next string) (*caller.Call, error) {
	o := login(user, password)
	if next != "" {
		o.Login.Next = auth.NewPassword(next)
	}
	line, err := net.Dial("unix", c.direct)
	if err != nil {
		c.t.Fatal(err)
	}
	return caller.Dial(within(c.t), line, o)
}

// visits is comes by one who must get in.
func (c *cramped) visits(user, password, next string) {
	c.t.Helper()
	call, err := c.comes(user, password, next)
	if err != nil {
		c.t.Fatal(err)
	}
	c.reads(call)
	call.Close()
	c.ends(record.CallerHungUp, "")
}

// ends waits for the end of a call, and checks why that was.
func (c *cramped) ends(why record.EndReason, text string) {
	c.t.Helper()
	c.finished++
	c.pns.wants(c.pns.ended(c.finished), why, text)
}

// rings has bob called by his modem, and that call captured on a full disk.
func (c *cramped) rings(name string) {
	c.t.Helper()
	up := c.listens(0).answers(login("bob", "red sun"))
	got, err := c.places("4045550001")
	if err != nil || got != name {
		c.t.Fatalf("the call is %q, %v, want %q", got, err, name)
	}
	call := <-up
	if call == nil {
		c.t.FailNow()
	}
	c.reads(call)
	c.captures(c.pns, call, fullDisk(c.t))
	call.Close()
	c.ends(record.CallerHungUp, "")
	c.ready("courier/1")
}

// restarts ends pns and starts it with another configuration.
func (c *cramped) restarts(text []byte, socket string) {
	c.pns.stop()
	c.pns, c.finished = startPNS(c.t, text, socket), 0
}

// While the disk of pns is full it says of all that it keeps there that it could
// not: a new password, the numbers of calls, that a changed password is
// forgotten. What was there holds, and calls go on; pns even starts. Once there
// is room all of it is kept.
func TestDiskFullOfPNS(t *testing.T) {
	t.Parallel()
	const full = "no space left on device"
	c := newCramped(t)
	c.visits("bob", "green grass", "red grass")
	before, err := os.ReadFile(c.file("passwords"))
	if err != nil {
		t.Fatal(err)
	}

	c.disk.fill(t)
	if _, err := c.comes("saran", "blue moon", "green cheese"); err == nil || !strings.Contains(err.Error(), "the password could not be changed") {
		t.Errorf("the caller is told %v", err)
	}
	c.ends(record.AuthFailed, full)
	c.visits("bob", "red grass", "")
	socket := c.file("pns.sock")
	edited := c.with("\"green grass\"\nexpired = true", "\"red sun\"", c.socket, socket)
	if _, err := c.pns.reload("pns.toml", edited); err != nil {
		t.Error(err)
	}
	c.pns.said("are not forgotten", full)
	c.restarts(edited, socket)
	c.pns.said("are not forgotten", full)
	c.visits("bob", "red sun", "")
	c.rings("denver/4711")
	c.pns.said("the call's serial number could not be noted", full)
	c.holds("passwords", string(before))
	c.holds("serial", "4711\n")
	if left, err := filepath.Glob(c.file("*.new")); len(left) > 0 || err != nil {
		t.Errorf("%q are left of what could not be written, %v", left, err)
	}

	if err := os.Remove(c.disk.ballast()); err != nil {
		t.Fatal(err)
	}
	c.rings("denver/4712")
	c.holds("serial", "4968\n")
	c.visits("saran", "blue moon", "green cheese")
	if _, err := c.pns.reload("pns.toml", edited); err != nil {
		t.Error(err)
	}
	c.restarts([]byte(c.office), c.socket)
	c.visits("saran", "green cheese", "")
	c.visits("bob", "green grass", "red grass") // the first change is forgotten
}
