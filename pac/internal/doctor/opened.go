package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"carrier/pac/internal/tunnel"
)

// opens looks whether a PNS that opens the control connection has done so: a daemon
// that runs can tell, and nobody else.
func (v *visit) opens(ctx context.Context, p tunnel.PNS) {
	about := "PNS " + p.Name + ", control connection"
	from := make([]string, len(p.From))
	for i, n := range p.From {
		from[i] = n.String()
	}
	if !v.running {
		v.report.Note(about, "the PNS opens it, from "+strings.Join(from, ", ")+": whether it does shows while pac runs")
		return
	}
	var status struct {
		Tunnels []struct{ PNS, State string }
	}
	if b, err := v.Asks.Status(ctx); err != nil || json.Unmarshal(b, &status) != nil {
		return // the look at the daemon told
	}
	var err error
	if !slices.Contains(status.Tunnels, struct{ PNS, State string }{p.Name, "established"}) {
		err = fmt.Errorf("the PNS opens it and has not: look at `pns status` there, whose address must be in `from` here (%s), and let TCP port %d of this host be reached from there",
			strings.Join(from, ", "), v.config.Listen.Port())
	}
	v.report.Look(about, err)
}
