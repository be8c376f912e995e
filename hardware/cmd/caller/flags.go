package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"carrier/hardware/caller"
	"carrier/hardware/netport"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
)

// A job is what the flags ask for.
type job struct {
	port    string
	options caller.Options
	tasks   []task // in the order of the flags
	stay    bool
	quiet   bool
	timeout time.Duration // until online, and of each task
}

// parse reads the flags; mistakes are told by the error, help on stderr.
func parse(args []string, stderr io.Writer) (*job, error) {
	j := new(job)
	var user, password, file, methods string
	f := flag.NewFlagSet("caller", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&j.port, "port", "", "where the modem is: tcp://host:port or unix:///path")
	f.StringVar(&j.options.Number, "dial", "", "`number` to dial; without it the port is the line itself")
	f.Func("init", "`command` for the modem before dialling, repeatable (default ATZ)", func(s string) error {
		j.options.Init = append(j.options.Init, s)
		return nil
	})
	f.Func("script", "`expect=send` of a login in text, repeatable, before PPP", j.step)
	f.StringVar(&user, "user", "", "login `name`")
	f.StringVar(&password, "password", "", "its password (other users of this computer can see it)")
	f.StringVar(&file, "password-file", "", "`file` whose first line is the password")
	f.StringVar(&methods, "methods", "", "allowed `list`: "+methodNames()+" (default all)")
	f.Func("address", "`address` to wish for", func(s string) (err error) {
		j.options.Addr, err = netip.ParseAddr(s)
		return err
	})
	f.Func("peer-address", "`address` for an other end that has none of its own, as slirp", func(s string) (err error) {
		j.options.PeerAddr, err = netip.ParseAddr(s)
		return err
	})
	f.BoolVar(&j.options.OnlyAck, "only-ack", false, "never begin LCP anew, only acknowledge")
	f.BoolVar(&j.options.Silent, "silent", false, "say nothing after CONNECT, until the other end hangs up")
	f.Func("get", "`url` to fetch and print, repeatable", j.get)
	f.Func("ping", "`address` to ping, repeatable", j.ping)
	f.Func("download", "`url` to fetch and measure, repeatable", j.download)
	f.Func("upload", "`octets@url` to post and measure, repeatable", j.upload)
	f.BoolVar(&j.stay, "stay", false, "stay online until Ctrl-C")
	f.BoolVar(&j.quiet, "quiet", false, "do not tell the story")
	f.DurationVar(&j.timeout, "timeout", 2*time.Minute, "until online, and for each page or ping")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			f.SetOutput(stderr)
			f.Usage()
		}
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("there are no commands, so what is %q?", f.Arg(0))
	}
	return j, errors.Join(j.check(), j.login(user, password, file, methods))
}

// check finds what is missing.
func (j *job) check() error {
	if j.port == "" {
		return errors.New("-port is missing; would be right: -port tcp://127.0.0.1:5603")
	}
	if j.stay {
		j.options.Echo = link.EchoOptions{Interval: 30 * time.Second, Failures: 4}
	}
	return netport.Check(j.port)
}

// login makes the login from the flags about it.
func (j *job) login(user, password, file, methods string) error {
	switch {
	case file != "" && password != "":
		return errors.New("-password and -password-file are both given")
	case user == "" && (file != "" || password != ""):
		return errors.New("a password without -user")
	case user == "":
		return nil
	case file != "":
		b, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("-password-file: %w", err)
		}
		password, _, _ = strings.Cut(string(b), "\n")
		password = strings.TrimSuffix(password, "\r")
	}
	j.options.Login = auth.Login{Name: user, Secret: auth.NewPassword(password)}
	for name := range strings.SplitSeq(methods, ",") {
		if methods == "" {
			break
		}
		m, err := auth.ParseMethod(name)
		if err != nil || m.Protocol() == ppp.EAP {
			return fmt.Errorf("-methods: %q is none of %s", name, methodNames())
		}
		j.options.Login.Allow = append(j.options.Login.Allow, m)
	}
	return nil
}

func methodNames() string {
	var names []string
	for _, m := range auth.Methods() {
		if m.Protocol() != ppp.EAP { // with a password the caller answers EAP too, but nobody needs to name it
			names = append(names, m.String())
		}
	}
	return strings.Join(names, ",")
}

// step adds one step of the login script.
func (j *job) step(s string) error {
	expect, send, ok := strings.Cut(s, "=")
	if !ok {
		return errors.New("it has no =; would be right: -script ogin:=saran")
	}
	j.options.Script = append(j.options.Script, caller.Step{Expect: expect, Send: send})
	return nil
}
