package quirk

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Who gets which profile. The names are those that the programs give: mpd 3 and
// 5, pptp 1.10 and accel-ppp, pptpd 1.4, Windows NT and 2000, ours.
func TestFind(t *testing.T) {
	for _, tt := range []struct{ vendor, host, profile string }{
		{"FreeBSD MPD", "bsd.example", "mpd"},
		{"DragonFlyBSD MPD", "", "mpd"},
		{"MPD: Multi-link PPP daemon for FreeBSD", "bsd", "mpd"},
		{"cananian", "local", "linux"},
		{"cananian", "elsewhere", ""},
		{"linux", "local", ""},
		{"Microsoft Windows NT", "", ""},
		{"Microsoft", "", ""},
		{"Carrier", "atlanta", ""},
		{"", "", ""},
		{"MPD", "", ""},
		{"mpd: x", "", ""},
		{"*", "*", ""},
		{"Not cananian", "local", ""},
	} {
		name := ""
		if p := Find(Software{Host: tt.host, Vendor: tt.vendor}); p != nil {
			name = p.Name
		}
		if name != tt.profile {
			t.Errorf("%q at %q is %q, want %q", tt.vendor, tt.host, name, tt.profile)
		}
	}
}

// Each profile has a name of its own, says who has it, and decides something.
func TestProfiles(t *testing.T) {
	var names []string
	for _, p := range profiles {
		if p.Name == "" || slices.Contains(names, p.Name) || len(p.Vendors) == 0 || p.Settings == (Settings{}) {
			t.Errorf("%+v", p)
		}
		names = append(names, p.Name)
	}
}

// What an administrator says goes before what the profile says, field by field;
// what is shown of the profile is what remains.
func TestSettings(t *testing.T) {
	everything := &Profile{Name: "x", Settings: Settings{NoWindow, Never, On, Off}}
	for _, tt := range []struct {
		said  Settings
		sets  string
		holds string
	}{
		{Settings{}, `window = false, set_link_info = "no", ff03 = "strip", line_errors = false`, `window = false, set_link_info = "no", ff03 = "strip", line_errors = false`},
		{Settings{Window: Full}, `set_link_info = "no", ff03 = "strip", line_errors = false`, `window = true, set_link_info = "no", ff03 = "strip", line_errors = false`},
		{Settings{Window: 8, LineErrors: On}, `set_link_info = "no", ff03 = "strip"`, `window = 8, set_link_info = "no", ff03 = "strip", line_errors = true`},
		{Settings{LinkInfo: Needed, Strip: Off}, `window = false, line_errors = false`, `window = false, set_link_info = "needed", ff03 = "keep", line_errors = false`},
		{Settings{NoWindow, Always, On, Off}, ``, `window = false, set_link_info = "yes", ff03 = "strip", line_errors = false`},
	} {
		sets := everything.Sets(tt.said)
		if got := strings.Join(sets.Words(), ", "); got != tt.sets {
			t.Errorf("%+v: the profile sets %s, want %s", tt.said, got, tt.sets)
		}
		if got := strings.Join(tt.said.With(sets).Words(), ", "); got != tt.holds {
			t.Errorf("%+v: %s holds, want %s", tt.said, got, tt.holds)
		}
	}
	var none *Profile
	if got := none.Sets(Settings{}); got != (Settings{}) {
		t.Errorf("no profile sets %+v", got)
	}
	s := Software{"local", "cananian", 1}
	if got := none.Known(s, Settings{}); !reflect.DeepEqual(got, Known{Software: s}) {
		t.Errorf("known without a profile: %+v", got)
	}
	if got := Find(s).Known(s, Settings{}); !reflect.DeepEqual(got, Known{s, "linux", []string{"window = false"}}) {
		t.Errorf("known: %+v", got)
	}
}

// How many packets may be under way of those that the peer allows.
func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		w          Window
		advertised uint16
		want       string
	}{
		{WindowOf(true, 0), 64, "true 64"},
		{WindowOf(true, 0), 0, "true 0"}, // which gre takes for 1
		{WindowOf(true, 8), 64, "true 8"},
		{WindowOf(true, 8), 4, "true 4"},
		{Full, 65535, "true 32767"},
		{WindowOf(false, 0), 64, "false -1"},
	} {
		is, n := tt.w.Use(tt.advertised)
		if got := fmt.Sprint(is, n); got != tt.want {
			t.Errorf("%d of %d: %s, want %s", tt.w, tt.advertised, got, tt.want)
		}
	}
	for def, want := range map[bool]string{true: "true true false", false: "false true false"} {
		if got := fmt.Sprint(Unsaid.Or(def), Of(true).Or(def), Of(false).Or(def)); got != want {
			t.Errorf("by default %v: %s, want %s", def, got, want)
		}
	}
}
