package lcp

import (
	"testing"

	"carrier/shared/ppp/cp"
)

func TestCallbackIsAgreed(t *testing.T) {
	const asks = "02 06 00 00 00 00 0d 03 06"
	for _, tt := range []struct {
		what         string
		code         cp.Code
		answer, then string
		agreed       bool
	}{
		{"as asked", cp.ConfigureAck, "02 06 00 00 00 00 0d 03 06", "", true},
		{"otherwise", cp.ConfigureNak, "0d 03 00", "02 06 00 00 00 00", false},
		{"not at all, as pppd", cp.ConfigureReject, "0d 03 06", "02 06 00 00 00 00", false},
	} {
		r := newRig(t, Options{Callback: &Callback{Operation: ByCBCP}, CallsBack: true}, Echo{})
		r.start()
		ours := r.want(cp.ConfigureRequest, asks)
		if tt.code != cp.ConfigureAck {
			r.recv(tt.code, ours.ID, octets(t, tt.answer)...)
			ours = r.want(cp.ConfigureRequest, tt.then)
		}
		r.recv(cp.ConfigureRequest, 1, octets(t, "0d 07 03 2b 34 39 31")...)
		r.recv(cp.ConfigureAck, ours.ID, ours.Data...)
		a := r.Agreed()
		if c := a.Ours.Callback; (c != nil) != tt.agreed {
			t.Errorf("%s: ours is %+v", tt.what, c)
		}
		if c := a.Theirs.Callback; c == nil || c.Number() != "+491" {
			t.Errorf("%s: theirs is %+v", tt.what, c)
		}
		r.recv(cp.ConfigureRequest, 2) // begins anew, without
		r.sent()
		r.recv(cp.ConfigureAck, ours.ID+1, octets(t, asks)...)
		if c := r.Agreed().Theirs.Callback; c != nil {
			t.Errorf("%s: %+v is kept", tt.what, c)
		}
	}
}

func TestOnlyNumbersAreNumbers(t *testing.T) {
	for op, want := range map[Operation]string{ByUser: "", DialString: "5551212", E164: "5551212", ByCBCP: ""} {
		if got := (&Callback{op, []byte("5551212")}).Number(); got != want {
			t.Errorf("operation %d: %q", op, got)
		}
	}
}
