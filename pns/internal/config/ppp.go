package config

import (
	"slices"
	"time"

	"carrier/pns/internal/lan"
	"carrier/pns/internal/session"
	"carrier/shared/conf"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/deflate"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/lqr"
	"carrier/shared/ppp/mppe"
	"carrier/shared/ppp/vj"
)

// coding reads how data may be coded between callers and us.
func coding(t *conf.Table) session.Coding {
	c := session.Coding{MPPE: mppe.Key128, Encryption: policy(t, "optional")}
	if t.Has("strengths") {
		c.MPPE = 0
		for _, s := range conf.Values(t, "strengths", strength) {
			c.MPPE |= s
		}
		if c.MPPE == 0 && t.Good("strengths") {
			t.Bad("strengths", `names no length of keys; would be right: strengths = ["128"], or encryption = "none"`)
		}
	}
	if t.Bool("stateless", true) {
		c.MPPE |= mppe.Stateless
	}
	compression(t, &c, compressions[:judged]...)
	return c
}

// policy reads whether data are encrypted; def is what holds when nothing is said.
func policy(t *conf.Table, def string) session.Policy {
	switch t.Choice("encryption", def, "none", "optional", "required") {
	case "optional":
		return session.Optional
	case "required":
		return session.Required
	default:
		return session.Clear
	}
}

// The memory that compression may take of a call: 32 KiB to receive by Deflate,
// 28 KiB each way by BSD Compress. Others have no choice: by LZS it is 24 KiB to
// send and 6 to receive, by Predictor 64 each way.
const (
	window = deflate.MaxWindow
	codes  = 12
)

// compressions are the methods that compress. Those before judged were tried
// with software that is not ours, and are offered unless the file says
// otherwise. Microsoft's comes first, since it goes with encryption, then what
// makes less of the data.
var compressions = []string{"mppc", "deflate", "bsd", "lzs", "predictor"}

const judged = 3

// compression reads the methods that compress, best first; names are those that
// hold when nothing is said.
func compression(t *conf.Table, c *session.Coding, names ...string) {
	if t.Has("compression") {
		names = conf.Values(t, "compression", func(s string) (string, error) {
			if !slices.Contains(compressions, s) {
				return "", conf.Unfit("is no compression", conf.Quote(compressions...))
			}
			return s, nil
		})
	}
	for _, name := range names {
		switch name {
		case "mppc":
			c.MPPE |= mppe.MPPC
		case "deflate":
			c.Compression = append(c.Compression, ccp.Deflate{Window: window}, ccp.Deflate{Window: window, Draft: true})
		case "bsd":
			c.Compression = append(c.Compression, ccp.BSD{Bits: codes})
		case "lzs":
			c.Compression = append(c.Compression, ccp.LZS{})
		case "predictor":
			c.Compression = append(c.Compression, ccp.Predictor{})
		}
	}
}

// slots are as many TCP connections as are remembered. Their numbers are always
// on the line: a frame that the line spoils shows at the PAC alone.
const slots = 16

// headers reads whether TCP headers are compressed; def is what holds when
// nothing is said.
func headers(t *conf.Table, def bool) (s vj.Slots) {
	if t.Bool("vj", def) {
		s.Count = slots
	}
	return s
}

// bundle reads whether Multilink is done, and which header callers are asked for.
// The MRRU leaves room for that in a frame of ours, so that no packet of theirs
// need go in two. Our discriminator is the server's name (RFC 1990 §5.1.3, class
// 1).
func bundle(t *conf.Table, name string) (m lcp.Multilink) {
	header := t.Choice("multilink", "none", "none", "long", "short")
	if header == "none" {
		return m
	}
	const local, longest = 1, 20
	m.MRRU, m.Short = lan.DefaultMTU-session.MultilinkHeader, header == "short"
	m.Endpoint = append([]byte{local}, name[:min(len(name), longest)]...)
	return m
}

// quality reads whether the line is measured, and by whom.
func quality(t *conf.Table, c *Config) {
	period := t.Duration("quality_period", 30*time.Second, time.Second, time.Hour)
	c.Lossy = t.Int("quality_loss", 10, 1, 100)
	switch t.Choice("quality", "off", "off", "answer", "demand") {
	case "demand":
		c.Quality = &lqr.Option{Period: period}
		c.Reports = true
	case "answer":
		c.Reports = true
	}
}

func strength(s string) (mppe.Bits, error) {
	switch s {
	case "128":
		return mppe.Key128, nil
	case "56":
		return mppe.Key56, nil
	case "40":
		return mppe.Key40, nil
	}
	return 0, conf.Unfit("is no length of MPPE's keys", conf.Quote("128", "56", "40"))
}

// keys holds methods that leave no keys against encryption that is required.
func keys(root *conf.Table, c *Config) {
	if c.Coding.Encryption != session.Required {
		return
	}
	t := root.Table("auth")
	if !t.Has("methods") {
		c.Methods = slices.DeleteFunc(slices.Clone(c.Methods), keyless)
		return
	}
	for i, m := range c.Methods {
		if keyless(m) {
			t.BadItem("methods", i, `%v leaves no keys for the encryption that ppp.encryption requires; would be right: "mschap-v2"`, m)
		}
	}
}

func keyless(m auth.Method) bool { return m == auth.PAP || m == auth.CHAPMD5 || m == auth.EAPMD5 }
