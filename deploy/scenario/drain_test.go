package scenario

import (
	"encoding/json"
	"testing"

	"carrier/deploy/testbed"
	"carrier/shared/record"
)

// A program that drains takes no call any more, and lets those that run go on
// as long as its configuration says.
func TestDrain(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pac", "pns"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setting{modems: 2, callers: 2}
			*map[string]*string{"pac": &s.pac, "pns": &s.pns}[name] = "[limits]\ndrain = \"1h\"\n"
			w := newWorld(t, s)
			p := map[string]*program{"pac": w.pac, "pns": w.pns}[name]
			c := w.dial(0, sara())
			p.end()
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				if err := p.wait(); err != nil {
					t.Errorf("it ended with %v", err)
				}
			}()
			if name == "pac" {
				testbed.Until(t, "the idle line is closed", func() bool {
					status, err := p.Status(within(t))
					return err == nil && countDown(status) == 1
				})
			} else if _, err := w.try(1, bob()); err == nil {
				t.Error("a call was taken")
			}
			w.reads(c)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			<-ended
			for _, call := range p.calls() {
				if call.User == "saran" && call.Reason != record.CallerHungUp {
					t.Errorf("Sara's call ended by %v", call.Reason)
				}
			}
		})
	}
}

// countDown counts the lines of a status that are down.
func countDown(status []byte) (n int) {
	var s struct {
		Lines []struct{ State string }
	}
	if json.Unmarshal(status, &s) != nil {
		return -1
	}
	for _, l := range s.Lines {
		if l.State == "down" {
			n++
		}
	}
	return n
}
