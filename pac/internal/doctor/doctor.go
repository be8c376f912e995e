// Package doctor looks for what keeps pac from its work: on this host, at the
// modems, and on the way to each PNS and each host.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"carrier/hardware/line"
	"carrier/pac/internal/config"
	"carrier/pac/internal/profile"
	"carrier/shared/conf"
	"carrier/shared/console"
	"carrier/shared/doctor"
	"carrier/shared/doctor/tunnel"
	"carrier/shared/peer"
	"carrier/shared/pptp"
)

// A Seat is one port of a bank, as the program would open it.
type Seat struct {
	Bank config.Bank
	Port string
}

// Options are what the doctor needs of the program.
type Options struct {
	File  string          // the configuration
	Asks  *console.Client // of the daemon; nil: it is not known where
	Seats func([]config.Bank) (all []Seat, clashes []string)
	Same  func(a, b string) bool // two ports are one
	Open  func(ctx context.Context, port string, b config.Bank) (line.Wire, error)
	// Resolver finds the addresses of PNSs.
	Resolver resolver
}

// resolver is what of *net.Resolver is needed.
type resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// A visit is one look at everything.
type visit struct {
	Options
	config   *config.Config
	running  bool           // the daemon
	lines    []console.Line // that it has
	rebanked bool           // the file has other banks than the daemon
	seats    []Seat         // that no daemon has
	clashes  []string
	report   *doctor.Report
}

// Look looks at everything. It takes half a minute at most for each modem, each
// PNS and each host, all at the same time. A daemon that runs is not disturbed: what it
// holds is asked of it; what only the file has is looked at.
func Look(ctx context.Context, o Options) *doctor.Report {
	v := &visit{Options: o, report: new(doctor.Report)}
	c, err := config.Read(o.File)
	v.report.Look("configuration "+o.File, mistakes(err))
	if err != nil {
		return v.report
	}
	v.config = c
	v.daemon(ctx)
	v.here()
	var all sync.WaitGroup
	all.Go(func() { v.ports(ctx) })
	all.Go(func() { v.tunnels(ctx) })
	all.Go(func() { v.hosts(ctx) })
	all.Wait()
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

// here looks at what the program needs of this host. What the daemon holds it
// has.
func (v *visit) here() {
	c := v.config
	if c.Panel.IsValid() && !v.running {
		v.report.Look("panel "+c.Panel.String(), doctor.Listen(c.Panel, "panel"))
	}
	if c.Listen.IsValid() && !v.running {
		v.report.Look("listen "+c.Listen.String(), doctor.Listen(c.Listen, "listen"))
	}
	if c.UDP && c.UDPAt.IsValid() && !v.running {
		v.report.Look("udp "+c.UDPAt.String(), doctor.ListenUDP(c.UDPAt, "udp"))
	}
	if c.State != "" {
		err := doctor.Folder(c.State, "state")
		if v.running && errors.Is(err, fs.ErrPermission) {
			err = nil // it is the daemon's, who may be somebody else
		}
		v.report.Look("state "+c.State, err)
	}
}

// endpoints are the PNSs that profiles lead to, each once.
func endpoints(p profile.Options) []string {
	return ends(p, func(d profile.Destination) []string { return d.Endpoints })
}

// ends are what of gives of all destinations, each once.
func ends(p profile.Options, of func(profile.Destination) []string) (all []string) {
	add := func(d profile.Destination) { all = append(all, of(d)...) }
	for _, n := range p.Numbers {
		add(n.Destination)
	}
	for _, group := range []map[string]profile.Destination{p.Users, p.Realms, p.Menu} {
		for _, d := range group {
			add(d)
		}
	}
	if p.Default != nil {
		add(*p.Default)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// tunnels looks at the way to each PNS.
func (v *visit) tunnels(ctx context.Context) {
	o := peer.Options{Host: v.config.Name, PAC: true, Lines: 1} // the Call IDs of a pac that runs here are odd
	sockets, err := tunnel.Open(o, v.config.GRE, v.config.UDP)
	if v.config.GRE {
		v.report.Look("privileges", err)
	}
	defer sockets.Close()
	tunnels := v.config.Tunnels
	tunnels.Resolver = v.Resolver
	var all sync.WaitGroup
	for _, name := range endpoints(v.config.Profiles) {
		if p := tunnels.Of(name); p.Opens {
			v.opens(ctx, p)
			continue
		}
		all.Go(func() {
			remotes, err := tunnels.Remotes(ctx, name)
			if err != nil {
				v.report.Look("PNS "+name, fmt.Errorf("%w; correct the name, or give it an address in DNS or in /etc/hosts", err))
			}
			for _, r := range remotes {
				sockets.Look(ctx, v.report, wayTo(r))
			}
		})
	}
	all.Wait()
}

// wayTo leads to a PNS, to which a call is brought.
func wayTo(r peer.Remote) tunnel.Way {
	return tunnel.Way{About: about(r), Is: "PNS", To: r, Us: "PAC", Admit: "a pns with `from` of a [[pac]]",
		Place: func(ctx context.Context, c *peer.Conn) (*peer.Call, error) {
			return c.Offer(ctx, pptp.IncomingCallRequest{BearerType: pptp.Analog})
		}}
}

// about names a PNS.
func about(r peer.Remote) string {
	if strings.HasPrefix(r.Addr.String(), r.Name) {
		return "PNS " + r.Addr.String()
	}
	return fmt.Sprintf("PNS %s (%v)", r.Name, r.Addr)
}
