package mppe

// A cipher is an RC4 state in its owner's memory. Package crypto/rc4 allocates
// one for each key, and needs three times as long to schedule it; stateless mode
// does that twice for each packet.
//
// Both loops read the next element before they store the swapped ones: a
// processor then need not wait to learn whether a store meets that load. Where
// it does, the element is the one just swapped, x.
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
	x := s[0]
	for i := range s {
		j += uint8(x) + key[i&15]
		y, next := s[j], s[uint8(i+1)]
		if j == uint8(i+1) {
			next = x
		}
		s[i], s[j] = y, x
		x = next
	}
}

// xor encrypts or decrypts b.
func (c *cipher) xor(b []byte) {
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
