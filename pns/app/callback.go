package app

import (
	"context"

	"carrier/pns/internal/ras"
)

// A ringer has the program's RAS dial; it is a callback.Ringer.
type ringer struct{ *Program }

// Ring has a PAC dial.
func (r ringer) Ring(ctx context.Context, pac, number, user string) (call string, err error) {
	return r.ras.Dial(ctx, ras.Number{PAC: pac, Phone: number, User: user, MinimumBPS: ras.SlowestBPS, MaximumBPS: ras.FastestBPS})
}
