package identify

import "bytes"

// A Terminal is the line of a caller who types, for who takes over from the
// text login: the octets that came behind it are read first, and her terminal's
// parity is hidden. One goroutine may Read and another Write.
type Terminal struct {
	Port
	behind []byte
	lf     bool // an LF belongs to the end of her last line
	parity parity
	out    []byte
}

// Terminal ends identifying a caller who has typed. Nothing else may be called
// afterwards.
func (i *Identified) Terminal() *Terminal {
	d := i.d
	return &Terminal{Port: d.port, behind: d.behind, lf: d.typist.cr, parity: d.typist.parity}
}

// Read reads what the caller types.
func (t *Terminal) Read(b []byte) (n int, err error) {
	for n == 0 && err == nil && len(b) > 0 {
		if n = copy(b, t.behind); n > 0 {
			t.behind = t.behind[n:]
		} else {
			n, err = t.Port.Read(b)
		}
		for i := range b[:n] {
			b[i] = t.parity.strip(b[i])
		}
		if n > 0 && t.lf {
			t.lf = false
			n = copy(b, bytes.TrimPrefix(b[:n], []byte("\n")))
		}
	}
	return n, err
}

// Write shows octets to her.
func (t *Terminal) Write(b []byte) (int, error) {
	if t.parity == noParity {
		return t.Port.Write(b)
	}
	t.out = t.out[:0]
	for _, c := range b {
		t.out = append(t.out, t.parity.add(c))
	}
	return t.Port.Write(t.out)
}
