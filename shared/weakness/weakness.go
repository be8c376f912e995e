// Package weakness is what `pac check --security` and `pns check --security`
// share: a report of what is weak in a configuration that has no mistakes, the
// heaviest first, and what its author has accepted knowingly.
package weakness

import (
	"slices"
	"strings"

	"carrier/shared/conf"
)

// A Kind is one way to be weak. Kinds are what security.accept names.
type Kind string

// The kinds, in order of weight: first what gives everything to anybody.
const (
	Secrets    Kind = "secrets"       // others of this host read the passwords or a key, or change a file
	Anywhere   Kind = "anywhere"      // nearly every address may bring calls
	OpenTunnel Kind = "open-tunnel"   // nothing below GRE and TCP 1723, beyond private addresses
	AnyNumber  Kind = "any-number"    // others have telephone numbers rung, hardly limited, which costs
	PAP        Kind = "pap"           // passwords in clear
	TextLogin  Kind = "text-login"    // likewise, typed
	LANManager Kind = "lan-manager"   // MS-CHAP's LAN Manager responses count
	AnyServer  Kind = "any-server"    // a server that we call proves nothing, beyond private addresses
	Clear      Kind = "no-encryption" // data in clear, beyond private addresses
	MSCHAP     Kind = "mschap"        // MS-CHAP version 1
	ShortKeys  Kind = "short-keys"    // MPPE with 40 or 56 bits
	OpenLine   Kind = "open-line"     // a bank that others reach, or whose port is far away
	OpenPanel  Kind = "open-panel"    // others reach the panel
	OpenSocket Kind = "open-socket"   // others may take the place of the commands' socket
)

// Kinds are all kinds, the heaviest first.
func Kinds() []Kind {
	return []Kind{Secrets, Anywhere, OpenTunnel, AnyNumber, PAP, TextLogin, LANManager, AnyServer, Clear, MSCHAP, ShortKeys, OpenLine, OpenPanel, OpenSocket}
}

// Accepted are findings that are known and silenced: a kind, "open-tunnel", or a
// kind and the name of what it is about, "open-tunnel atlanta".
type Accepted []string

// ReadAccepted reads the key accept of a configuration's table security.
func ReadAccepted(t *conf.Table) Accepted {
	return conf.Values(t, "accept", func(s string) (string, error) {
		kind, _, _ := strings.Cut(s, " ")
		if slices.Contains(Kinds(), Kind(kind)) {
			return s, nil
		}
		var names []string
		for _, k := range Kinds() {
			names = append(names, string(k))
		}
		return "", conf.Unfit("is no kind of finding", conf.Quote(names...)+`, alone or with a name: "open-tunnel atlanta"`)
	})
}

// A Finding is one thing that is weak, in one sentence with what to do.
type Finding struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name,omitempty"` // of the PAC, PNS, bank, port or key of the configuration that it is about
	Text string `json:"text"`
}

// Key is what security.accept names to silence just this finding.
func (f Finding) Key() string {
	if f.Name == "" {
		return string(f.Kind)
	}
	return string(f.Kind) + " " + f.Name
}

// A Report is what was found. It is not for concurrent use.
type Report struct {
	findings []Finding
	accepted Accepted
}

// NewReport is a report without findings, which will keep apart what is accepted.
func NewReport(accepted Accepted) *Report { return &Report{accepted: accepted} }

// Find notes a finding.
func (r *Report) Find(kind Kind, name, text string) {
	r.findings = append(r.findings, Finding{kind, name, text})
}

// Findings are what is weak and not accepted, the heaviest first.
func (r *Report) Findings() []Finding { return r.sorted(false) }

// Silenced are the findings that are accepted, the heaviest first.
func (r *Report) Silenced() []Finding { return r.sorted(true) }

func (r *Report) sorted(silenced bool) []Finding {
	some := []Finding{}
	for _, f := range r.findings {
		if slices.ContainsFunc(r.accepted, f.is) == silenced {
			some = append(some, f)
		}
	}
	weight := Kinds()
	slices.SortStableFunc(some, func(a, b Finding) int {
		return slices.Index(weight, a.Kind) - slices.Index(weight, b.Kind)
	})
	return some
}

// is tells whether accepting says f.
func (f Finding) is(accepting string) bool {
	return accepting == string(f.Kind) || accepting == f.Key()
}

// Idle are words of security.accept that silence nothing: what they meant is
// mended, or has another name.
func (r *Report) Idle() []string {
	idle := []string{}
	for _, a := range r.accepted {
		if !slices.ContainsFunc(r.findings, func(f Finding) bool { return f.is(a) }) {
			idle = append(idle, a)
		}
	}
	return idle
}
