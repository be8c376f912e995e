package app

import (
	"cmp"
	"context"

	"carrier/pns/internal/ras"
	"carrier/shared/console"
)

// Dial has a PAC dial a number.
func (p commands) Dial(ctx context.Context, n console.Number) (call string, err error) {
	return p.ras.Dial(ctx, ras.Number{PAC: n.Through, Phone: n.Phone, Subaddress: n.Subaddress, User: n.User,
		MinimumBPS: cmp.Or(n.MinimumBPS, ras.SlowestBPS), MaximumBPS: max(n.MinimumBPS, ras.FastestBPS)})
}
