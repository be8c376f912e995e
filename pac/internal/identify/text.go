package identify

import (
	"cmp"
	"context"
	"errors"
	"os"
	"time"
)

func (t TextLogin) withDefaults() TextLogin {
	t.Login = cmp.Or(t.Login, "login: ")
	t.Password = cmp.Or(t.Password, "Password: ")
	t.Start = cmp.Or(t.Start, "PPP session starts")
	t.After = cmp.Or(t.After, defaultAfter)
	return t
}

const (
	flag    = 0x7E
	maxLine = 255 // octets of what may be typed
)

// A speech is what octets look like.
type speech uint8

const (
	unclear speech = iota
	pppSpeech
	textSpeech
)

// sort tells by the first octets who speaks: a flag, or an LCP frame without
// one, is PPP; an end of line, or anything to be read, is somebody who types.
func sort(b []byte) speech {
	for i, c := range b {
		switch {
		case c == flag:
			return pppSpeech
		case c == 0xFF || c == 0xC0 && i+1 < len(b) && b[i+1] == 0x21:
			return pppSpeech
		case c == '\r' || c == '\n' || ' ' <= c && c < 0x7F:
			return textSpeech
		}
	}
	return unclear
}

// listen waits for the first octets. Whoever says nothing for a while is shown
// the prompt, in case she waits for it; a PPP that is merely slow does not mind.
func (d *dialogue) listen(ctx context.Context) (ppp bool, err error) {
	silent := time.Now().Add(d.o.Silence)
	prompt := time.Now().Add(d.o.Text.After)
	if d.o.Text.Off {
		prompt = time.Time{}
	}
	for {
		b, err := d.read(ctx, earliest(silent, prompt))
		if err != nil {
			return false, err
		}
		now := time.Now()
		what := sort(b)
		switch {
		case what == pppSpeech, what == textSpeech && d.o.Text.Off:
			d.startPPP(now)
			d.octets(now, b)
			return true, nil
		case what == textSpeech:
			d.typed = append([]byte(nil), b...)
			return false, d.say(d.o.Text.Banner)
		case !now.Before(silent):
			return false, ErrSilent
		case !prompt.IsZero() && !now.Before(prompt):
			prompt = time.Time{}
			if err := d.say(d.o.Text.Banner + d.o.Text.Login); err != nil {
				return false, err
			}
		}
	}
}

// login asks in words. PPP may begin at any moment: then that is what counts.
func (d *dialogue) login(ctx context.Context) error {
	silent := time.Now().Add(d.o.Silence)
	var name string
	for name == "" {
		line, ppp, err := d.ask(ctx, d.o.Text.Login, true, silent)
		if ppp || err != nil {
			return d.orPPP(ctx, ppp, err)
		}
		name = line
	}
	_, ppp, err := d.ask(ctx, d.o.Text.Password, false, silent)
	if ppp || err != nil {
		return d.orPPP(ctx, ppp, err)
	}
	d.caller = &Caller{Name: name, Method: "login"}
	return d.say(d.o.Text.Start + "\r\n")
}

func (d *dialogue) orPPP(ctx context.Context, ppp bool, err error) error {
	switch {
	case ppp:
		return d.askName(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrSilent
	}
	return err
}

// ask shows a prompt and reads one line; what is typed is echoed unless it is
// secret. It ends too when PPP begins, which it starts.
func (d *dialogue) ask(ctx context.Context, prompt string, echo bool, until time.Time) (line string, ppp bool, err error) {
	if err := d.say(prompt); err != nil {
		return "", false, err
	}
	var typed []byte
	for {
		b, err := d.more(ctx, until)
		if err != nil {
			return "", false, err
		}
		if !time.Now().Before(until) {
			return "", false, os.ErrDeadlineExceeded
		}
		for i, c := range b {
			switch {
			case c == flag:
				now := time.Now()
				d.startPPP(now)
				d.octets(now, b[i:])
				return "", true, nil
			case c == '\r' || c == '\n':
				if len(typed) == 0 {
					continue // the other half of an end of line, or impatience
				}
				d.typed = append([]byte(nil), b[i+1:]...)
				return string(typed), false, d.say("\r\n")
			case c == 0x08 || c == 0x7F:
				typed = typed[:max(len(typed)-1, 0)]
				if echo {
					err = d.say("\b \b")
				}
			case c >= ' ' && len(typed) < maxLine:
				typed = append(typed, c)
				if echo {
					err = d.write([]byte{c})
				}
			}
			if err != nil {
				return "", false, err
			}
		}
	}
}

// more returns what was typed ahead, or reads.
func (d *dialogue) more(ctx context.Context, until time.Time) ([]byte, error) {
	if b := d.typed; len(b) > 0 {
		d.typed = nil
		return b, nil
	}
	return d.read(ctx, until)
}

func (d *dialogue) say(s string) error { return d.write([]byte(s)) }
