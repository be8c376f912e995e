package quirk

import "strings"

// Software is what a peer says of itself in its Start-Control-Connection message
// (RFC 2637 §2.1, §2.2). It proves nothing.
type Software struct {
	Host     string `json:"host,omitempty"`
	Vendor   string `json:"vendor,omitempty"`
	Firmware uint16 `json:"firmware,omitempty"`
}

// A Profile says how peers are treated whose software has a peculiarity.
// Everybody can give himself its names: it sets only what a peer may have for
// the asking.
type Profile struct {
	Name     string
	Vendors  []string // patterns: "*" before or behind stands for anything
	Hosts    []string // likewise; none: any
	Settings Settings
}

// profiles are looked at in this order. What all peers are allowed, whatever
// they call themselves, stands elsewhere: Call ID 0 (Windows XP), the other's
// Call ID in Call-Disconnect-Notify (accel-ppp), a first Sequence Number that is
// not 0 (npppd).
var profiles = []Profile{
	{
		// mpd closes the control connection, and with it all calls, when a call
		// gets a message that it does not expect just then; a WAN-Error-Notify
		// that meets mpd's Call-Clear-Request is one.
		Name:     "mpd",
		Vendors:  []string{"* MPD", "MPD: *"},
		Settings: Settings{LineErrors: Off},
	},
	{
		// pptp, its offspring in pppd, and accel-ppp. The latter two leave the
		// packets to Linux, which acknowledges only with data of its own: while
		// data go one way, the window would never open again but by its time-out.
		Name:     "linux",
		Vendors:  []string{"cananian"},
		Hosts:    []string{"local"},
		Settings: Settings{Window: NoWindow},
	},
}

// Find is the profile of a peer's software; nil where there is none.
func Find(s Software) *Profile {
	for i := range profiles {
		if p := &profiles[i]; match(p.Vendors, s.Vendor) && (len(p.Hosts) == 0 || match(p.Hosts, s.Host)) {
			return p
		}
	}
	return nil
}

// match tells whether one of the patterns is the name's.
func match(patterns []string, name string) bool {
	for _, p := range patterns {
		before, open := strings.CutSuffix(p, "*")
		behind, any := strings.CutPrefix(p, "*")
		switch {
		case open && strings.HasPrefix(name, before), any && strings.HasSuffix(name, behind), p == name:
			return true
		}
	}
	return false
}

// Known is what there is to show of a peer's software.
type Known struct {
	Software
	Profile string   `json:"profile,omitempty"` // its name; empty: none
	Sets    []string `json:"sets,omitempty"`    // what the profile decides, as a configuration would say it
}

// Known is what there is to show; p may be nil.
func (p *Profile) Known(s Software, said Settings) Known {
	if p == nil {
		return Known{Software: s}
	}
	return Known{s, p.Name, p.Sets(said).Words()}
}

// Sets is what the profile decides where an administrator has said that much; p
// may be nil.
func (p *Profile) Sets(said Settings) Settings {
	var s Settings
	if p == nil {
		return s
	}
	if said.Window == 0 {
		s.Window = p.Settings.Window
	}
	if said.LinkInfo == 0 {
		s.LinkInfo = p.Settings.LinkInfo
	}
	if said.Strip == Unsaid {
		s.Strip = p.Settings.Strip
	}
	if said.LineErrors == Unsaid {
		s.LineErrors = p.Settings.LineErrors
	}
	return s
}
