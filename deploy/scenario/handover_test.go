package scenario

import (
	"fmt"
	"testing"
)

// A caller that only acknowledges the PNS's Configure-Request and never starts
// her own direction again is served too: her last request is replayed for her.
func TestCallerThatOnlyAcks(t *testing.T) {
	t.Parallel()
	for _, handover := range []string{"silent", "restart"} {
		t.Run(handover, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{
				pac: fmt.Sprintf("[[user]]\nname = \"eve\"\ntunnel = [\"2.1.1.60\"]\nhandover = %q\n", handover),
				pns: "[[user]]\nname = \"eve\"\npassword = \"red rose\"\n",
			})
			for _, onlyAck := range []bool{true, false} {
				o := login("eve", "red rose")
				o.OnlyAck = onlyAck
				c := w.dial(0, o)
				w.reads(c)
				if err := c.Close(); err != nil {
					t.Errorf("only ack %v: %v", onlyAck, err)
				}
			}
		})
	}
}
