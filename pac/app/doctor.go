package app

import (
	"context"
	"net"

	"carrier/pac/internal/config"
	"carrier/pac/internal/doctor"
	"carrier/shared/console"
	shared "carrier/shared/doctor"
)

// examine looks for what is wrong.
func examine(ctx context.Context, file string, c *console.Client) *shared.Report {
	return doctor.Look(ctx, doctor.Options{File: file, Asks: c, Open: openPort, Resolver: net.DefaultResolver,
		Seats: func(banks []config.Bank) (all []doctor.Seat, clashes []string) {
			seats, clashes := serials.seats(banks)
			for _, s := range seats {
				all = append(all, doctor.Seat{Bank: s.bank, Port: s.port})
			}
			return all, clashes
		}, Same: serials.same})
}
