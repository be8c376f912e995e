package host

import (
	"strings"
	"time"

	"carrier/hardware/line"
)

// A parting looks for line.LossWords in what a caller types, and holds back what may
// be theirs: the host of one who has hung up would take them for a command of hers.
// The zero value holds nothing.
type parting struct{ held []byte }

// How long what is held back waits for more. A modem says its words in one go, and
// nobody sees whether the end of her line took keyTime longer. What only a modem or
// somebody very fast begins may come in pieces, on a slow port or through a network.
// And all of the words wait until the line has made up its mind about them.
const (
	keyTime   = 30 * time.Millisecond
	pieceTime = 250 * time.Millisecond
	lossTime  = line.LossTime + time.Second
)

// maxMore bounds what a modem says behind the words, octets: the result of a command,
// or that it rings.
const maxMore = 64

// take takes what was read and returns what is for the host, valid until the next
// call.
func (p *parting) take(b []byte) []byte {
	all := append(p.held, b...)
	for i, c := range all {
		if c == line.LossWords[0] && maybeLoss(string(all[i:])) {
			p.held = append([]byte{}, all[i:]...)
			return all[:i]
		}
	}
	p.held = nil
	return all
}

// maybeLoss tells the beginning of the words, or all of them and little behind them.
func maybeLoss(s string) bool {
	behind, whole := strings.CutPrefix(s, line.LossWords)
	if !whole {
		return strings.HasPrefix(line.LossWords, s)
	}
	return len(behind) <= maxMore && strings.IndexFunc(behind, func(c rune) bool { return c != '\r' && c != '\n' && (c < ' ' || c > '~') }) < 0
}

// patience is how long what is held back may wait; 0: nothing is.
func (p *parting) patience() time.Duration {
	switch n := len(p.held); {
	case n == 0:
		return 0
	case n <= len("\r\n"):
		return keyTime
	case n < len(line.LossWords):
		return pieceTime
	}
	return lossTime
}

// typed is what was held back, when it has waited long enough to be the caller's.
func (p *parting) typed() []byte {
	b := p.held
	p.held = nil
	return b
}

// last is what of it is for the host once the carrier is lost: the end of a line that
// was typed right before, but no part of the words that only a modem says.
func (p *parting) last() []byte {
	if len(p.held) <= len("\r\n") {
		return p.typed()
	}
	return nil
}
