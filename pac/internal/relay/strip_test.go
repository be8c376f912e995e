package relay

import (
	"testing"
	"testing/synctest"

	"carrier/shared/gre"
	"carrier/shared/ppp/cp"
)

// Into the tunnel to a PNS that wants it so no frame has Address and Control,
// also not those that wait for the window; on the line they are where they belong.
func TestStrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Strip: true, GRE: gre.Options{Windowing: true, SendWindow: 4}}).listen()
		theirs, hers := lcp(cp.ConfigureRequest, 1), lcp(cp.ConfigureRequest, 9)
		b.sends(theirs[2:])
		b.wantsDown("LCP", theirs)
		b.says(hers)
		b.wantsUp("LCP", hers[2:])
		b.says(lcp(cp.ConfigureAck, 1))
		b.wantsUp("LCP", lcp(cp.ConfigureAck, 1)[2:])
		b.sends(lcp(cp.ConfigureAck, 9))
		b.wantsDown("LCP", lcp(cp.ConfigureAck, 9))
		b.says(ip('a'))
		b.says(ip('b')[2:])
		b.says(ip('c'))
		b.says(ip('d'))
		b.wantsUp("data that the window has room for", ip('a')[2:], ip('b')[2:], ip('c')[2:])
		b.sends(ip('x')) // brings acknowledgements
		b.wantsUp("data that waited", ip('d')[2:])
		b.wantsDown("data", ip('x'))
		b.stop(nil)
	})
}
