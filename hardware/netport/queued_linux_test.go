package netport

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

// What the far end has no room for is counted, however it is spoken to, until it
// has.
func TestQueued(t *testing.T) {
	for name, detect := range map[string]bool{"raw": false, "Telnet": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := pair(t, "tcp://127.0.0.1:0")
			if detect {
				ours.Detect()
			}
			if n, known := ours.Queued(); n != 0 || !known {
				t.Errorf("%d octets wait before anything was written, known: %v", n, known)
			}
			err := error(nil)
			for err == nil {
				ours.SetWriteDeadline(time.Now().Add(2 * time.Second)) // acknowledgements may be late
				_, err = ours.Write(make([]byte, 4000))
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			queued, known := ours.Queued()
			if unsent, _ := ours.Unsent(); queued <= 0 || queued > unsent || !known {
				t.Errorf("%d octets wait of %d, known: %v", queued, unsent, known)
			}
			go io.Copy(io.Discard, theirs)
			for end := time.Now().Add(30 * time.Second); queued > 0 && time.Now().Before(end); {
				pause := time.NewTimer(time.Millisecond)
				<-pause.C
				queued, _ = ours.Queued()
			}
			if queued != 0 {
				t.Errorf("%d octets wait for a far end that reads", queued)
			}
		})
	}
}
