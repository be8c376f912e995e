package config

import (
	"slices"
	"strings"
	"testing"

	"carrier/shared/quirk"
)

// Of a peer's profile is shown only what this configuration has a key for: a PNS
// tells nobody of errors on lines.
func TestWhatProfilesSet(t *testing.T) {
	c, err := Parse("pns.toml", []byte(strings.Replace(least, "[[pac]]", "[clients]\nfrom = ['192.0.2.2']\n[[pac]]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	for vendor, want := range map[string][]string{"MPD: 5": nil, "cananian": {"window = false"}} {
		s := quirk.Software{Host: "local", Vendor: vendor}
		p := quirk.Find(s)
		for _, said := range []quirk.Settings{c.PACs[0].Settings, c.Clients.Settings} {
			if known := p.Known(s, said); known.Profile == "" || !slices.Equal(known.Sets, want) {
				t.Errorf("%+v, want it to set %q", known, want)
			}
		}
	}
}
