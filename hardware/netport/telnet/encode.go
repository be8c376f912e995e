package telnet

import "bytes"

// An Encoding is how data are sent at this moment. It is a value: what it has
// encoded stays so when the Codec's agreements change.
type Encoding struct {
	telnet bool
	nvt    bool // eight bits were refused: CR is CR NUL (RFC 854)
}

// Encoding is the Codec's present one.
func (c *Codec) Encoding() Encoding {
	return Encoding{telnet: c.mode == spoken, nvt: c.mode == spoken && c.ours.of(Binary) == refused}
}

// Append appends data to dst as they are sent.
func (e Encoding) Append(dst, data []byte) []byte {
	if !e.telnet {
		return append(dst, data...)
	}
	for len(data) > 0 {
		n := e.run(data)
		dst = append(dst, data[:n]...)
		data = data[n:]
		if len(data) > 0 {
			dst = append(dst, data[0], second(data[0]))
			data = data[1:]
		}
	}
	return dst
}

// run is how many octets in front of data stand for themselves.
func (e Encoding) run(data []byte) int {
	n := bytes.IndexByte(data, iac)
	if n < 0 {
		n = len(data)
	}
	if e.nvt {
		if i := bytes.IndexByte(data[:n], '\r'); i >= 0 {
			return i
		}
	}
	return n
}

// second is what follows an octet that does not stand for itself.
func second(o byte) byte {
	if o == iac {
		return iac
	}
	return 0
}

// Taken says to how many octets of data belong the first n of their encoding,
// and what is still to be sent of the last of them.
func (e Encoding) Taken(data []byte, n int) (octets int, rest []byte) {
	if !e.telnet {
		return n, nil
	}
	for i, o := range data {
		if n <= 0 {
			return i, nil
		}
		n--
		if o == iac || e.nvt && o == '\r' {
			if n == 0 {
				return i + 1, []byte{second(o)}
			}
			n--
		}
	}
	return len(data), nil
}

// AppendSub appends a subnegotiation to dst.
func AppendSub(dst []byte, o Option, data ...byte) []byte {
	dst = append(dst, iac, sb, byte(o))
	dst = Encoding{telnet: true}.Append(dst, data)
	return append(dst, iac, se)
}
