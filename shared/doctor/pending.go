package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Pending is what a daemon's file says and the daemon does not do.
type Pending struct {
	File    string   `json:"file"`    // which the daemon reads, absolute; empty: it has none
	Changed []string `json:"changed"` // keys of the root that are not as the daemon read them
	Restart []string `json:"restart"` // keys that only a restart can take
}

// Of tells whether the daemon reads this file.
func (p Pending) Of(file string) bool {
	a, errA := os.Stat(p.File)
	b, errB := os.Stat(file)
	if errA == nil && errB == nil {
		return os.SameFile(a, b)
	}
	path, err := filepath.Abs(file)
	return err == nil && path == p.File
}

// Wrong says how what a daemon does differs from what a file says, and how the
// file comes to hold. program is the daemon's name, more what else there is to
// say of the difference, if there is one.
func (p Pending) Wrong(file, program, more string) error {
	if more != "" {
		more = " (" + more + ")"
	}
	switch {
	case p.File == "":
		return nil
	case !p.Of(file):
		return fmt.Errorf("it runs with %s, not with this file%s: look at that one, or put this one in its place", p.File, more)
	}
	var all []error
	changed := slices.DeleteFunc(slices.Clone(p.Changed), func(key string) bool { return slices.Contains(p.Restart, key) })
	if len(changed) > 0 {
		all = append(all, fmt.Errorf("it runs with another configuration than the file has now, which differs in %s%s: `systemctl reload %s`, `%[3]s reload` or SIGHUP takes it",
			strings.Join(changed, ", "), more, program))
	}
	if len(p.Restart) > 0 {
		all = append(all, fmt.Errorf("it goes on with the old %s, whatever the file says: `systemctl restart %s` takes the new", strings.Join(p.Restart, ", "), program))
	}
	return errors.Join(all...)
}
