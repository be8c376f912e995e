package serial

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Check says what is wrong with the path of a port, or with a pattern of paths
// as filepath.Match has them, without looking for devices. The error is an
// *Error.
func Check(pattern string) error {
	var err error
	switch {
	case !strings.HasPrefix(pattern, "/"):
		err = errors.New("a path is absolute: /dev/ttyS0")
	case strings.ContainsRune(pattern, 0):
		err = errors.New("a path has no NUL")
	case strings.ContainsAny(pattern, "{}"):
		err = errors.New("a pattern has no braces; use /dev/ttyS[0-7] or several ports")
	case !wellFormed(pattern):
		err = errors.New("a bracket of the pattern is not closed; use /dev/ttyS[0-7]")
	case filepath.Clean(pattern) != pattern:
		err = errors.New("a path in short: " + filepath.Clean(pattern))
	}
	if err != nil {
		return &Error{Path: pattern, Err: err}
	}
	return nil
}

// Expand lists the devices that a pattern names now, in the order in which
// people count: ttyS2 before ttyS10. Device files without a UART behind them
// are left out. A path that is no pattern gives itself, whether its device is
// there or not.
func Expand(pattern string) ([]string, error) {
	if err := Check(pattern); err != nil {
		return nil, err
	}
	if !strings.ContainsAny(pattern, `*?[\`) {
		return []string{pattern}, nil
	}
	all, err := filepath.Glob(pattern)
	if err != nil {
		return nil, &Error{Path: pattern, Err: err}
	}
	all = slices.DeleteFunc(all, func(path string) bool {
		at, err := os.Stat(path)
		return err != nil || at.Mode()&os.ModeCharDevice == 0 || hollow(path)
	})
	slices.SortFunc(all, natural)
	return all, nil
}

// hollow tells a device file of the kernel's that has no UART behind it: most
// machines have more of /dev/ttyS* than ports.
func hollow(path string) bool {
	kind, err := os.ReadFile(filepath.Join("/sys/class/tty", filepath.Base(path), "type"))
	return err == nil && strings.TrimSpace(string(kind)) == "0" // PORT_UNKNOWN
}

// natural compares names in which numbers count as numbers.
func natural(a, b string) int {
	for a != "" && b != "" {
		if digit(a[0]) && digit(b[0]) {
			var m, n string
			m, a = number(a)
			n, b = number(b)
			if c := cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n)); c != 0 {
				return c
			}
			continue
		}
		if c := cmp.Compare(a[0], b[0]); c != 0 {
			return c
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// number takes the number that s begins with, without leading zeros.
func number(s string) (n, rest string) {
	i := 0
	for i < len(s) && digit(s[i]) {
		i++
	}
	return strings.TrimLeft(s[:i], "0"), s[i:]
}
