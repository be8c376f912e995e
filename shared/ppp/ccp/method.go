package ccp

// A Method is one way to compress or to encrypt, under one option of CCP. It
// has no state of a link in it: links may share one. Values are those of its
// option, without type and length; they are valid during the call, and those
// returned are not changed afterwards.
type Method interface {
	// Type is that of the option (RFC 1962 §4).
	Type() uint8
	// Name is what people call the method as agreed by value.
	Name(value []byte) string
	// Value is what we ask the peer to send by, unless it suggests another.
	Value() []byte
	// Naked is what we ask for when the peer would rather send by wish; false:
	// for nothing.
	Naked(wish []byte) (value []byte, ok bool)
	// Judge is how we would send to a peer that asks for value: the same value
	// is acknowledged, another suggested; false: not at all.
	Judge(value []byte) (answer []byte, ok bool)
	// Compressor makes what sends by a value that Judge has returned. mru is the
	// peer's: how many octets it takes in an information field.
	Compressor(value []byte, mru int) (Compressor, error)
	// Decompressor makes what receives by our own value, once acknowledged. mru
	// is ours, and bounds a packet's information field.
	Decompressor(value []byte, mru int) (Decompressor, error)
}

// A Compressor makes Compressed Datagrams of the packets of one direction. It
// is not safe for concurrent use, nor is a Decompressor.
type Compressor interface {
	// Compress appends the information field of a Compressed Datagram that
	// carries packet, a PPP packet from its Protocol field on. When it reports
	// false packet must be sent as it is, and dst is returned as it was.
	Compress(dst, packet []byte) ([]byte, bool)
	// Reset begins a new history, as the peer's Reset-Request asks. It returns
	// the data of the Reset-Ack; false: this method has none.
	Reset(request []byte) (ack []byte, ok bool)
}

// A Decompressor undoes what the peer's compressor does.
type Decompressor interface {
	// Decompress appends the packet that a Compressed Datagram carries. With an
	// error dst is returned as it was.
	Decompress(dst, info []byte) ([]byte, error)
	// Lost tells, after an error, that nothing more is delivered until the peer
	// has reset its own history; else it concerned that one datagram.
	Lost() bool
	// Request is the data of the Reset-Request that then goes to the peer. It is
	// not changed afterwards.
	Request() []byte
	// Uncompressed tells of a packet that came as it is.
	Uncompressed(packet []byte)
	// Reset takes the data of the peer's Reset-Ack.
	Reset(ack []byte)
}
