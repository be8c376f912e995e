package config

import (
	"time"

	"carrier/pns/internal/guard"
	"carrier/pns/internal/users"
	"carrier/shared/conf"
)

// lockout reads how many wrong passwords are let pass.
func lockout(t *conf.Table) guard.Policy {
	return guard.Policy{
		Attempts: t.Int("attempts", 5, 0, 1000),
		Window:   t.Duration("window", 15*time.Minute, time.Second, week),
		Time:     t.Duration("time", 15*time.Minute, time.Second, week),
	}
}

// rechallenge reads how often callers must prove again who they are. More often
// than an answer may take makes no sense.
func rechallenge(t *conf.Table) time.Duration {
	d := t.Duration("rechallenge", 0, 0, week)
	if d > 0 && d < time.Minute {
		t.Bad("rechallenge", `%v is too often; would be right: "0s", never, or "1m" and more`, d)
	}
	return d
}

// hours checks when a user may log in.
func hours(s string) (users.Hours, error) {
	h, err := users.ParseHours(s)
	if err != nil {
		err = conf.Unfit("is not two times of a day", conf.Quote("08:00-18:00"))
	}
	return h, err
}
