package conf

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Text reads a string.
func (t *Table) Text(key, def string) string {
	return Value(t, key, def, func(s string) (string, error) { return s, nil })
}

// Secret reads a string that no mistake may quote.
func (t *Table) Secret(key string) string {
	v, ok := t.get(key)
	s, isText := v.(string)
	if ok && !isText {
		t.Bad(key, `not text in quotes; would be right: %s = "…"`, key)
	}
	return s
}

// Choice reads a string that must be one of a few.
func (t *Table) Choice(key, def string, choices ...string) string {
	return Value(t, key, def, func(s string) (string, error) {
		for _, c := range choices {
			if s == c {
				return s, nil
			}
		}
		return "", Unfit("is not known here", Quote(choices...))
	})
}

// Int reads a whole number from min to max.
func (t *Table) Int(key string, def, min, max int) int {
	v, ok := t.get(key)
	if !ok {
		return def
	}
	n, isInt := v.(int64)
	if !isInt {
		t.wrong(key, v, "a whole number", "one from %d to %d", min, max)
		return def
	}
	if n < int64(min) || n > int64(max) {
		t.Bad(key, "%d is out of range; would be right: a whole number from %d to %d", n, min, max)
		return def
	}
	return int(n)
}

// Float reads a number from min to max; a whole number is one too.
func (t *Table) Float(key string, def, min, max float64) float64 {
	v, ok := t.get(key)
	if !ok {
		return def
	}
	n, isFloat := v.(float64)
	if i, isInt := v.(int64); isInt {
		n, isFloat = float64(i), true
	}
	if !isFloat {
		t.wrong(key, v, "a number", "one from %g to %g", min, max)
		return def
	}
	if !(n >= min && n <= max) { // not a number is out of range
		t.Bad(key, "%g is out of range; would be right: a number from %g to %g", n, min, max)
		return def
	}
	return n
}

// Bool reads true or false.
func (t *Table) Bool(key string, def bool) bool {
	v, ok := t.get(key)
	if !ok {
		return def
	}
	b, isBool := v.(bool)
	if !isBool {
		t.wrong(key, v, "true or false", "%s = %t", key, !def)
		return def
	}
	return b
}

// BoolOrInt reads true or false, or a whole number from min to max, which means
// true. n is 0 without a number.
func (t *Table) BoolOrInt(key string, min, max int) (is bool, n int) {
	switch v, _ := t.get(key); v := v.(type) {
	case bool:
		return v, 0
	case int64:
		return true, t.Int(key, min, min, max)
	default:
		t.wrong(key, v, "true, false or a whole number", "%s = true, or one from %d to %d", key, min, max)
		return false, 0
	}
}

// Duration reads a time span from min to max, written as "45s" or "1h30m".
func (t *Table) Duration(key string, def, min, max time.Duration) time.Duration {
	return Value(t, key, def, func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, Unfit("is not a duration", `"45s", "10m" or "1h30m"`)
		}
		if d < min || d > max {
			return 0, Unfit("is out of range", fmt.Sprintf("from %q to %q", brief(min), brief(max)))
		}
		return d, nil
	})
}

// brief writes a duration without its zeros: "1h", not "1h0m0s".
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Addr reads an IP address, invalid when absent.
func (t *Table) Addr(key string) netip.Addr { return Value(t, key, netip.Addr{}, Addr) }

// Addrs reads an array of IP addresses.
func (t *Table) Addrs(key string) []netip.Addr { return Values(t, key, Addr) }

// AddrPort reads an IP address and a port, invalid when absent.
func (t *Table) AddrPort(key string) netip.AddrPort {
	return Value(t, key, netip.AddrPort{}, AddrPort)
}

// Prefixes reads an array of address ranges, each a prefix or one address.
func (t *Table) Prefixes(key string) []netip.Prefix { return Values(t, key, Prefix) }

// Strings reads an array of strings.
func (t *Table) Strings(key string) []string {
	return Values(t, key, func(s string) (string, error) { return s, nil })
}

// Addr parses an IP address, for Value and Values.
func Addr(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, Unfit("is not an IP address", `"192.0.2.1"`)
	}
	return a, nil
}

// AddrPort parses an IP address and a port, for Value and Values.
func AddrPort(s string) (netip.AddrPort, error) {
	a, err := netip.ParseAddrPort(s)
	if err != nil {
		return a, Unfit("is not an IP address and a port", `"127.0.0.1:1723"`)
	}
	return a, nil
}

// Prefix parses a prefix without host bits, or one address, for Values.
func Prefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, Unfit("is not a range of addresses", `"192.0.2.0/24" or "192.0.2.1"`)
	}
	if m := p.Masked(); m != p {
		return p, Unfit("has bits set behind its mask", Quote(m.String()))
	}
	return p, nil
}

// maxName is the longest Name, in octets: a Host Name of PPTP (RFC 2637 §2.1).
const maxName = 64

// Name parses the name of a thing of ours, that stands in logs, metrics and
// names of calls, for Value.
func Name(s string) (string, error) {
	const right = `1 to 64 letters, digits, ".", "-" and "_"`
	if s == "" || len(s) > maxName {
		return "", Unfit(fmt.Sprintf("has %d octets", len(s)), right)
	}
	for _, c := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", c) {
			return "", Unfit("is not a name", right)
		}
	}
	return s, nil
}

// Value reads a string and parses it into a type of the program's own. parse's
// error follows the quoted value in the mistake: use Unfit.
func Value[T any](t *Table, key string, def T, parse func(string) (T, error)) T {
	v, ok := t.get(key)
	if !ok {
		return def
	}
	s, isText := v.(string)
	if !isText {
		t.wrong(key, v, "text in quotes", `%s = "…"`, quoted(key))
		return def
	}
	out, err := parse(s)
	if err != nil {
		t.Bad(key, "%s %v", show(s), err)
		return def
	}
	return out
}

// Values is like Value for an array; items that are wrong are left out.
func Values[T any](t *Table, key string, parse func(string) (T, error)) []T {
	v, ok := t.get(key)
	if !ok {
		return nil
	}
	list, isList := v.([]any)
	if !isList {
		t.wrong(key, v, "an array", `%s = ["…"]`, key)
		return nil
	}
	out := make([]T, 0, len(list))
	for i, v := range list {
		s, isText := v.(string)
		if !isText {
			t.BadItem(key, i, `%s is not text in quotes; would be right: %s = ["…"]`, show(v), key)
			continue
		}
		item, err := parse(s)
		if err != nil {
			t.BadItem(key, i, "%s %v", show(s), err)
			continue
		}
		out = append(out, item)
	}
	return out
}

// IsText tells whether the key's value is a string, where it may be something else
// too.
func (t *Table) IsText(key string) bool {
	v, _ := t.get(key)
	_, isText := v.(string)
	return isText
}

// OneOrMore is like Values, and takes a string for an array of one.
func OneOrMore[T any](t *Table, key string, parse func(string) (T, error)) []T {
	v, ok := t.get(key)
	if _, isText := v.(string); !ok || !isText {
		return Values(t, key, parse)
	}
	var none T
	if one := Value(t, key, none, parse); t.Good(key) {
		return []T{one}
	}
	return nil
}

// Seen remembers where values stand that may stand only once. The zero value
// is not ready: make it.
type Seen map[string]int

// Once makes it a mistake of the key when value was seen before; the empty value
// never was.
func (s Seen) Once(t *Table, key, value string) {
	if value == "" {
		return
	}
	if line, ok := s[value]; ok {
		t.Bad(key, "%s stands on line %d already; would be right: another one", show(value), line)
		return
	}
	s[value] = t.line(key)
}

// Unfit is the error of a parse function: what is wrong, and what would be
// right, in TOML.
func Unfit(wrong, right string) error { return errors.New(wrong + "; would be right: " + right) }

// Quote writes alternatives as TOML strings: "gre" or "udp".
func Quote(alternatives ...string) string {
	var b strings.Builder
	for i, a := range alternatives {
		switch {
		case i == 0:
		case i == len(alternatives)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", a)
	}
	return b.String()
}
