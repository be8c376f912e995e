package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/hardware/caller"
	"carrier/hardware/line"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
)

func TestFlags(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("blue moon\r\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := parse([]string{"-port", "tcp://127.0.0.1:5603", "-dial", "5551212", "-init", "AT&F", "-init", "ATE0",
		"-script", "ogin:=saran", "-script", "word:=a=b", "-user", "saran", "-password-file", file, "-methods", "pap,mschap-v2",
		"-address", "2.1.1.129", "-peer-address", "10.0.2.20", "-only-ack", "-get", "http://2.1.1.10/", "-ping", "2.1.1.60", "-upload", "10@http://2.1.1.10/", "-stay"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := j.options
	if j.port != "tcp://127.0.0.1:5603" || o.Number != "5551212" || !slices.Equal(o.Init, []string{"AT&F", "ATE0"}) ||
		!slices.Equal(o.Script, []caller.Step{{Expect: "ogin:", Send: "saran"}, {Expect: "word:", Send: "a=b"}}) ||
		o.Login.Name != "saran" || !slices.Equal(o.Login.Allow, []auth.Method{auth.PAP, auth.MSCHAPv2}) ||
		o.Addr.String() != "2.1.1.129" || o.PeerAddr.String() != "10.0.2.20" || !o.OnlyAck || o.Silent || len(j.tasks) != 3 || !j.stay || o.Echo.Interval == 0 || j.timeout != 2*time.Minute {
		t.Errorf("%+v", j)
	}
	if !slices.Equal(o.Login.Methods(), []auth.Method{auth.MSCHAPv2, auth.PAP}) {
		t.Errorf("it can answer %v", o.Login.Methods())
	}
}

func TestMistakes(t *testing.T) {
	const port = "-port=tcp://127.0.0.1:1"
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "-port is missing; would be right: -port tcp://127.0.0.1:5603"},
		{[]string{"-port", "telnet://x"}, `port "telnet://x"`},
		{[]string{port, "dial"}, `there are no commands, so what is "dial"?`},
		{[]string{port, "-user", "saran", "-password", "a", "-password-file", "b"}, "are both given"},
		{[]string{port, "-password", "a"}, "a password without -user"},
		{[]string{port, "-user", "saran", "-password-file", "/nowhere"}, "-password-file: open /nowhere"},
		{[]string{port, "-user", "saran", "-methods", "pap,eap"}, `-methods: "eap" is none of pap,chap-md5,mschap,mschap-v2`},
		{[]string{port, "-script", "ogin:"}, "it has no =; would be right: -script ogin:=saran"},
		{[]string{port, "-get", "2.1.1.10"}, "would be right: http://2.1.1.10/"},
		{[]string{port, "-get", "ftp://2.1.1.10/"}, "would be right: http://2.1.1.10/"},
		{[]string{port, "-ping", "intranet"}, `ParseAddr("intranet")`},
		{[]string{port, "-upload", "http://2.1.1.10/"}, "is not a number of octets"},
		{[]string{port, "-upload", "0@http://2.1.1.10/"}, "is not a number of octets"},
		{[]string{port, "-sulk"}, "flag provided but not defined: -sulk"},
	} {
		var out, story bytes.Buffer
		status := run(t.Context(), c.args, &out, &story)
		if status != usage || !strings.Contains(story.String(), c.want) || !strings.HasSuffix(story.String(), "-h shows the flags\n") || out.Len() != 0 {
			t.Errorf("%q: status %d, %q, want %q", c.args, status, story.String(), c.want)
		}
	}
	var help bytes.Buffer
	if status := run(t.Context(), []string{"-h"}, nil, &help); status != fine || !strings.Contains(help.String(), "-password-file") {
		t.Errorf("-h: status %d, %s", status, help.String())
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{errors.New("no such file"), failed},
		{&callError{&line.DialError{Number: "5551212", Result: line.Busy}}, notDialed},
		{&callError{line.ErrRinging}, notDialed},
		{&callError{caller.ErrCarrier}, noPPP},
		{&callError{&caller.EndError{Cause: link.Timeout}}, noPPP},
		{&callError{&caller.EndError{Cause: link.RefusedLogin, Text: "no"}}, refused},
		{&taskError{errors.New("404")}, noAnswer},
		{errors.Join(&callError{caller.ErrCarrier}, &taskError{errors.New("reset")}), noPPP},
	} {
		if got := status(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}

// Against a line that is there and says nothing, and one that is not.
func TestRun(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "tcp://" + l.Addr().String()
	var story bytes.Buffer
	if status := run(t.Context(), []string{"-port", url, "-timeout", "100ms", "-get", "http://2.1.1.10/"}, nil, &story); status != noPPP ||
		!strings.Contains(story.String(), "ended: not online within 100ms") {
		t.Errorf("status %d, %s", status, story.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if status := run(ctx, []string{"-port", url}, nil, new(bytes.Buffer)); status == fine {
		t.Error("a call that was interrupted ended well")
	}
	l.Close()
	story.Reset()
	if status := run(t.Context(), []string{"-port", url}, nil, &story); status != failed || !strings.Contains(story.String(), "refused") {
		t.Errorf("status %d, %s", status, story.String())
	}
}

func TestSentences(t *testing.T) {
	for k := caller.Dialling; k <= caller.Ended; k++ {
		quiet := k == caller.LinkDown || k == caller.NetworkDown
		if s := sentence(caller.Event{Kind: k, Text: "words"}); (s == "") != quiet {
			t.Errorf("%v: %q", k, s)
		}
	}
	a := netip.MustParseAddr
	for want, e := range map[string]caller.Event{
		"online as 2.1.1.129": {Addr: a("2.1.1.129")},
		"online as 2.1.1.129, the other end is 2.1.1.60, names by 2.1.1.53 and 2.1.1.54": {Addr: a("2.1.1.129"),
			Peer: a("2.1.1.60"), DNS: []netip.Addr{a("2.1.1.53"), a("2.1.1.54")}},
		"online as 2.1.1.129, names by 2.1.1.53, Windows names by 2.1.1.55 and 2.1.1.56": {Addr: a("2.1.1.129"),
			DNS: []netip.Addr{a("2.1.1.53")}, NBNS: []netip.Addr{a("2.1.1.55"), a("2.1.1.56")}},
	} {
		if e.Kind = caller.NetworkUp; sentence(e) != want {
			t.Errorf("%q, want %q", sentence(e), want)
		}
	}
}
