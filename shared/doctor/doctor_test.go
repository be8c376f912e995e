package doctor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	var r Report
	r.Look("panel", nil)
	r.Note("port a", "a modem")
	var b bytes.Buffer
	r.Write(&b)
	if b.String() != "port a: a modem\nnothing wrong in 1 looks\n" {
		t.Error(b.String())
	}
	r.Look("port a", fmt.Errorf("the modem says: %w", errors.Join(errors.New("one"))))
	b.Reset()
	r.Write(&b)
	if b.String() != "port a: a modem\nport a: the modem says: one\n1 finding in 2 looks\n" {
		t.Error(b.String())
	}
	r.Look("lan", errors.Join(errors.New("two"), errors.Join(errors.New("three"), errors.New("four"))))
	b.Reset()
	r.Write(&b)
	if b.String() != "port a: a modem\nport a: the modem says: one\nlan: two\nlan: three\nlan: four\n4 findings in 3 looks\n" {
		t.Error(b.String())
	}
	j, err := json.Marshal(&r)
	const want = `{"ok":false,"findings":[{"about":"port a","text":"the modem says: one"},{"about":"lan","text":"two"},{"about":"lan","text":"three"},` +
		`{"about":"lan","text":"four"}],"notes":[{"about":"port a","text":"a modem"}],"looked":["panel","port a","lan"]}`
	if err != nil || string(j) != want {
		t.Errorf("%s, %v", j, err)
	}
}

func TestLooks(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	in := netip.MustParseAddrPort(taken.Addr().String())
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, err := range map[string]error{
		fmt.Sprintf("another program has TCP port %d of 127.0.0.1: end it (`ss -lp` names it), or choose another port with `panel`", in.Port()): Listen(in, "panel"),
		"203.0.113.253 is no address of this host: correct `listen`, or give the address to an interface":                                       Listen(netip.MustParseAddrPort("203.0.113.253:0"), "listen"),
		"203.0.113.254 is no address of this host: correct `udp`, or give the address to an interface":                                          ListenUDP(netip.MustParseAddrPort("203.0.113.254:0"), "udp"),
		"the folder cannot be made: mkdir " + file + ": not a directory; correct `state`, or make it for the user who runs the program":         Folder(filepath.Join(file, "state"), "state"),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("%v; want %s", err, want)
		}
	}
	dir := filepath.Join(t.TempDir(), "a", "b")
	for about, err := range map[string]error{"tcp": Listen(netip.MustParseAddrPort("127.0.0.1:0"), ""),
		"udp": ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), ""), "folder": Folder(dir, "")} {
		if err != nil {
			t.Errorf("%s: %v", about, err)
		}
	}
	if _, err := os.Stat(filepath.Dir(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the doctor left a folder: %v", err)
	}
	there := t.TempDir()
	if err := Folder(there, ""); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(there); err != nil || len(left) != 0 {
		t.Errorf("the doctor left %v, %v", left, err)
	}
	if !strings.HasPrefix(Folder("/proc/1", "state").Error(), "nothing can be written there: ") {
		t.Error(Folder("/proc/1", "state"))
	}
}
