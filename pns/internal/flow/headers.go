package flow

import (
	"carrier/shared/ppp"
	"carrier/shared/ppp/vj"
)

// headers is Van Jacobson's compression of one session; nil halves do nothing.
type headers struct {
	out *vj.Compressor
	in  *vj.Decompressor
}

func newHeaders(send, receive vj.Slots) (h headers, err error) {
	if send.Count > 0 {
		if h.out, err = vj.NewCompressor(send); err != nil {
			return headers{}, err
		}
	}
	if receive.Count > 0 {
		if h.in, err = vj.NewDecompressor(receive); err != nil {
			return headers{}, err
		}
	}
	return h, nil
}

// StopVJ sends TCP headers as they are until SetNetwork says otherwise.
func (f *Flow) StopVJ() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.headers.out = nil
}

// expand makes the packet whose TCP header was compressed; false: none.
func (f *Flow) expand(p ppp.Protocol, info []byte) (packet []byte, ok bool) {
	s, in := f.scratch, f.headers.in
	read := in.Compressed
	if p == ppp.VJUncompressed {
		read = in.Uncompressed
	}
	packet, err := read(s.plain.Next(), info)
	if err != nil {
		f.drop(&f.stats.Unexpanded)
		return nil, false
	}
	s.plain.Add(packet)
	return packet, true
}
