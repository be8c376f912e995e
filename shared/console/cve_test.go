package console

import (
	"net"
	"strings"
	"testing"
)

// CVE-2022-0982: accel-ppp put what came to its command port into a buffer of
// one size, however much it was. This sends a command of a megabyte, whole and as
// one line without an end: it is refused, and the next one is answered.
func TestCVE20220982EndlessCommands(t *testing.T) {
	p := &guarded{fake: newFake()}
	path, _ := start(t, p)
	c := NewClient(path, "pac")
	if n, err := c.Unlock(t.Context(), strings.Repeat("saran", 200_000)); err == nil || n != 0 || len(p.who) != 0 {
		t.Errorf("%d, %v: the program was asked %d times", n, err, len(p.who))
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	line, sent := []byte(strings.Repeat("x", 1<<10)), 0
	for err = nil; err == nil && sent < 64<<20; sent += len(line) {
		_, err = conn.Write(line)
	}
	if err == nil {
		t.Errorf("%d octets without an end are read", sent)
	}
	if v, err := c.Status(t.Context()); err != nil || !strings.Contains(string(v), "atlanta") {
		t.Errorf("then: %s, %v", v, err)
	}
}
