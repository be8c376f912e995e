// Package config reads pns.toml into what each part of the program takes.
// docs/pns.toml.md is its reference.
package config

import (
	"crypto/tls"
	"net/netip"
	"slices"
	"time"

	"carrier/pns/internal/activity"
	"carrier/pns/internal/callback"
	"carrier/pns/internal/dhcp"
	"carrier/pns/internal/guard"
	"carrier/pns/internal/lan/tun"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/session"
	"carrier/pns/internal/users"
	"carrier/shared/conf"
	"carrier/shared/daemon"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/lqr"
	"carrier/shared/ppp/vj"
	"carrier/shared/quirk"
	"carrier/shared/weakness"
)

// File and Socket are where the configuration and the commands' socket are when
// nothing else is said.
const (
	File   = "/etc/carrier/pns.toml"
	Socket = "/run/carrier/pns/socket"
)

// A Config is a whole configuration without mistakes.
type Config struct {
	daemon.Settings
	Accept  weakness.Accepted // findings of what is weak
	Digest  conf.Digest       // of the whole file
	State   string            // folder; empty: nothing is kept over a restart
	Listen  netip.AddrPort    // of control connections
	UDP     netip.AddrPort    // of GRE over UDP
	PACs    []PAC
	Clients Clients
	Dials   []Dial
	LAN     LAN
	Methods []auth.Method // demanded of callers, in this order
	TLS     *tls.Config   // of EAP-TLS among them, as read from its files; nil: it is not
	Key     string        // the file with the private key of TLS; empty: none
	LM      bool          // LAN Manager's responses count, of MS-CHAP among Methods
	Lockout guard.Policy
	// Rechallenge is how often callers must prove again who they are; 0: never.
	Rechallenge time.Duration
	Coding      session.Coding
	// Quality is asked of callers, nil: nothing; Reports: sent where they ask.
	Quality  *lqr.Option
	Reports  bool
	Lossy    int           // of a hundred frames: more is counted and logged
	Identify string        // what callers are told that we are; empty: nothing
	Bundle   lcp.Multilink // asked of callers, and done where they ask
	VJ       vj.Slots      // zero: TCP headers are not compressed
	Idle     time.Duration // of users without a limit of their own; 0: none
	Session  time.Duration // likewise
	// Activity is what does not keep a call from being idle.
	Activity *activity.Filter
	// Drain is how long calls may go on after SIGTERM; and, with Drains, when a
	// reload has taken out their PAC.
	Drain    time.Duration
	Drains   bool
	Echo     link.EchoOptions
	Callback callback.Options
	Users    []users.User // as users.New takes them
	NeedsGRE bool         // some PAC, clients, or a server use raw GRE
	NeedsUDP bool         // likewise UDP
}

// A PAC may bring calls.
type PAC struct {
	Name      string
	From      []netip.Prefix // of its control connections
	Connect   netip.AddrPort // where it is when a number is to be dialled; invalid: it connects
	Opens     bool           // we open the control connection, at Connect
	Transport peer.Transport
	Settings  quirk.Settings
	Limits    peer.Limits
	MRU       int  // of its callers; 0: the default
	MSSByRate bool // lower callers' MSS by the rates of their lines
}

// LAN is the network that callers reach.
type LAN struct {
	Local     netip.Addr     // ours towards callers
	Pools     []pool.Options // the default one first
	Leased    string         // the interface of the DHCP server that has addresses for callers; "": none has
	Hold      time.Duration  // how long an address rests after a call
	DNS, WINS []netip.Addr
	DHCP      *dhcp.Settings // nil: what callers ask is not answered here
	IPv6      *IPv6          // nil: none
	Relay     *tun.Relay     // nil: broadcasts go nowhere
	TUN       *TUN           // nil: in user space, as the rest says

	Map        map[netip.AddrPort]string // where a host of the LAN really is
	OnlyMapped bool
}

// TUN is a LAN through the kernel.
type TUN struct {
	Name                 string
	ProxyARP, Masquerade []string // interfaces
	Forwarding           bool     // may be switched on
}

// Read reads the file at path. The error is that of opening it, or
// conf.Mistakes.
func Read(path string) (*Config, error) {
	f, err := conf.Read(path)
	if err != nil {
		return nil, err
	}
	return read(f)
}

// Parse is Read for text at hand; name is how mistakes call it.
func Parse(name string, text []byte) (*Config, error) {
	f, err := conf.Parse(name, text)
	if err != nil {
		return nil, err
	}
	return read(f)
}

func read(f *conf.File) (*Config, error) {
	t := f.Root()
	limits := t.Table("limits")
	c := &Config{
		Settings:    daemon.ReadSettings(t, Socket),
		State:       t.Text("state", ""),
		Accept:      weakness.ReadAccepted(t.Table("security")),
		Listen:      conf.Value(t, "listen", netip.AddrPortFrom(netip.IPv4Unspecified(), 1723), endpoint),
		UDP:         conf.Value(t, "udp", netip.AddrPortFrom(netip.IPv4Unspecified(), peer.GREPort), endpoint),
		PACs:        pacs(t),
		Methods:     methods(t.Table("auth")),
		Lockout:     lockout(t.Table("auth").Table("lockout")),
		Rechallenge: rechallenge(t.Table("auth")),
		Coding:      coding(t.Table("ppp")),
		VJ:          headers(t.Table("ppp"), true),
		Idle:        limits.Duration("idle", 0, 0, week),
		Session:     limits.Duration("session", 0, 0, week),
		Drain:       limits.Duration("drain", 0, 0, week),
		Drains:      limits.Has("drain"),
		Echo: link.EchoOptions{
			Interval: limits.Duration("echo", 30*time.Second, 0, time.Hour),
			Failures: limits.Int("echo_failures", 3, 1, 100),
		},
	}
	if a, b := c.Listen, c.Panel; b.IsValid() && b.Port() != 0 && a.Port() == b.Port() &&
		(a.Addr() == b.Addr().Unmap() || a.Addr().IsUnspecified() || b.Addr().IsUnspecified()) {
		t.Bad("panel", "%v overlaps listen, %v; would be right: each port once", b, a)
	}
	for _, p := range c.PACs {
		c.NeedsGRE = c.NeedsGRE || p.Transport == peer.GRE
		c.NeedsUDP = c.NeedsUDP || p.Transport == peer.UDP
	}
	c.Bundle = bundle(t.Table("ppp"), c.Name)
	if t.Table("ppp").Bool("identify", false) {
		c.Identify = "pns " + c.Name
	}
	quality(t.Table("ppp"), c)
	certificates(t, c)
	c.LM = lanManager(t.Table("auth"), c.Methods)
	keys(t, c)
	c.Clients = clients(t, c)
	if len(c.Clients.From) > 0 {
		c.NeedsGRE = c.NeedsGRE || c.Clients.Transport == peer.GRE
		c.NeedsUDP = c.NeedsUDP || c.Clients.Transport == peer.UDP
	}
	c.Dials = dials(t, c)
	for _, d := range c.Dials {
		c.NeedsGRE = c.NeedsGRE || d.Transport == peer.GRE
		c.NeedsUDP = c.NeedsUDP || d.Transport == peer.UDP
	}
	var relayed []string
	c.LAN, relayed = network(t)
	c.Activity = ignored(limits.Table("activity"), relayed)
	c.Users = people(t, c)
	apart(t, c)
	c.Callback = ringing(t, c)
	peers(t, c)
	c.Digest = f.Digest()
	if err := f.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

const week = 7 * 24 * time.Hour

// endpoint parses an IPv4 address and a port of ours.
func endpoint(s string) (netip.AddrPort, error) {
	a, err := conf.AddrPort(s)
	if err == nil && !a.Addr().Is4() {
		err = conf.Unfit("is not IPv4, which alone carries PPTP", `"0.0.0.0:1723"`)
	}
	return a, err
}

// ignored reads what is no activity of a caller's; what is relayed is none.
func ignored(t *conf.Table, relayed []string) *activity.Filter {
	items := activity.Names()
	if t.Has("ignore") {
		items = conf.Values(t, "ignore", func(s string) (string, error) {
			if _, err := activity.New([]string{s}); err != nil {
				return "", conf.Unfit("is nothing that can be ignored", conf.Quote(append(activity.Names(), "udp/514", "tcp/5900", "ip/89")...))
			}
			return s, nil
		})
	}
	f, _ := activity.New(append(items, relayed...)) // each was tried
	return f
}

// onlyDials tells whether nobody need log in: there are only PACs that dial for us.
func (c *Config) onlyDials(root *conf.Table) bool {
	return root.Has("dial") && !root.Has("clients") && !slices.ContainsFunc(c.PACs, func(p PAC) bool {
		return !slices.ContainsFunc(c.Dials, func(d Dial) bool { return d.Number != nil && d.Number.PAC == p.Name })
	})
}
