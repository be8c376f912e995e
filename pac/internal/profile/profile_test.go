package profile

import "testing"

func to(endpoint string) Destination { return Destination{Endpoints: []string{endpoint}} }

func table(order ...Kind) *Table {
	fallback := to("default")
	return New(Options{
		Order:   order,
		Numbers: []NumberRule{{Called: "5551212", Calling: "4045550100", Destination: to("both")}, {Called: "5551212", Destination: to("called")}},
		Users:   map[string]Destination{"saran": to("user"), `DENVER\saran`: to("user in domain")},
		Realms:  map[string]Destination{"Corp.Example": to("realm"), "DENVER": to("domain")},
		Default: &fallback,
	})
}

func TestFind(t *testing.T) {
	for _, tt := range []struct {
		name   string
		caller Caller
		want   string
		kind   Kind
	}{
		{"the number called goes before the name", Caller{Called: "5551212", Name: "saran"}, "called", Number},
		{"both numbers before one", Caller{Called: "5551212", Calling: "4045550100"}, "both", Number},
		{"user", Caller{Called: "5550000", Name: "saran"}, "user", User},
		{"a user is not the same in another case", Caller{Name: "Saran"}, "default", Default},
		{"user with domain", Caller{Name: `DENVER\saran`}, "user in domain", User},
		{"domain", Caller{Name: `denver\bob`}, "domain", Realm},
		{"a user of a realm is not the user without", Caller{Name: "saran@corp.example"}, "realm", Realm},
		{"nothing matches", Caller{Name: "bob@elsewhere.example"}, "default", Default},
		{"no name at all", Caller{}, "default", Default},
	} {
		d, kind, ok := table().Find(tt.caller)
		if !ok || d.Endpoints[0] != tt.want || kind != tt.kind {
			t.Errorf("%s: %v by %v", tt.name, d.Endpoints, kind)
		}
	}
	if d, _, ok := New(Options{Users: map[string]Destination{"": to("nobody")}}).Find(Caller{}); ok {
		t.Errorf("without a rule that matches: %v", d)
	}
}

func TestOrderIsTheOperators(t *testing.T) {
	d, kind, _ := table(User, Number).Find(Caller{Called: "5551212", Name: "saran"})
	if kind != User || d.Endpoints[0] != "user" {
		t.Errorf("%v by %v", d.Endpoints, kind)
	}
	if d, _, ok := table(User, Number).Find(Caller{Name: "bob"}); ok {
		t.Errorf("default is not in the order, and answered %v", d)
	}
}

func TestAtRingOnlyWhenTheNumberDecides(t *testing.T) {
	if d, ok := table().AtRing(Caller{Called: "5551212"}); !ok || d.Endpoints[0] != "called" {
		t.Errorf("%v, %v", d, ok)
	}
	if _, ok := table().AtRing(Caller{Called: "5550000"}); ok {
		t.Error("a number without a rule decided")
	}
	if _, ok := table(User, Number).AtRing(Caller{Called: "5551212"}); ok {
		t.Error("the number decided although names are asked first")
	}
}
