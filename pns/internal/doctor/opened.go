package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"carrier/shared/console"
	"carrier/shared/doctor"
)

// opens looks at the way to each PAC whose control connection we open, and whether a
// daemon that runs has it.
func (v *visit) opens(ctx context.Context, asks *console.Client) {
	var status struct {
		PACs []struct{ PAC, State, Text string }
	}
	if v.running {
		if b, err := asks.Status(ctx); err != nil || json.Unmarshal(b, &status) != nil {
			return // the look at the daemon told
		}
	}
	for _, p := range v.config.PACs {
		if !p.Opens {
			continue
		}
		about := fmt.Sprintf("PAC %s (%v)", p.Name, p.Connect)
		err := doctor.Reachable(ctx, p.Connect, "the PAC")
		v.report.Look(about+", TCP", err)
		if err != nil || !v.running {
			continue
		}
		i := slices.IndexFunc(status.PACs, func(s struct{ PAC, State, Text string }) bool { return s.PAC == p.Name && s.State == "down" })
		if i >= 0 {
			err = fmt.Errorf("we open its control connection and it is not there (%s): let this host's address be in a pac's `from` of a [[pns]] that has opens = \"pns\"", status.PACs[i].Text)
		}
		v.report.Look(about+", control connection", err)
	}
}
