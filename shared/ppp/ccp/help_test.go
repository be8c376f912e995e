package ccp

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"
)

// level is a method with a history of its own invention: its value is one
// octet, as large as possible but at most most. Each datagram carries the number
// of its packet, and the level.
type level struct {
	option uint8
	most   byte
	acks   bool // it has Reset-Acks
}

func (m level) Type() uint8 { return m.option }
func (m level) Name(value []byte) string {
	return fmt.Sprintf("option %d, %x", m.option, value)
}

func (m level) Value() []byte { return []byte{m.most} }

func (m level) Naked(wish []byte) ([]byte, bool) {
	return wish, len(wish) == 1 && wish[0] > 0 && wish[0] <= m.most
}

func (m level) Judge(value []byte) ([]byte, bool) {
	switch {
	case len(value) != 1 || value[0] == 0:
		return nil, false
	case value[0] > m.most:
		return m.Value(), true
	}
	return value, true
}

func (m level) Compressor(value []byte, _ int) (Compressor, error) {
	if value[0] == 13 {
		return nil, errors.New("thirteen")
	}
	return &history{acks: m.acks}, nil
}

func (m level) Decompressor(value []byte, mru int) (Decompressor, error) {
	if value[0] == 13 {
		return nil, errors.New("thirteen")
	}
	return receiving{&history{mru: mru}}, nil
}

var (
	errGap   = errors.New("a packet is missing")
	errOther = errors.New("no datagram of ours")
)

// history numbers packets; it is either end.
type history struct {
	acks bool
	mru  int
	next byte
	lost bool
	seen [][]byte // uncompressed
}

func (h *history) Compress(dst, packet []byte) ([]byte, bool) {
	if len(packet) < 4 {
		return dst, false
	}
	dst = append(append(dst, h.next), packet...)
	h.next++
	return dst, true
}

func (h *history) Reset(request []byte) ([]byte, bool) {
	h.next, h.lost = 0, false
	return slices.Clone(request), h.acks
}

func (h *history) Decompress(dst, info []byte) ([]byte, error) {
	switch {
	case len(info) == 0:
		return dst, errOther
	case info[0] != h.next || h.lost:
		h.lost = true
		return dst, errGap
	}
	h.next++
	return append(dst, info[1:]...), nil
}

func (h *history) Lost() bool { return h.lost }

func (h *history) Request() []byte { return nil }

func (h *history) Uncompressed(packet []byte) { h.seen = append(h.seen, bytes.Clone(packet)) }

// receiving is a history as a Decompressor.
type receiving struct{ *history }

func (r receiving) Reset(ack []byte) { r.history.Reset(ack) }

var start = time.Unix(1000, 0)
