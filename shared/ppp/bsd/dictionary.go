package bsd

import (
	"math/bits"
	"math/rand/v2"
)

// Codes below clear are octets, those above it stand for strings.
const clear = 256

// A dictionary is the same at both ends after the same packets, whichever way
// these went.
type dictionary struct {
	bits   int // of the largest code
	max    int // the largest code in use
	prefix []uint16
	suffix []byte   // code's string is prefix's and this octet; clear is not counted
	hash   []uint16 // the code of a prefix and a suffix; 0: none. Half of it is empty
	// multiplier makes it unforeseeable where a string lands in hash: nobody can
	// send what is slow to look up.
	multiplier uint64
	seq        uint16
	ratio
}

func newDictionary(bits int) dictionary {
	d := dictionary{
		bits:       bits,
		prefix:     make([]uint16, 1<<bits),
		suffix:     make([]byte, 1<<bits),
		hash:       make([]uint16, 2<<bits),
		multiplier: rand.Uint64() | 1,
	}
	d.clear()
	return d
}

func (d *dictionary) clear() {
	d.max = clear
	for i := range d.hash {
		d.hash[i] = 0
	}
	d.ratio = ratio{checkpoint: checkGap}
}

// reset is what a Reset-Request and its Ack do.
func (d *dictionary) reset() {
	d.clear()
	d.seq = 0
}

func (d *dictionary) full() bool { return d.max == 1<<d.bits-1 }

// width is how many bits the next code has where the receiver's largest is max.
// It may be the one after that.
func (d *dictionary) width(max int) int { return min(d.bits, bits.Len(uint(max+1))) }

// find looks a string up. Where it has no code, code is 0 and slot is free.
func (d *dictionary) find(prefix int, suffix byte) (code, slot int) {
	key := uint64(prefix)<<8 | uint64(suffix)
	slot = int(key * d.multiplier >> (63 - d.bits))
	for {
		code = int(d.hash[slot])
		if code == 0 || int(d.prefix[code]) == prefix && d.suffix[code] == suffix {
			return code, slot
		}
		slot = (slot + 1) & (len(d.hash) - 1)
	}
}

// add gives the next code to a string, unless all are given away. slot is where
// find looked for it.
func (d *dictionary) add(prefix int, suffix byte, slot int) {
	if d.full() {
		return
	}
	d.max++
	d.prefix[d.max], d.suffix[d.max] = uint16(prefix), suffix
	d.hash[slot] = uint16(d.max)
}

// encode has w write plain's codes, and takes note of plain.
func (d *dictionary) encode(w *writer, plain []byte) {
	// The receiver learns a string one code after us, within a packet.
	theirs := d.max
	prefix := int(plain[0])
	for _, c := range plain[1:] {
		code, slot := d.find(prefix, c)
		if code != 0 {
			prefix = code
			continue
		}
		w.put(prefix, d.width(theirs))
		theirs = d.max
		d.add(prefix, c, slot)
		prefix = int(c)
	}
	w.put(prefix, d.width(theirs))
	d.seq++
	d.in += uint32(len(plain))
	d.out += uint32(w.bits+7) / 8
	if d.due(d.full()) {
		w.put(clear, d.bits)
		d.clear()
	}
	w.pad()
}

// A writer packs codes into octets, the highest bit first. A blind one only
// counts.
type writer struct {
	b     []byte
	blind bool
	bits  int
	acc   uint32
	held  int // bits of acc that are not in b yet, less than 8
}

func (w *writer) put(code, width int) {
	w.bits += width
	if w.blind {
		return
	}
	w.acc = w.acc<<width | uint32(code)
	for w.held += width; w.held >= 8; {
		w.held -= 8
		w.b = append(w.b, byte(w.acc>>w.held))
	}
}

// pad fills the last octet with ones.
func (w *writer) pad() {
	if w.held > 0 {
		w.put(1<<(8-w.held)-1, 8-w.held)
	}
}
