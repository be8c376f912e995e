package ccp

// compressor is a codec's sending half that answers each Reset-Request.
type compressor interface {
	Compress(dst, packet []byte) ([]byte, bool)
	Reset(request []byte) (ack []byte)
}

// decompressor is a codec's receiving half of which every error means that its
// history is lost.
type decompressor interface {
	Decompress(dst, info []byte) ([]byte, error)
	Uncompressed(packet []byte)
	Reset(ack []byte)
}

// acking makes a Compressor of a codec's.
type acking struct{ compressor }

// Reset always has a Reset-Ack (Compressor).
func (a acking) Reset(request []byte) ([]byte, bool) { return a.compressor.Reset(request), true }

// silent is acking without Reset-Acks: the next datagram says that the history
// begins anew.
type silent struct{ compressor }

// Reset has no Reset-Ack (Compressor).
func (s silent) Reset(request []byte) ([]byte, bool) { return s.compressor.Reset(request), false }

// losing makes a Decompressor of a codec's.
type losing struct {
	decompressor
	request []byte
	alone   bool // packets have no history to lose
	lost    bool
}

// Decompress notes a loss (Decompressor).
func (l *losing) Decompress(dst, info []byte) ([]byte, error) {
	out, err := l.decompressor.Decompress(dst, info)
	l.lost = l.lost || err != nil
	return out, err
}

// Lost tells of it (Decompressor).
func (l *losing) Lost() bool { return l.lost && !l.alone }

// Request names the history where that has a number (Decompressor).
func (l *losing) Request() []byte { return l.request }

// Reset ends it (Decompressor).
func (l *losing) Reset(ack []byte) {
	l.lost = false
	l.decompressor.Reset(ack)
}
