package config

import (
	"slices"
	"time"

	"carrier/pac/internal/identify"
	"carrier/shared/conf"
	"carrier/shared/ppp/auth"
)

// askOrder is how callers are asked for their name when nothing is said. PAP is
// the last: it shows us the password.
var askOrder = []auth.Method{auth.CHAPMD5, auth.MSCHAPv2, auth.MSCHAP, auth.EAP, auth.PAP}

func identification(t *conf.Table) identify.Options {
	return identify.Options{
		Ask:     methods(t),
		Silence: t.Duration("timeout", 45*time.Second, time.Second, time.Hour),
		Text:    textLogin(t),
	}
}

func methods(t *conf.Table) []auth.Method {
	if !t.Has("methods") {
		return askOrder
	}
	seen := make(map[auth.Method]bool)
	all := conf.Values(t, "methods", func(s string) (auth.Method, error) {
		m, err := method(s)
		if err == nil && seen[m] {
			err = conf.Unfit("stands twice", "once")
		}
		seen[m] = true
		return m, err
	})
	if len(all) == 0 && t.Good("methods") {
		t.Bad("methods", "names no method, so no caller can say her name; would be right: methods = [\"chap-md5\", \"pap\"]")
	}
	return all
}

func method(s string) (auth.Method, error) {
	m, err := auth.ParseMethod(s)
	if err != nil || !slices.Contains(askOrder, m) {
		names := make([]string, 0, len(askOrder))
		for _, m := range askOrder {
			names = append(names, m.String())
		}
		return 0, conf.Unfit("is no method", conf.Quote(names...))
	}
	return m, nil
}
