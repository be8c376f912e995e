package mppe

import "encoding/binary"

// A cipher is an RC4 state in its owner's memory. Package crypto/rc4 allocates
// one for each key, and needs three times as long to schedule it; stateless mode
// does that twice for each packet.
//
// The loops read elements before they store the swapped ones: a processor then
// need not wait to learn whether a store meets that load. Where it does, they
// look again.
type cipher struct {
	s    [256]uint32
	i, j uint8
}

var identity = func() (s [256]uint32) {
	for i := range s {
		s[i] = uint32(i)
	}
	return s
}()

// schedule sets the key. One of eight octets is given twice in a row, which is
// the same to RC4.
func (c *cipher) schedule(key *[16]byte) {
	c.s, c.i, c.j = identity, 0, 0
	s := &c.s
	var j uint8
	for i := 0; i < len(s); i += 4 {
		t, k := (*[4]uint32)(s[i:]), (*[4]byte)(key[i&15:])
		x0, x1, x2, x3 := t[0], t[1], t[2], t[3]
		j += uint8(x0) + k[0]
		t[0], s[j] = s[j], x0
		if j-uint8(i+1) < 3 { // one of those read ahead
			x1, x2, x3 = t[1], t[2], t[3]
		}
		j += uint8(x1) + k[1]
		t[1], s[j] = s[j], x1
		if j-uint8(i+2) < 2 {
			x2, x3 = t[2], t[3]
		}
		j += uint8(x2) + k[2]
		t[2], s[j] = s[j], x2
		if j == uint8(i+3) {
			x3 = t[3]
		}
		j += uint8(x3) + k[3]
		t[3], s[j] = s[j], x3
	}
}

// xor encrypts or decrypts b: eight octets at once where i allows, which saves a
// sixth of the time.
func (c *cipher) xor(b []byte) {
	head := min(int(-c.i&7), len(b))
	c.octets(b[:head])
	b = b[head:]
	most := len(b) &^ 7
	c.eights(b[:most])
	c.octets(b[most:])
}

func (c *cipher) octets(b []byte) {
	i, j, s := c.i, c.j, &c.s
	x := s[i+1]
	for n, v := range b {
		i++
		j += uint8(x)
		y, next := s[j], s[i+1]
		if j == i+1 {
			next = x
		}
		s[i], s[j] = y, x
		b[n] = v ^ uint8(s[uint8(x+y)])
		x = next
	}
	c.i, c.j = i, j
}

// eights is octets where i is a multiple of eight, and len(b) too.
func (c *cipher) eights(b []byte) {
	i, j, s := c.i, c.j, &c.s
	x := s[i+1]
	for ; len(b) >= 8; b = b[8:] {
		t := (*[8]uint32)(s[i&^7:])
		var word, k uint64
		j, x, k = step(s, &t[1], t[2], i+2, j, x)
		word |= k
		j, x, k = step(s, &t[2], t[3], i+3, j, x)
		word |= k << 8
		j, x, k = step(s, &t[3], t[4], i+4, j, x)
		word |= k << 16
		j, x, k = step(s, &t[4], t[5], i+5, j, x)
		word |= k << 24
		j, x, k = step(s, &t[5], t[6], i+6, j, x)
		word |= k << 32
		j, x, k = step(s, &t[6], t[7], i+7, j, x)
		word |= k << 40
		j, x, k = step(s, &t[7], s[i+8], i+8, j, x)
		word |= k << 48
		j, x, k = step(s, &s[i+8], s[i+9], i+9, j, x)
		word |= k << 56
		i += 8
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^word)
	}
	c.i, c.j = i, j
}

// step swaps the element at, which is x, and returns the next octet of the key
// stream; next is the element after it, at index n.
func step(s *[256]uint32, at *uint32, next uint32, n, j uint8, x uint32) (uint8, uint32, uint64) {
	j += uint8(x)
	y := s[j]
	*at, s[j] = y, x
	if j == n {
		next = s[j] // a branch: what is seldom taken, nobody waits for
	}
	return j, next, uint64(uint8(s[uint8(x+y)]))
}
