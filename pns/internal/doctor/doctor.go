// Package doctor looks for what keeps pns from its work: on this host, and on the
// way to whom it calls.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"carrier/pns/internal/config"
	"carrier/pns/internal/firewall"
	"carrier/pns/internal/lan/tun"
	"carrier/pns/internal/users"
	"carrier/shared/conf"
	"carrier/shared/console"
	"carrier/shared/doctor"
)

// A visit is one look at everything.
type visit struct {
	config  *config.Config
	running bool // the daemon
	agrees  bool // what it has of callers' addresses and the LAN is what the file says
	report  *doctor.Report
	names   resolver
}

// resolver is what of *net.Resolver is needed.
type resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Look looks at everything that the configuration in file needs. asks, which may
// be nil, is the way to a daemon that runs: what it holds is not tried.
func Look(ctx context.Context, file string, asks *console.Client) *doctor.Report {
	v := &visit{report: new(doctor.Report), names: net.DefaultResolver}
	c, err := config.Read(file)
	v.report.Look("configuration "+file, mistakes(err))
	if err != nil {
		return v.report
	}
	v.config = c
	v.daemon(ctx, file, asks)
	v.addresses()
	v.ways(ctx)
	if c.LAN.TUN != nil {
		v.report.Look("lan "+c.LAN.TUN.Name, v.lan())
	}
	v.firewall()
	v.opens(ctx, asks)
	return v.report
}

// mistakes makes a finding of each mistake.
func mistakes(err error) error {
	var all conf.Mistakes
	if !errors.As(err, &all) {
		return err
	}
	var each []error
	for _, m := range all {
		each = append(each, m)
	}
	return errors.Join(each...)
}

// daemon asks whether the daemon runs, and how what it has differs from the file.
func (v *visit) daemon(ctx context.Context, file string, asks *console.Client) {
	if asks == nil {
		return
	}
	_, err := asks.Status(ctx)
	if errors.Is(err, console.ErrNotRunning) {
		return
	}
	v.running = true
	if errors.Is(err, console.ErrOther) {
		err = fmt.Errorf("it cannot be asked: %w", err)
	} else if err != nil {
		err = fmt.Errorf("it cannot be asked: %w; run the doctor as root or in the group of its socket", err)
	} else if p, bad := asks.Pending(ctx); bad != nil {
		err = fmt.Errorf("it cannot take the file anew: %w", bad)
	} else {
		err = p.Wrong(file, "pns", "")
		v.agrees = p.File == "" || p.Of(file) && !slices.ContainsFunc(slices.Concat(p.Changed, p.Restart), ofLAN)
	}
	v.report.Look("the daemon", err)
}

// ofLAN tells the keys that say what the interface and its routes are.
func ofLAN(key string) bool {
	root, _, _ := strings.Cut(key, ".")
	return root == "lan" || root == "pool" || root == "user" || root == "dial"
}

// addresses looks at where the program listens; a daemon that runs has them.
func (v *visit) addresses() {
	if v.running {
		return
	}
	c := v.config
	v.report.Look("listen "+c.Listen.String(), doctor.Listen(c.Listen, "listen"))
	if c.NeedsUDP {
		v.report.Look("udp "+c.UDP.String(), doctor.ListenUDP(c.UDP, "udp"))
	}
	if c.Panel.IsValid() {
		v.report.Look("panel "+c.Panel.String(), doctor.Listen(c.Panel, "panel"))
	}
}

// lan looks at the way to the LAN through the kernel, and at what a daemon that
// agrees has made of it.
func (v *visit) lan() error {
	who, err := users.New(v.config.Users)
	if err != nil {
		return err
	}
	l := v.config.LAN
	o := tun.Options{Name: l.TUN.Name, Local: l.Local, Routes: v.config.Routes(who.Fixed()), ProxyARP: l.TUN.ProxyARP, Leased: l.Leased != "",
		Masquerade: l.TUN.Masquerade, Peers: v.config.Peers(), Forward: l.TUN.Forwarding}
	err = tun.Check(o, v.running)
	if v.agrees {
		err = errors.Join(err, tun.Examine(o))
	}
	return err
}

// firewall asks the packet filter of this host, where packets come from elsewhere.
func (v *visit) firewall() {
	c := v.config
	o := firewall.Options{GRE: c.NeedsGRE}
	if !c.Listen.Addr().IsLoopback() {
		o.TCP = c.Listen.Port()
	}
	if c.NeedsUDP && !c.UDP.Addr().IsLoopback() {
		o.UDP = c.UDP.Port()
	}
	if t := c.LAN.TUN; t != nil {
		who, err := users.New(c.Users)
		if err != nil { // the look at the LAN told
			return
		}
		o.Name, o.Callers = t.Name, c.Routes(who.Fixed())
	}
	if o.Name == "" && o.TCP == 0 && !o.GRE && o.UDP == 0 {
		return
	}
	v.report.Look("firewall", firewall.Look(o))
	if firewall.Legacy() {
		v.report.Note("firewall", "the older iptables filter too, and are not looked at: iptables-legacy -S shows what they drop")
	}
}
