package auth

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
)

// agreed are the methods that LCP tells apart.
var agreed = []Method{PAP, CHAPMD5, MSCHAP, MSCHAPv2, EAP}

var start = time.Unix(1000, 0)

// unhex reads octets written in hexadecimal, with spaces anywhere.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// zeros is a source of octets that are all zero: identifiers start at 0, so
// that the first Challenge has 1.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// octets gives the octets of b again and again, after a zero for the
// identifier.
type octets struct {
	b  []byte
	at int
}

func (o *octets) Read(b []byte) (int, error) {
	for i := range b {
		if o.at > 0 {
			b[i] = o.b[(o.at-1)%len(o.b)]
		} else {
			b[i] = 0
		}
		o.at++
	}
	return len(b), nil
}

type dry struct{}

func (dry) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

// sent empties the box, and wants frames of protocol p with these contents.
func sent(t *testing.T, out *ppp.Outbox, p ppp.Protocol, want ...string) {
	t.Helper()
	frames := out.Take()
	if len(frames) != len(want) {
		t.Fatalf("%d frames sent, want %d: % x", len(frames), len(want), frames)
	}
	for i, f := range frames {
		q, info, err := ppp.Split(f)
		if err != nil || q != p || !bytes.Equal(info, unhex(t, want[i])) {
			t.Errorf("frame %d: %v % x (%v), want %v %s", i, q, info, err, p, want[i])
		}
	}
}

// info is the information field of the only frame in the box.
func info(t *testing.T, out *ppp.Outbox) []byte {
	t.Helper()
	frames := out.Take()
	if len(frames) != 1 {
		t.Fatalf("%d frames sent, want one: % x", len(frames), frames)
	}
	return frames[0][4:]
}
