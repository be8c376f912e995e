package gre

// A Batch collects packets that are sent together, in buffers that are used
// again. The zero value is empty.
type Batch struct {
	packets [][]byte
	n       int
}

// Next is an empty buffer to append the next packet to.
func (b *Batch) Next() []byte {
	if b.n == len(b.packets) {
		b.packets = append(b.packets, nil)
	}
	return b.packets[b.n][:0]
}

// Add keeps a packet that was appended to Next; an empty one is none.
func (b *Batch) Add(packet []byte) {
	if len(packet) > 0 {
		b.packets[b.n] = packet
		b.n++
	}
}

// Take returns the packets and empties the batch. They are valid until the
// next Add.
func (b *Batch) Take() [][]byte {
	n := b.n
	b.n = 0
	return b.packets[:n]
}
