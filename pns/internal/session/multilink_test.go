package session

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/flow"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/mp"
	"carrier/shared/record"
)

// What LCP agrees on of Multilink is in force when data may come, and what is
// sent fits into one fragment.
func TestMultilink(t *testing.T) {
	long, short := lcp.Multilink{MRRU: 1394}, lcp.Multilink{MRRU: 1394, Short: true}
	in := func(f mp.Format) *mp.Receiver { return mp.NewReceiver(f, 1500, 1) }
	for name, tt := range map[string]struct {
		ours, theirs lcp.Multilink
		want         flow.Bundle
		mtu          string
	}{
		"neither asks":      {lcp.Multilink{}, lcp.Multilink{}, flow.Bundle{}, "1400"},
		"she alone":         {lcp.Multilink{}, lcp.Multilink{MRRU: 1614}, flow.Bundle{}, "1400"},
		"we alone":          {long, lcp.Multilink{}, flow.Bundle{}, "1400"},
		"long":              {long, lcp.Multilink{MRRU: 1614}, flow.Bundle{In: in(mp.Long), Out: &mp.Sender{}}, "1394"},
		"short from us":     {long, lcp.Multilink{MRRU: 1614, Short: true}, flow.Bundle{In: in(mp.Long), Out: &mp.Sender{Format: mp.Short}}, "1394"},
		"short to us, less": {short, lcp.Multilink{MRRU: 1300}, flow.Bundle{In: in(mp.Short), Out: &mp.Sender{}}, "1300"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace(t, addresses, saran(nil))
				p.opt = func(o *Options) { o.Link.LCP.Multilink = tt.ours }
				v := p.call()
				o := sara("saran", "secret", auth.MSCHAPv2)
				o.LCP.MRU, o.LCP.Multilink = 1400, tt.theirs
				c := v.dial(o)
				time.Sleep(5 * time.Second)
				var got flow.Bundle
				v.data.with(func() { got = v.data.bundle })
				if !reflect.DeepEqual(got, tt.want) {
					t.Errorf("the bundle is %+v, want %+v", got, tt.want)
				}
				equal(t, "the fakes", v.log.take(), []string{"link info 000a0000 00000000", "network true 2.1.1.129 " + tt.mtu, "attach 2.1.1.129 " + tt.mtu})
				c.says(func(now time.Time) { c.link.Restart(now) })
				synctest.Wait()
				time.Sleep(5 * time.Second)
				before := got
				v.data.with(func() { got = v.data.bundle })
				if !reflect.DeepEqual(got, tt.want) || got.In != nil && (got.In == before.In || got.Out == before.Out) {
					t.Errorf("negotiated anew, the bundle is %+v, and was %+v", got, before)
				}
				c.says(func(now time.Time) { c.link.Close(now, "good bye") })
				v.over(t)
				v.data.with(func() { got = v.data.bundle })
				if got != (flow.Bundle{}) {
					t.Errorf("at the end the bundle is %+v", got)
				}
				if r := v.s.Record(); r.Reason != record.CallerHungUp {
					t.Errorf("%+v", r)
				}
				heard(t, c.hangUp(), link.LoggedIn)
			})
		})
	}
}
