package link

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
)

func TestWrongPassword(t *testing.T) {
	for _, m := range allMethods {
		o := client()
		o.Login.Secret = auth.NewPassword("Secret")
		p := newPair(t, server(m), o).up()
		p.run(10 * time.Second)
		const text = "wrong user name or password"
		p.want(p.a, fmt.Sprintf("link up, claimed saran, link down, finished: peer refused %q", text))
		p.want(p.b, fmt.Sprintf("link up, authenticated, login refused %[1]q, link down, finished: login refused %[1]q", text))
	}
}

// The peer's own suggestion is taken if it is in the list, else the next.
func TestMethodsAreAskedUntilOneIsTaken(t *testing.T) {
	ask := []auth.Method{auth.CHAPMD5, auth.MSCHAPv2, auth.MSCHAP, auth.EAP, auth.PAP}
	for _, m := range allMethods {
		p := newPair(t, server(ask...), client(m)).up()
		p.run(time.Second)
		p.want(p.a, serverUp)
		if p.a.claim.Method != m {
			t.Errorf("%v: claimed by %v", m, p.a.claim.Method)
		}
		if p.a.frames > 12 {
			t.Errorf("%v: %d frames", m, p.a.frames)
		}
	}
	p := newPair(t, server(auth.CHAPMD5, auth.MSCHAPv2), client(auth.PAP)).up() // suggests what is not in the list
	p.run(time.Minute)
	p.want(p.a, `finished: peer refused "peer refuses to authenticate"`)
	p.want(p.b, `finished: terminated by the peer "peer refuses to authenticate"`)
}

func TestPeerWithoutALoginIsRefused(t *testing.T) {
	o := client()
	o.Login = auth.Login{}
	p := newPair(t, server(auth.CHAPMD5, auth.PAP), o).up()
	p.run(time.Minute)
	p.want(p.a, `finished: peer refused "peer refuses to authenticate"`)
	p.want(p.b, `finished: terminated by the peer "peer refuses to authenticate"`)
}

// Windows 95 takes MS-CHAP where MS-CHAPv2 is asked for, and says so.
func TestNakOfMSCHAPv2(t *testing.T) {
	p := newPair(t, server(auth.MSCHAPv2, auth.PAP, auth.MSCHAP), client())
	p.a.Up(p.now)
	request, err := cp.Parse(p.a.Take()[0][4:])
	if err != nil || !bytes.Contains(request.Data, []byte("\x03\x05\xc2\x23\x81")) {
		t.Fatalf("asked % x, %v", request.Data, err)
	}
	got := p.say(ppp.LCP, packet(cp.ConfigureNak, request.ID, "\x03\x05\xc2\x23\x80")...)
	if len(got) != 1 || !bytes.Contains(got[0], []byte("\x03\x05\xc2\x23\x80")) {
		t.Errorf("then asked % x", got)
	}
}

func TestNameOnlyWaits(t *testing.T) {
	const text = "no server for you"
	for _, m := range allMethods {
		o := server(m)
		o.NameOnly = true
		p := newPair(t, o, client())
		p.a.wait = true
		p.up()
		p.run(29 * time.Second) // longer than a PNS is looked for
		p.want(p.a, "link up, claimed saran")
		p.want(p.b, "link up, authenticated")
		p.wantPhases(Authenticate, Authenticate)
		p.answered("Echo-Request", p.say(ppp.LCP, packet(9, 66, "\x00\x00\x00\x00hi")...),
			fmt.Sprintf("ff 03 c0 21 0a 42 00 0a %s 68 69", spaced(p.a.LCP().Ours.Magic)))
		p.a.Answer(p.now, auth.Refuse(p.a.claim, text))
		p.run(10 * time.Second)
		p.want(p.a, fmt.Sprintf("link down, finished: peer refused %q", text))
		p.want(p.b, fmt.Sprintf("login refused %[1]q, link down, finished: login refused %[1]q", text))
	}
	o := server(auth.PAP) // as long as the owner likes
	o.NameOnly = true
	p := newPair(t, o, client())
	p.a.wait = true
	p.openLCP()
	p.say(ppp.PAP, packet(1, 1, "\x05saran\x06secret")...)
	p.settle()
	p.run(time.Hour)
	p.want(p.a, "link up, claimed saran")
}

// A password that has expired is changed while the link waits, longer than
// authentication may take otherwise.
func TestAPasswordIsChangedOnTheWay(t *testing.T) {
	o := client(auth.MSCHAPv2)
	o.Login.Next, o.AuthTimeout = auth.NewPassword("new secret"), 2*time.Minute
	p := newPair(t, server(auth.MSCHAPv2), o)
	p.a.wait = true
	p.up()
	p.run(time.Second)
	p.want(p.a, "link up, claimed saran")
	p.run(50 * time.Second)
	lost := 0
	p.a.lose = func() bool { lost++; return lost < 10 } // 27 seconds
	p.a.Answer(p.now, auth.Verdict{Reason: auth.PasswordExpired, Retry: true})
	p.run(30 * time.Second)
	p.want(p.a, "claimed saran")
	next, ok := p.a.claim.Changed(auth.NewPassword(password))
	if !ok {
		t.Fatal("the claim brings no new password")
	}
	if v := p.a.claim.Check(auth.NewPassword("new secret")); v.OK { // it wants the old one
		t.Error("checked with the new password")
	}
	p.a.Answer(p.now, p.a.claim.Check(auth.NewPassword(password)))
	p.run(5 * time.Second)
	p.want(p.a, "authenticated, network up IPCP")
	p.want(p.b, "link up, authenticated, logged in, network up IPCP")
	if !next.Verifies(auth.CHAPMD5) {
		t.Error("only the hash of the new password is known")
	}
}

func spaced(magic uint32) string {
	return fmt.Sprintf("% x", []byte{byte(magic >> 24), byte(magic >> 16), byte(magic >> 8), byte(magic)})
}

func TestNameByEAP(t *testing.T) {
	p := newPair(t, server(auth.EAP), client())
	p.a.wait = true
	request := p.openLCP()
	if len(request) != 1 || request[0][4] != 1 || request[0][8] != 1 {
		t.Fatalf("asked % x", request)
	}
	id := request[0][5]
	p.a.Receive(p.now, ppp.Append(nil, ppp.EAP, packet(2, id, "\x01saran")))
	p.settle()
	p.want(p.a, "link up, claimed saran")
	p.a.Answer(p.now, auth.Refuse(p.a.claim, "no server for you")) // EAP's Failure has no text
	got := p.a.Take()
	if len(got) != 2 || !bytes.HasSuffix(got[1], []byte("no server for you")) {
		t.Errorf("said % x", got)
	}
	p.answered("the Failure", got[:1], fmt.Sprintf("ff 03 c2 27 04 %02x 00 04", id))
}

func TestNobodyAuthenticates(t *testing.T) {
	for _, tt := range []struct {
		ask  auth.Method
		took time.Duration
		text string
	}{
		{auth.PAP, time.Minute, "authentication took too long"}, // RFC 1334 has no timer for the authenticator
		{auth.CHAPMD5, 45 * time.Second, "you did not say who you are"},
		{auth.EAP, 45 * time.Second, "you did not say who you are"},
	} {
		p := newPair(t, server(tt.ask), client())
		p.openLCP()
		p.run(tt.took - 1)
		p.want(p.a, "link up")
		p.run(10 * time.Second)
		p.want(p.a, fmt.Sprintf("link down, finished: authentication time-out %q", tt.text))
	}
}

func TestOwnerWhoNeverAnswers(t *testing.T) {
	p := newPair(t, server(auth.CHAPMD5), client())
	p.a.wait = true
	p.up()
	p.run(59 * time.Second)
	p.want(p.a, "link up, claimed saran")
	p.run(10 * time.Second)
	p.want(p.a, `link down, finished: authentication time-out "authentication took too long"`)
}

func TestAuthenticatorWhoNeverAnswers(t *testing.T) {
	p := newPair(t, server(auth.PAP), client())
	p.a.wait = true
	p.up()
	p.run(29 * time.Second)
	p.want(p.b, "link up, authenticated")
	p.run(10 * time.Second)
	p.want(p.b, `link down, finished: authentication time-out "no answer to our authentication"`)
}

// The Success was lost (RFC 1994 §4.1): a repeated Response gets it again, and
// a peer that repeats nothing is told again.
func TestLostSuccess(t *testing.T) {
	isSuccess := func(f []byte) bool { return f[2] == 0xC2 && f[4] == 3 }
	p := newPair(t, server(auth.CHAPMD5), client()).up()
	var response, success []byte
	for p.a.Phase() != Network {
		p.collect(p.a, p.b)
		p.collect(p.b, p.a)
		if p.a.in != nil && p.a.in[0][2] == 0xC2 {
			response = p.a.in[0]
		}
		p.deliver(p.a)
		p.deliver(p.b)
		p.collect(p.a, p.b)
	}
	for _, f := range p.b.in {
		if isSuccess(f) {
			success = f
		}
	}
	p.b.in = nil
	p.a.Receive(p.now, response)
	p.answered("the Response again", p.a.Take(), fmt.Sprintf("% x", success))

	p.now = p.a.Deadline() // IPCP's Restart timer
	p.a.Expire(p.now)
	got := p.a.Take()
	if len(got) != 2 || !bytes.Equal(got[0], success) && !bytes.Equal(got[1], success) {
		t.Errorf("sent % x", got)
	}
	p.a.Receive(p.now, ppp.Append(nil, ppp.IPCP, packet(cp.ConfigureRequest, 1, "")))
	p.a.Take()
	p.now = p.a.Deadline()
	p.a.Expire(p.now)
	if got = p.a.Take(); len(got) != 1 || isSuccess(got[0]) { // the peer is in the Network phase
		t.Errorf("sent % x", got)
	}
}

// A peer that gives us our own Challenge wants us to answer it in its place: that is
// the end. Where we have nothing to answer it is nothing to us.
func TestAReflectedChallengeIsNotAnswered(t *testing.T) {
	for _, answers := range []bool{true, false} {
		o := server(auth.CHAPMD5)
		if answers {
			o.Login = auth.Login{Name: "denver", Secret: auth.NewPassword(password)}
		}
		p := newPair(t, o, client())
		p.a.Up(p.now)
		ours, err := cp.Parse(p.a.Take()[0][4:])
		if err != nil {
			t.Fatal(err)
		}
		if p.say(ppp.LCP, packet(cp.ConfigureRequest, 7, "\x03\x05\xc2\x23\x05")...); !answers {
			p.say(ppp.LCP, packet(cp.ConfigureRequest, 8, "")...)
		}
		ours.Code = cp.ConfigureAck
		challenge := p.say(ppp.LCP, ours.Append(nil)...)
		if len(challenge) != 1 || challenge[0][4] != 1 {
			t.Fatalf("said % x", challenge)
		}
		other := bytes.Clone(challenge[0])
		other[9]++ // another value
		if got := p.say(ppp.CHAP, other[4:]...); answers != (len(got) == 1 && got[0][4] == 2) {
			t.Errorf("another Challenge was answered % x", got)
		}
		got := p.say(ppp.CHAP, challenge[0][4:]...)
		if !answers {
			p.answered("our own Challenge", got)
			continue
		}
		const text = "our own challenge came back"
		if len(got) != 1 || got[0][2] != 0xC0 || got[0][4] != 5 || string(got[0][8:]) != text {
			t.Errorf("our own Challenge was answered % x", got)
		}
		p.run(time.Minute)
		p.want(p.a, fmt.Sprintf("link up, link down, finished: peer refused %q", text))
	}
}

func TestAnswerWithoutAClaim(t *testing.T) {
	p := newPair(t, server(auth.CHAPMD5), client())
	p.openLCP()
	p.a.Answer(p.now, auth.Verdict{OK: true})
	if f := p.a.Take(); len(f) != 0 || p.a.Phase() != Authenticate {
		t.Errorf("sent % x in phase %v", f, p.a.Phase())
	}
}
