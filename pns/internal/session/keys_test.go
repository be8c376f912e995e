package session

import (
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/flow"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
)

// crosses tells that what each end of a call encrypts the other can read: ours is in
// force at the data half, theirs is what the other end has agreed on.
func crosses(t *testing.T, what string, ours flow.Coding, theirs ccp.Agreed) {
	t.Helper()
	out, failed := ccp.NewOutbound(theirs.Send, 1500)
	in, err := ccp.NewInbound(theirs.Receive, 1500)
	if failed != nil || err != nil || out == nil || in == nil || ours.Out == nil || ours.In == nil {
		t.Errorf("%s, nothing is agreed: %+v, %+v, %v, %v", what, ours, theirs, failed, err)
		return
	}
	const packet = "\x00\x21a packet"
	for way, ends := range map[string]struct {
		from *ccp.Outbound
		to   *ccp.Inbound
	}{"from us": {ours.Out, in}, "to us": {out, ours.In}} {
		coded, ok := ends.from.Compress(nil, []byte(packet))
		if got, err := ends.to.Receive(nil, coded); !ok || string(got) != packet || err != nil {
			t.Errorf("%s, %s: %q, %v", what, way, got, err)
		}
	}
}

// MPPE's keys depend on which end of a call logs in (RFC 3079 §3.3): the caller in her
// calls, and we in those that we open.
func TestBothEndsHaveTheSameKeys(t *testing.T) {
	for _, m := range []auth.Method{auth.MSCHAPv2, auth.EAPMSCHAPv2} {
		bubble(t, func(t *testing.T) {
			p := newPlace(t, addresses, saran(nil))
			p.opt = func(o *Options) {
				o.Link.Ask = []auth.Method{m}
				o.Coding = Coding{Encryption: Required, MPPE: strong}
			}
			v := p.call()
			c := v.dialCoded(strong, m)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			crosses(t, "in a caller's call by "+m.String(), v.data.coding, c.ccp.Agreed())
			v.cancel()
			v.over(t)
			c.hangUp()
		})
		bubble(t, func(t *testing.T) {
			allow := func(o *Options) { o.Link.Login.Allow = []auth.Method{m} }
			v, s := newPlace(t, addresses).calls(branch, allow, nil, m)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			crosses(t, "in a call of ours by "+m.String(), v.data.coding, s.ccp.Agreed())
			v.cancel()
			s.ends(t)
		})
	}
}
