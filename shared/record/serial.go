package record

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"carrier/shared/keep"
)

// reserve is how many serial numbers are set aside with one write: a crash
// skips at most as many.
const reserve = 256

// Serials hands out Call Serial Numbers (RFC 2637 §2.9): 16 bits that wrap,
// never zero, and go on where they were after a restart.
type Serials struct {
	mu       sync.Mutex
	file     string // empty: nothing is kept
	next     uint16
	reserved uint16 // how many from next on the file allows
}

// OpenSerials continues the numbers noted in dir, which is made when it does
// not exist; with an empty dir numbers start at 1 each time. When what is noted
// there is no number it returns that error beside Serials that start anywhere.
func OpenSerials(dir string) (*Serials, error) {
	s := &Serials{next: 1}
	if dir == "" {
		return s, nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	s.file = filepath.Join(dir, "serial")
	b, err := os.ReadFile(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 16)
	if err != nil {
		s.next = uint16(rand.Uint32())
		return s, fmt.Errorf("state: %s: %.20q is not a call serial number", s.file, strings.TrimSpace(string(b)))
	}
	s.next = uint16(n)
	return s, nil
}

// Next returns the next number. An error means that it could not be noted on
// disk, which the next call tries again; the number is good all the same.
func (s *Serials) Next() (uint16, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == 0 {
		s.next = 1
	}
	var err error
	if s.file != "" && s.reserved == 0 {
		if err = s.note(s.next + reserve); err == nil {
			s.reserved = reserve
		}
	}
	n := s.next
	s.next++
	if s.reserved > 0 {
		s.reserved--
	}
	return n, err
}

// note writes the first number not reserved, so that the file always holds a
// whole number even after a crash, of the machine too.
func (s *Serials) note(first uint16) error {
	if err := keep.Write(s.file, fmt.Appendln(nil, first), 0o640); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}
