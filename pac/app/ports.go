package app

import (
	"context"
	"strings"

	"carrier/hardware/line"
	"carrier/hardware/netport"
	"carrier/hardware/serial"
	"carrier/pac/internal/config"
)

// flows are the words of a network port for those of a serial one.
var flows = map[serial.Flow]netport.Flow{serial.RTSCTS: netport.RTSCTS, serial.None: netport.NoFlow, serial.XONXOFF: netport.XONXOFF}

// openPort opens one port of a bank, which is a serial device if it is called
// by a path, and else has a URL.
func openPort(ctx context.Context, name string, b config.Bank) (line.Wire, error) {
	if !strings.HasPrefix(name, "/") {
		return netport.OpenWith(ctx, name, netport.Options{Speed: b.Speed, Flow: flows[b.Flow]})
	}
	p, err := serial.Open(ctx, name, serial.Options{Speed: b.Speed, Flow: b.Flow})
	if err != nil {
		return nil, err
	}
	if wired, ok := p.Wired(); ok {
		return wired, nil
	}
	return p, nil
}
