package lcp

import (
	"bytes"
	"testing"

	"carrier/shared/ppp/cp"
)

// multilink asks for all that RFC 1990 §5.1 has.
var multilink = Options{Multilink: Multilink{MRRU: 1394, Short: true, Endpoint: []byte("\x01denver")}}

const asksMultilink = "02 06 00 00 00 00 11 04 05 72 12 02 13 09 01 64 65 6e 76 65 72"

// Windows asks with an MRRU of 1614.
func TestMultilinkIsAgreed(t *testing.T) {
	r := newRig(t, multilink, Echo{})
	r.start()
	ours := r.want(cp.ConfigureRequest, asksMultilink)
	r.recv(cp.ConfigureRequest, 1, octets(t, "11 04 06 4e 12 02 13 09 03 00 10 5a 01 02 03")...)
	r.recv(cp.ConfigureAck, ours.ID, ours.Data...)
	a := r.Agreed()
	if h := a.Ours; h.MRRU != 1394 || !h.Short || string(h.Endpoint) != "\x01denver" {
		t.Errorf("ours: %+v", h)
	}
	if h := a.Theirs; h.MRRU != 1614 || !h.Short || !bytes.Equal(h.Endpoint, octets(t, "03 00 10 5a 01 02 03")) {
		t.Errorf("theirs: %+v", h)
	}
	r.recv(cp.ConfigureRequest, 2) // begins anew, without
	if a := r.Agreed(); a.Ours.MRRU != 0 || a.Theirs.Short {
		t.Errorf("while it is negotiated anew: %+v", a)
	}
	r.recv(cp.ConfigureAck, r.sent()[0].ID, octets(t, asksMultilink)...)
	if a := r.Agreed(); a.Theirs.MRRU != 0 || a.Theirs.Short || a.Theirs.Endpoint != nil {
		t.Errorf("without: %+v", a.Theirs)
	}
}

// What the peer answers to each of ours, and what is asked for then.
func TestMultilinkThatIsNotAgreed(t *testing.T) {
	for _, tt := range []struct {
		what         string
		code         cp.Code
		answer, then string
	}{
		{"no Multilink", cp.ConfigureReject, "11 04 05 72", "02 06 00 00 00 00"},
		{"no short numbers", cp.ConfigureReject, "12 02", "02 06 00 00 00 00 11 04 05 72 13 09 01 64 65 6e 76 65 72"},
		{"no discriminator", cp.ConfigureReject, "13 09 01 64 65 6e 76 65 72", "02 06 00 00 00 00 11 04 05 72 12 02"},
		{"another discriminator", cp.ConfigureNak, "13 03 00", "02 06 00 00 00 00 11 04 05 72 12 02"},
		{"a smaller MRRU", cp.ConfigureNak, "11 04 02 40", "02 06 00 00 00 00 11 04 02 40 12 02 13 09 01 64 65 6e 76 65 72"},
		{"one that may be too large", cp.ConfigureNak, "11 04 06 40", asksMultilink},
		{"one that is too small", cp.ConfigureNak, "11 04 00 10", asksMultilink},
	} {
		r := newRig(t, multilink, Echo{})
		r.start()
		ours := r.want(cp.ConfigureRequest, asksMultilink)
		r.recv(tt.code, ours.ID, octets(t, tt.answer)...)
		if got := r.sent(); len(got) != 1 || !bytes.Equal(got[0].Data, octets(t, tt.then)) {
			t.Errorf("%s: then asked % x", tt.what, got)
		}
	}
	r := newRig(t, Options{}, Echo{})
	r.start()
	ours := r.want(cp.ConfigureRequest, "02 06 00 00 00 00")
	r.recv(cp.ConfigureNak, ours.ID, octets(t, "11 04 05 dc 12 02 13 03 00")...) // hints that we do not follow
	r.want(cp.ConfigureRequest, "02 06 00 00 00 00")
}
