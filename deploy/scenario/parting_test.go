package scenario

import (
	"fmt"
	"io"
	"net"
	"testing"

	"carrier/shared/record"
)

// A host that carries out lines gets none of one who hangs up in the middle of hers,
// though the port has no Data Carrier Detect, and the modem types its words then.
func TestHangUpAtAHost(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	typed := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		all, _ := io.ReadAll(io.TeeReader(c, c)) // she sees what she types
		typed <- string(all)
	}()
	w := newWorld(t, setting{pac: fmt.Sprintf("[identify]\nask = \"name\"\n[[user]]\nname = \"guest\"\nhost = \"tcp://%v\"\n", l.Addr())})
	c := w.terminal(0)
	c.types("\r")
	c.expects("login: ")
	c.types("guest\r")
	c.expects("Connecting to ")
	c.expects("...\r\n")
	c.types("ls\r")
	c.expects("ls\r")
	c.types("rm -rf museum")
	c.expects("rm -rf museum")
	c.modem.Close()
	r := w.pac.ended(1)
	w.pac.wants(r, record.CarrierLost, "carrier")
	if all := <-typed; all != "ls\rrm -rf museum" {
		t.Errorf("the host got %q", all)
	}
	if n := r.Traffic.OctetsUp; n != uint64(len("ls\rrm -rf museum")) {
		t.Errorf("the record counts %d octets", n)
	}
}
