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

// hours checks when a user may log in.
func hours(s string) (users.Hours, error) {
	h, err := users.ParseHours(s)
	if err != nil {
		err = conf.Unfit("is not two times of a day", conf.Quote("08:00-18:00"))
	}
	return h, err
}
