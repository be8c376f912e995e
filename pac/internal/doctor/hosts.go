package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"

	"carrier/pac/internal/host"
	"carrier/pac/internal/profile"
	"carrier/shared/doctor"
)

// hosts looks at the hosts at which calls end, each as a call would reach it.
func (v *visit) hosts(ctx context.Context) {
	var all sync.WaitGroup
	for _, url := range ends(v.config.Profiles, func(d profile.Destination) []string { return d.Hosts }) {
		all.Go(func() { v.report.Look("host "+url, v.host(ctx, url)) })
	}
	all.Wait()
}

func (v *visit) host(ctx context.Context, url string) error {
	p, _, err := host.Open(ctx, []string{url}, v.config.Hosts, func(string) {}, func(string, error) {})
	if err != nil {
		return noHost(err, v.config.Hosts)
	}
	return p.Close()
}

// noHost puts an error of reaching a host into a sentence with advice.
func noHost(err error, o host.Options) error {
	var name *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &name):
		return fmt.Errorf("%s does not resolve: %s; correct `host`, or give the name an address in DNS or in /etc/hosts", name.Name, name.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("the port is closed there: start what shall listen, or correct `host`")
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return fmt.Errorf("there is no way to it (%w): correct `host`, or the routes of this host", doctor.Cause(err))
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("nothing answers within %v: let a firewall on the way pass it, or correct `host`", cmp.Or(o.Attempt, host.DefaultAttempt))
	}
	return fmt.Errorf("it cannot be reached: %w; correct `host`", doctor.Cause(err))
}
