package config

import (
	"strings"
	"time"

	"carrier/pac/internal/host"
	"carrier/pac/internal/identify"
	"carrier/pac/internal/profile"
	"carrier/shared/conf"
	"carrier/shared/ppp/auth"
)

// asks are what a text login may ask for.
var asks = map[string]identify.Ask{"password": identify.AskPassword, "name": identify.AskName, "nothing": identify.AskNothing}

func textLogin(t *conf.Table) identify.TextLogin {
	l := identify.TextLogin{
		Off:      !t.Bool("text", true),
		Banner:   t.Text("banner", ""),
		Ask:      asks[t.Choice("ask", "password", "password", "name", "nothing")],
		Login:    t.Text("login", "login: "),
		Password: t.Text("password", "Password: "),
		Choose:   t.Text("choose", "Your choice: "),
		Start:    t.Text("start", "PPP session starts"),
		Tries:    t.Int("tries", 3, 1, 20),
	}
	unless := func(without bool, why string, keys ...string) {
		for _, key := range keys {
			if without && t.Has(key) {
				t.Bad(key, "means nothing %s; would be right: without it", why)
			}
		}
	}
	menu := t.Has("menu")
	if l.Off {
		unless(true, "while text = false", "banner", "ask", "login", "password", "tries", "menu", "choose", "start")
		return l
	}
	unless(l.Ask != identify.AskPassword, "where nobody is asked for a password", "password", "tries")
	unless(l.Ask == identify.AskNothing, "where nobody is asked for a name", "login")
	unless(!menu, "without a menu", "choose")
	if l.Ask == identify.AskNothing && !menu {
		t.Bad("ask", `"nothing" leaves nothing to type; would be right: an [[identify.menu]], or text = false`)
	}
	return l
}

// menu reads the choices of the text login, and where they lead by themselves.
func menu(t *conf.Table, d *destinations) (choices []identify.Choice, leads map[string]profile.Destination) {
	keys := make(conf.Seen)
	for _, t := range t.Tables("menu") {
		t.Need("key", `"1"`)
		t.Need("text", `"The Internet"`)
		c := identify.Choice{Key: conf.Value(t, "key", "", choiceKey), Text: t.Text("text", ""), HangUp: t.Bool("hang_up", false)}
		keys.Once(t, "key", strings.ToLower(c.Key))
		switch leadsOn := t.Has("tunnel") || t.Has("host"); {
		case c.HangUp && leadsOn:
			t.Bad("hang_up", "stands beside tunnel or host; would be right: one of them")
		case leadsOn:
			if leads == nil {
				leads = make(map[string]profile.Destination)
			}
			leads[c.Key] = d.read(t)
		default:
			c.PPP = !c.HangUp
			if t.Has("handover") {
				t.Bad("handover", "means nothing without tunnel; would be right: in the profile that this choice leads to")
			}
		}
		choices = append(choices, c)
	}
	return choices, leads
}

// choiceKey checks what is typed for a choice.
func choiceKey(s string) (string, error) {
	if s == "" || len(s) > 16 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", conf.Unfit("is nothing to type", "1 to 16 letters, digits and signs of ASCII without spaces")
	}
	return s, nil
}

// passwords reads those of the users that this switch checks itself; nil if
// there are none.
func passwords(root *conf.Table, ask identify.Ask) func(*auth.Claim) auth.Verdict {
	secrets := make(map[string]auth.Secret)
	for _, t := range root.Tables("user") {
		if !t.Has("password") {
			continue
		}
		if ask != identify.AskPassword {
			t.Bad("password", "means nothing where the login asks for no password; would be right: identify.ask = \"password\"")
		}
		secrets[t.Text("name", "")] = auth.NewPassword(t.Secret("password"))
	}
	if len(secrets) == 0 {
		return nil
	}
	return func(c *auth.Claim) auth.Verdict {
		if s, ok := secrets[c.Name]; ok {
			return c.Check(s)
		}
		return auth.Verdict{OK: true}
	}
}

func hostLimits(t *conf.Table) host.Options {
	const long = 7 * 24 * time.Hour
	return host.Options{
		Attempt: t.Duration("attempt", 10*time.Second, 100*time.Millisecond, time.Minute),
		Idle:    t.Duration("idle", 0, 0, long),
		Session: t.Duration("session", 0, 0, long),
		Quiet:   t.Bool("quiet", false),
	}
}
