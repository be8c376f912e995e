package bank

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"carrier/shared/keep"
)

// An Out is why a line is out of service by hand.
type Out struct {
	Key   string    `json:"port"` // Member.Key
	Since time.Time `json:"since"`
	Why   string    `json:"why,omitempty"` // the operator's words
}

// OutOfService remembers which lines an operator has taken out of service, over
// restarts too: she expects a modem on her bench to stay there. Its methods may
// be called from any goroutine.
type OutOfService struct {
	file    string     // empty: nothing is kept
	writing sync.Mutex // the file; never waited for with mu held

	mu    sync.Mutex
	lines map[string]Out
}

// OpenOutOfService reads what is noted in the folder dir; with an empty dir
// nothing is kept. What cannot be read is put aside under another name, and is
// the error beside a register without lines.
func OpenOutOfService(dir string) (*OutOfService, error) {
	o := &OutOfService{lines: map[string]Out{}}
	if dir == "" {
		return o, nil
	}
	o.file = filepath.Join(dir, "out-of-service")
	b, err := os.ReadFile(o.file)
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return o, fmt.Errorf("state: %w", err)
	}
	if o.lines, err = parseOut(b); err != nil {
		o.lines = map[string]Out{}
		aside := o.file + ".spoiled"
		return o, errors.Join(fmt.Errorf("state: %s: %w; it is put aside as %s", o.file, err, aside), os.Rename(o.file, aside))
	}
	return o, nil
}

// parseOut reads the file: JSON, an array of lines.
func parseOut(b []byte) (map[string]Out, error) {
	var all []Out
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, err
	}
	lines := make(map[string]Out, len(all))
	for i, l := range all {
		if l.Key == "" {
			return nil, fmt.Errorf("line %d has no port", i+1)
		}
		lines[l.Key] = l
	}
	return lines, nil
}

// why tells why a line is out of service; nil: it is not.
func (o *OutOfService) why(key string) *Out {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l, ok := o.lines[key]; ok {
		return &l
	}
	return nil
}

// change takes lines out, or, with a nil out, puts them back. It is not kept
// before note.
func (o *OutOfService) change(keys []string, out *Out) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, k := range keys {
		if out == nil {
			delete(o.lines, k)
			continue
		}
		l := *out
		l.Key = k
		o.lines[k] = l
	}
}

// move has a line known by another key, and says whether any of the two was out.
// It is not kept before note.
func (o *OutOfService) move(old, key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := len(o.lines)
	delete(o.lines, key)
	l, out := o.lines[old]
	if out {
		delete(o.lines, old)
		l.Key = key
		o.lines[key] = l
	}
	return out || len(o.lines) < before
}

// note keeps on disk what is so now, which may take a while. What cannot be
// noted is so all the same.
func (o *OutOfService) note() error {
	if o.file == "" {
		return nil
	}
	o.writing.Lock()
	defer o.writing.Unlock()
	if err := o.write(o.all()); err != nil {
		return fmt.Errorf("it is not noted and ends with the next restart: state: %w", err)
	}
	return nil
}

// all are the lines that are out, in the order of their keys.
func (o *OutOfService) all() []Out {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := make([]Out, 0, len(o.lines))
	for _, l := range o.lines {
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b Out) int { return strings.Compare(a.Key, b.Key) })
	return all
}

// write writes the file, whole or not at all.
func (o *OutOfService) write(all []Out) error {
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return keep.Write(o.file, append(b, '\n'), 0o640)
}
