package users

import (
	"testing"
	"time"

	"carrier/shared/ppp/auth"
)

func TestHours(t *testing.T) {
	at := func(clock string) time.Time {
		c, err := time.Parse("15:04:05", clock)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, tt := range []struct {
		hours   string
		in, out []string
	}{
		{"08:00-18:00", []string{"08:00:00", "17:59:59"}, []string{"07:59:59", "18:00:00", "00:00:00"}},
		{"22:00-06:30", []string{"22:00:00", "00:00:00", "06:29:59"}, []string{"06:30:00", "21:59:59"}},
		{"00:00-12:00", []string{"00:00:00", "11:59:59"}, []string{"12:00:00", "23:59:59"}},
		{"12:00-00:00", []string{"12:00:00", "23:59:59"}, []string{"00:00:00", "11:59:59"}},
	} {
		h, err := ParseHours(tt.hours)
		if err != nil || h.String() != tt.hours {
			t.Errorf("%q: %v, %v", tt.hours, h, err)
		}
		for _, clock := range tt.in {
			if !h.Contain(at(clock)) {
				t.Errorf("%v does not contain %s", h, clock)
			}
		}
		for _, clock := range tt.out {
			if h.Contain(at(clock)) {
				t.Errorf("%v contains %s", h, clock)
			}
		}
	}
	if whole := (Hours{}); !whole.Contain(at("00:00:00")) || !whole.Contain(at("23:59:59")) {
		t.Error("without hours there are some")
	}
	for _, s := range []string{"", "8-18", "08:00", "08:00-24:00", "08:00-08:00", "08:00 18:00", "08:00-18:00 ", "0x:00-18:00", "08:60-18:00"} {
		if h, err := ParseHours(s); err == nil {
			t.Errorf("%q is taken as %v", s, h)
		}
	}
}

// A reload ends the calls of those who may log in no more.
func TestHasOnlyThoseWhoMayLogIn(t *testing.T) {
	list := []User{User{Name: "a", Secret: auth.NewPassword("x")}, User{Name: "b", Secret: auth.NewPassword("x")}, User{Name: "c", Secret: auth.NewPassword("x")}, User{Name: "d", Secret: auth.NewPassword("x")}}
	list[1].Disabled, list[2].NoDialIn = true, true
	list[3].Hours = Hours{From: time.Hour, To: 2 * time.Hour}
	table, err := New(list)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"A": true, "b": false, "c": false, "d": true, "e": false} {
		if got := table.Has(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
