package caller

import (
	"bytes"
	"context"
	"fmt"
)

// A Step of a login script: wait for Expect, then send Send and a carriage
// return. An empty Expect waits for nothing; an empty Send sends nothing.
type Step struct{ Expect, Send string }

// maxHeard bounds what is kept of a text in which nothing expected came.
const maxHeard = 16 << 10

// login goes through a script. It returns what came behind the last text
// expected, which may be PPP already.
func login(ctx context.Context, c carrier, script []Step) (rest []byte, err error) {
	defer free(ctx, c)()
	heard := make([]byte, 0, 1024)
	b := make([]byte, 1024)
	for _, s := range script {
		at := bytes.Index(heard, []byte(s.Expect))
		for ; at < 0; at = bytes.Index(heard, []byte(s.Expect)) {
			n, err := c.Read(b)
			heard = append(heard, b[:n]...)
			if ctx.Err() != nil {
				return nil, fmt.Errorf("waiting for %q, heard %q: %w", s.Expect, tail(heard, 80), context.Cause(ctx))
			}
			if err != nil {
				return nil, fmt.Errorf("waiting for %q, heard %q: %w", s.Expect, tail(heard, 80), lost(err))
			}
			heard = tail(heard, maxHeard)
		}
		heard = heard[at+len(s.Expect):]
		if s.Send == "" {
			continue
		}
		if _, err := c.Write([]byte(s.Send + "\r")); err != nil {
			return nil, fmt.Errorf("answering %q: %w", s.Expect, err)
		}
	}
	return heard, nil
}

// tail is the end of b, at most n octets.
func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }
