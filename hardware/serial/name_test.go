package serial

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for pattern, want := range map[string]string{
		"/dev/ttyS0":                     "",
		"/dev/ttyS[0-7]":                 "",
		"/dev/ttyUSB*":                   "",
		"/dev/serial/by-id/usb-U.S-if00": "",
		"ttyS0":                          "a path is absolute: /dev/ttyS0",
		"":                               "a path is absolute: /dev/ttyS0",
		"/dev/ttyS[0-7":                  "a bracket of the pattern is not closed; use /dev/ttyS[0-7]",
		"/dev/ttyS{0,1}":                 "a pattern has no braces; use /dev/ttyS[0-7] or several ports",
		"/dev/../dev/ttyS0":              "a path in short: /dev/ttyS0",
		"/dev/ttyS0/":                    "a path in short: /dev/ttyS0",
		"/dev/tty\x00S0":                 "a path has no NUL",
	} {
		err := Check(pattern)
		var e *Error
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", pattern, err)
		case want != "" && (!errors.As(err, &e) || e.Err.Error() != want || e.Path != pattern):
			t.Errorf("%s: %v, want %s", pattern, err, want)
		}
	}
}

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"ttyS10", "ttyS2", "ttyS01", "ttyS1x", "ttyUSB0"} {
		if err := os.Symlink("/dev/null", filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "ttyS3"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]string{
		"ttyS*":     "ttyS01 ttyS1x ttyS2 ttyS10", // ttyS3 is no device
		"tty*[1-9]": "ttyS01 ttyS2",
		"ttyACM*":   "",
		"ttyACM0":   "ttyACM0", // it may come later
	} {
		all, err := Expand(filepath.Join(dir, pattern))
		for i := range all {
			all[i] = filepath.Base(all[i])
		}
		if got := strings.Join(all, " "); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", pattern, got, err, want)
		}
	}
	if _, err := Expand("ttyS0"); err == nil {
		t.Error("a path that is not absolute was taken")
	}
}

func TestNaturalOrder(t *testing.T) {
	want := []string{"", "a", "a0", "a1", "a1b", "a2", "a02b", "a9", "a10", "a99999999999999999999", "a100000000000000000000", "b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortStableFunc(got, natural)
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func FuzzNames(f *testing.F) {
	f.Add("/dev/ttyS[0-7]", "/dev/ttyS10")
	f.Add("/dev/ttyS007", "/dev/ttyS7")
	f.Fuzz(func(t *testing.T, a, b string) {
		if natural(a, b) != -natural(b, a) {
			t.Errorf("%q and %q have no order", a, b)
		}
		if Check(a) == nil {
			if _, err := filepath.Match(a, b); err != nil {
				t.Errorf("%q was found good: %v", a, err)
			}
		}
	})
}
