package pptp

import "time"

// Timers are how long each state may last. Zero fields mean those of RFC 2637
// §3.1.4 and §3.2, as WithDefaults fills them in.
type Timers struct {
	Start      time.Duration // for Start-Control-Connection-Request or -Reply; 60 s
	Echo       time.Duration // of silence until an Echo-Request; 60 s
	EchoReply  time.Duration // for its Echo-Reply; 60 s
	Stop       time.Duration // for Stop-Control-Connection-Reply; 60 s
	Reply      time.Duration // wait_reply, and our own answer to an Incoming-Call-Request; 60 s
	Connect    time.Duration // wait_connect: the PAC answers its line; 120 s
	Answer     time.Duration // wait_cs_ans: the PAC's call is answered; 90 s
	Disconnect time.Duration // wait_disconnect; 60 s
}

// WithDefaults returns t with each zero field set.
func (t Timers) WithDefaults() Timers {
	set := func(d *time.Duration, seconds time.Duration) {
		if *d == 0 {
			*d = seconds * time.Second
		}
	}
	set(&t.Start, 60)
	set(&t.Echo, 60)
	set(&t.EchoReply, 60)
	set(&t.Stop, 60)
	set(&t.Reply, 60)
	set(&t.Connect, 120)
	set(&t.Answer, 90)
	set(&t.Disconnect, 60)
	return t
}
