package users

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp/auth"
)

func TestLookup(t *testing.T) {
	pw := auth.NewPassword("pw")
	table, err := New([]User{
		{Name: "saran", Secret: pw, Address: netip.MustParseAddr("2.1.1.129"), Prefix: netip.MustParsePrefix("2001:db8::/64")},
		{Name: `CORP\Boss`, Secret: pw},
		{Name: "boss", Secret: pw},
		{Name: "night@corp.example", Secret: pw},
		{Name: "ärger", Secret: pw},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"saran":                   "saran",
		"SaraN":                   "saran",
		`CORP\saran`:              "saran",
		"saran@anything.example":  "saran",
		`corp\boss`:               `CORP\Boss`, // the whole name first
		`OTHER\boss`:              "boss",
		"BOSS":                    "boss",
		"night@CORP.example":      "night@corp.example",
		"night":                   "",
		"night@other.example":     "",
		"ärger":                   "ärger",
		"Ärger":                   "", // only ASCII letters are folded
		"":                        "",
		`CORP\`:                   "",
		"@corp.example":           "",
		"saran ":                  "",
		"saran\x00":               "",
		`CORP\night@corp.example`: "night@corp.example",
		`A\B\saran`:               "saran",
		strings.Repeat("x", 4000): "",
	} {
		u, ok := table.Lookup(name)
		if u.Name != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", name, u.Name, ok, want)
		}
		if ok == u.Secret.IsZero() {
			t.Errorf("%q: found is %v, its secret zero %v", name, ok, u.Secret.IsZero())
		}
	}
	if f := table.Fixed(); len(f) != 2 || f[0] != netip.MustParsePrefix("2001:db8::/64") || f[1] != netip.MustParsePrefix("2.1.1.129/32") || table.Len() != 5 {
		t.Errorf("fixed %v of %d users", f, table.Len())
	}
}

func TestEachMistakeIsTold(t *testing.T) {
	pw, a, six := auth.NewPassword("pw"), netip.MustParseAddr("2.1.1.129"), netip.MustParsePrefix("2001:db8::/64")
	for want, u := range map[string]User{
		"user 2: name: missing":                                                                        {Secret: pw},
		"user 2: name: longer than 255 octets":                                                         {Name: strings.Repeat("x", 256), Secret: pw},
		`user 2: name: "saran" is there already`:                                                       {Name: "saran", Secret: pw},
		`user 2: name: "Saran" differs from "saran" only in case`:                                      {Name: "Saran", Secret: pw},
		"user 2: password: missing: a user needs password or nt_hash":                                  {Name: "x"},
		"user 2: idle, session: a limit is negative":                                                   {Name: "x", Secret: pw, Idle: -time.Second},
		`user 2: address: 2.1.1.129 is the address of "saran" already`:                                 {Name: "x", Secret: pw, Address: a},
		"user 2: address: 224.0.0.1 is not an address for a caller":                                    {Name: "x", Secret: pw, Address: netip.MustParseAddr("224.0.0.1")},
		"user 2: address: fd00::1 is not an address for a caller":                                      {Name: "x", Secret: pw, Address: netip.MustParseAddr("fd00::1")},
		`user 2: prefix6: 2001:db8::/64 is the network of "saran" already`:                             {Name: "x", Secret: pw, Prefix: six},
		"user 2: prefix6: 2001:db8::/56 is not a /64 for a caller":                                     {Name: "x", Secret: pw, Prefix: netip.MustParsePrefix("2001:db8::/56")},
		"user 2: prefix6: fe80::/64 is not a /64 for a caller":                                         {Name: "x", Secret: pw, Prefix: netip.MustParsePrefix("fe80::/64")},
		"user 2: prefix6: 2001:db8::1/64 is not a /64 for a caller":                                    {Name: "x", Secret: pw, Prefix: netip.MustParsePrefix("2001:db8::1/64")},
		`user 2: delegated6: 2001:db8::/60 overlaps a network of "saran"`:                              {Name: "x", Secret: pw, Delegated: netip.MustParsePrefix("2001:db8::/60")},
		`user 2: delegated6: 2001:db8:7:80::/57 overlaps a network of "saran"`:                         {Name: "x", Secret: pw, Delegated: netip.MustParsePrefix("2001:db8:7:80::/57")},
		`user 2: prefix6: 2001:db8:7:80::/64 is the network of "saran" already`:                        {Name: "x", Secret: pw, Prefix: netip.MustParsePrefix("2001:db8:7:80::/64")},
		"user 2: delegated6: 2001::/31 is not a prefix for the networks behind a caller":               {Name: "x", Secret: pw, Delegated: netip.MustParsePrefix("2001::/31")},
		"user 2: delegated6: 2001:db8::/65 is not a prefix for the networks behind a caller":           {Name: "x", Secret: pw, Delegated: netip.MustParsePrefix("2001:db8::/65")},
		"user 2: delegated6: ff0e::/48 is not a prefix for the networks behind a caller":               {Name: "x", Secret: pw, Delegated: netip.MustParsePrefix("ff0e::/48")},
		`user 2: routes: 10.2.7.0/24, behind "x", overlaps a network or the address of "saran"`:        {Name: "x", Secret: pw, Routes: []netip.Prefix{netip.MustParsePrefix("10.2.7.0/24")}},
		`user 2: routes: 10.0.0.0/8, behind "x", overlaps a network or the address of "saran"`:         {Name: "x", Secret: pw, Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		`user 2: routes: 2.1.1.128/25, behind "x", overlaps a network or the address of "saran"`:       {Name: "x", Secret: pw, Routes: []netip.Prefix{netip.MustParsePrefix("2.1.1.128/25")}},
		`user 2: routes: 10.3.7.0/24, behind "x", overlaps a network or the address of "x"`:            {Name: "x", Secret: pw, Routes: []netip.Prefix{netip.MustParsePrefix("10.3.0.0/16"), netip.MustParsePrefix("10.3.7.0/24")}},
		`user 2: routes: 2001:db8:7:80::/60, behind "x", overlaps a network or the address of "saran"`: {Name: "x", Secret: pw, Routes: []netip.Prefix{netip.MustParsePrefix("2001:db8:7:80::/60")}},
		"user 2: routes: 0.0.0.0/0 is not a network behind a caller":                                   {Name: "x", Secret: pw, Routes: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}},
		"user 2: routes: 2001:db8:9::/65 is not a network behind a caller":                             {Name: "x", Secret: pw, Routes: []netip.Prefix{netip.MustParsePrefix("2001:db8:9::/65")}},
		"user 2: routes: 169.254.0.0/16 is not a network behind a caller":                              {Name: "x", Secret: pw, Routes: []netip.Prefix{netip.MustParsePrefix("169.254.0.0/16")}},
		`user 2: address: 10.2.0.9 is in a network behind "saran"`:                                     {Name: "x", Secret: pw, Address: netip.MustParseAddr("10.2.0.9")},
		"user 2: name: missing\nuser 2: password: missing: a user needs password or nt_hash":           {},
	} {
		_, err := New([]User{{Name: "saran", Secret: pw, Address: a, Prefix: six, Delegated: netip.MustParsePrefix("2001:db8:7::/56"),
			Routes: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")}}, u})
		var e *Error
		if err == nil || err.Error() != want || !errors.As(err, &e) || e.Index != 1 {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestSimultaneous(t *testing.T) {
	for _, s := range []Simultaneous{Unlimited, Refuse, Replace} {
		if got, err := ParseSimultaneous(s.String()); got != s || err != nil {
			t.Errorf("%v reads as %v, %v", s, got, err)
		}
	}
	_, err := ParseSimultaneous("kick")
	if err == nil || err.Error() != `"kick" is none of unlimited, refuse, replace` || Simultaneous(9).String() != "unknown" {
		t.Errorf("got %v", err)
	}
}
