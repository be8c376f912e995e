package caller

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"time"
)

// A meter counts and hashes what is written through it.
type meter struct {
	w      io.Writer
	began  time.Time
	octets int64
	hash   hash.Hash
}

func measure(w io.Writer) *meter { return &meter{w: w, began: time.Now(), hash: sha256.New()} }

func (m *meter) Write(b []byte) (int, error) {
	n, err := m.w.Write(b)
	m.octets += int64(n)
	m.hash.Write(b[:n])
	return n, err
}

func (m *meter) transfer() Transfer {
	return Transfer{Octets: m.octets, SHA256: [sha256.Size]byte(m.hash.Sum(nil)), Took: time.Since(m.began)}
}

// limited is a writer that fails when it has taken left octets.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	if len(b) > l.left {
		return 0, fmt.Errorf("more than %d octets", maxPage)
	}
	l.left -= len(b)
	return l.w.Write(b)
}
