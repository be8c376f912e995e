package config

import (
	"slices"
	"strings"
	"time"

	"carrier/pns/internal/callback"
	"carrier/pns/internal/users"
	"carrier/shared/conf"
	"carrier/shared/phone"
)

// recalled reads how a user is called back.
func recalled(t *conf.Table) users.Callback {
	c := users.Callback{Kind: conf.Value(t, "callback", users.NoCallback, callbackKind)}
	c.Numbers = conf.Values(t, "callback_numbers", func(s string) (string, error) { return callable(c.Kind, s) })
	c.Required = t.Bool("callback_required", c.Kind == users.ToNumber || c.Kind == users.ToList)
	if !t.Good("callback") {
		return users.Callback{}
	}
	const example = `callback_numbers = ["5551212"]`
	switch n := len(c.Numbers); {
	case c.Kind == users.NoCallback:
		for _, key := range []string{"callback_numbers", "callback_required"} {
			if t.Has(key) {
				t.Bad(key, `means nothing without callback; would be right: callback = "number" beside it`)
			}
		}
	case !t.Good("callback_numbers"):
	case n == 0 && t.Has("callback_numbers"):
		t.Bad("callback_numbers", "names no number; would be right: %s", example)
	case n == 0:
		t.Bad("callback_numbers", "missing; would be right: %s", example)
	case n > 1 && c.Kind == users.ToNumber:
		t.Bad("callback_numbers", `names %d numbers; would be right: one, or callback = "list"`, n)
	}
	if err := c.Offer().Check(); err != nil && t.Good("callback_numbers") {
		t.Bad("callback_numbers", "%v, which a caller cannot be told; would be right: fewer of them", err)
	}
	return c
}

func callbackKind(s string) (users.CallbackKind, error) {
	k, err := users.ParseCallbackKind(s)
	if err != nil {
		err = conf.Unfit("is not known here", conf.Quote("none", "number", "list", "caller"))
	}
	return k, err
}

// callable checks a number that is rung, or where the caller says it a pattern.
func callable(k users.CallbackKind, s string) (string, error) {
	digits, ok := phone.Digits(s)
	switch {
	case ok && k != users.ToCaller && !strings.HasSuffix(digits, "*"):
		return digits, nil
	case k != users.ToCaller:
		return "", conf.Unfit("is no number that can be rung", conf.Quote("5551212"))
	case !phone.Pattern(s):
		return "", conf.Unfit("is neither a number nor how numbers begin", `"5551212", or "555*" for all that begin so`)
	}
	return s, nil
}

// ringing reads how callers are called back, which needs some who are.
func ringing(root *conf.Table, c *Config) callback.Options {
	t := root.Table("callback")
	known := func(s string) (string, error) {
		if !slices.ContainsFunc(c.PACs, func(p PAC) bool { return p.Name == s }) {
			return "", conf.Unfit("is no [[pac]]", "the name of one")
		}
		return s, nil
	}
	o := callback.Options{
		Through: conf.Values(t, "through", known),
		Every:   t.Duration("every", callback.DefaultEvery, time.Second, time.Hour),
		Within:  t.Duration("within", callback.DefaultWithin, 10*time.Second, 24*time.Hour),
	}
	if t.Has("through") && t.Good("through") && len(o.Through) == 0 {
		t.Bad("through", `names no PAC; would be right: without it, the one by which the caller came`)
	}
	calledBack := func(u users.User) bool { return u.Callback.Kind != users.NoCallback }
	switch some := slices.ContainsFunc(c.Users, calledBack); {
	case root.Has("callback") && !some:
		root.Bad("callback", `means nothing where no [[user]] is called back; would be right: callback = "number" at one of them, or without it`)
	case some && len(c.PACs) == 0:
		i := slices.IndexFunc(c.Users, calledBack)
		root.Tables("user")[i].Bad("callback", "needs a PAC that rings; would be right: at least one [[pac]]")
	}
	return o
}
