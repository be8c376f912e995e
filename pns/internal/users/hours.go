package users

import (
	"errors"
	"fmt"
	"time"
)

// Hours are the time of day in which a user may log in, by the clock of this
// host: from From until before To. Over midnight they go where To is the
// earlier. The zero value is the whole day.
type Hours struct{ From, To time.Duration } // since midnight

var errHours = errors.New("not hours of a day, as 08:00-18:00")

// ParseHours reads what String writes.
func ParseHours(s string) (Hours, error) {
	const layout = "15:04"
	if len(s) != len("08:00-18:00") || s[5] != '-' {
		return Hours{}, errHours
	}
	from, err := time.Parse(layout, s[:5])
	to, err2 := time.Parse(layout, s[6:])
	if err != nil || err2 != nil || from.Equal(to) {
		return Hours{}, errHours
	}
	return Hours{since(from), since(to)}, nil
}

// String is the hours as the configuration has them.
func (h Hours) String() string {
	clock := func(d time.Duration) string { return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute) }
	return clock(h.From) + "-" + clock(h.To)
}

// Contain tells whether t is within the hours, by the clock of its location.
func (h Hours) Contain(t time.Time) bool {
	d := since(t)
	switch {
	case h == Hours{}:
		return true
	case h.From < h.To:
		return h.From <= d && d < h.To
	}
	return h.From <= d || d < h.To
}

// since is the time of day, as a clock shows it.
func since(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
}
