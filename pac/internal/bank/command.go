package bank

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// All stands for every line where a line or a bank is named.
const All = "all"

// A NoLineError is the name of no line, where one was expected.
type NoLineError struct{ Name string }

func (e *NoLineError) Error() string { return fmt.Sprintf("%q is no line", e.Name) }

// TakeOut takes lines out of service until PutIn: they answer no more calls, and
// once the call that they may have has ended they are busy for callers, or their
// ports are free. If one is no
// line nothing is changed. Any other error means that it is done, but will be
// forgotten at the next restart.
func (b *Banks) TakeOut(names []string, why string) error {
	return b.service(names, &Out{Since: time.Now(), Why: why})
}

// PutIn puts lines back into service, also drained ones. Its errors are those of
// TakeOut.
func (b *Banks) PutIn(names []string) error { return b.service(names, nil) }

// is says whether a line is called so, be it only until its call ends; mu is
// held.
func (s *slot) is(line string) bool {
	return !s.gone && s.name == line || s.call != nil && s.call.line == line
}

// of says the same of its bank.
func (s *slot) of(bank string) bool {
	return !s.gone && s.member.Bank == bank || s.call != nil && s.call.bank == bank
}

func (b *Banks) service(names []string, out *Out) error {
	if err := b.serviceNow(names, out); err != nil {
		return err
	}
	return b.o.Out.note()
}

// serviceNow is service but for the disk.
func (b *Banks) serviceNow(names []string, out *Out) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var slots []*slot
	var keys []string
	for _, name := range names {
		i := slices.IndexFunc(b.slots, func(s *slot) bool { return s.is(name) })
		if i < 0 {
			return &NoLineError{name}
		}
		slots = append(slots, b.slots[i])
		keys = append(keys, b.slots[i].member.Key)
	}
	b.o.Out.change(keys, out)
	for i, s := range slots {
		s.out = b.o.Out.why(keys[i])
		s.unable = false
		if out == nil {
			b.undrain(s)
		}
		s.changed()
	}
	return nil
}

// NoLimit lets calls go on as long as they last.
const NoLimit time.Duration = -1

// DrainLines has a line, a bank, or All take no more calls until Undrain or
// PutIn, over Set too. The calls that run there get so much time, or NoLimit,
// whatever they were given before by DrainLines, but no more than Set gives them.
// It returns how many they are. The error is a NoLineError.
func (b *Banks) DrainLines(what string, within time.Duration) (busy int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.draining(what, func(s *slot) {
		s.drained, s.unable = true, false
		b.drained[s.member.Key] = s.member.Bank
		b.limit(s, func(c *calling) { c.drained = after(within) })
	})
}

// Undrain undoes DrainLines, for the same lines or others; with a bank or All also
// for lines that are no members at present.
func (b *Banks) Undrain(what string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := len(b.drained)
	maps.DeleteFunc(b.drained, func(_, bank string) bool { return what == All || what == bank })
	_, err := b.draining(what, b.undrain)
	if len(b.drained) < known {
		return nil // be none of them a member at present
	}
	return err
}

// undrain lets a line take calls as far as an operator's drain is concerned, and
// its call last; mu is held.
func (b *Banks) undrain(s *slot) {
	s.drained = false
	delete(b.drained, s.member.Key)
	b.limit(s, func(c *calling) { c.drained = time.Time{} })
}

// draining does something to each slot of a line, a bank or All, and counts the
// calls that run there; mu is held.
func (b *Banks) draining(what string, do func(*slot)) (busy int, err error) {
	found := what == All
	for _, s := range b.slots {
		if what != All && !s.is(what) && !s.of(what) {
			continue
		}
		found = true
		do(s)
		if s.inCall() {
			busy++
		}
		s.changed()
	}
	if !found {
		return 0, fmt.Errorf("%w, no bank, and not %q", &NoLineError{what}, All)
	}
	return busy, nil
}
