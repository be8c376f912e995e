package users

import (
	"reflect"
	"testing"

	"carrier/shared/ppp/cbcp"
)

func TestCallbackNumber(t *testing.T) {
	fixed := Callback{ToNumber, []string{"5551212"}, true}
	list := Callback{ToList, []string{"5551212", "5551213"}, true}
	free := Callback{ToCaller, []string{"555*", "030*"}, false}
	for _, tt := range []struct {
		what   string
		c      Callback
		choice cbcp.Choice
		want   string
		err    string
	}{
		{"set", fixed, cbcp.Choice{Type: cbcp.Fixed}, "5551212", ""},
		{"said, and the same", fixed, cbcp.Choice{Type: cbcp.Caller, Number: "555-1212"}, "5551212", ""},
		{"said, and another", fixed, cbcp.Choice{Type: cbcp.Caller, Number: "5551213"}, "", "you are not called back at 5551213"},
		{"said, and a pattern elsewhere", Callback{ToNumber, []string{"*67*"}, true}, cbcp.Choice{Type: cbcp.Caller, Number: "*675551213"}, "", "you are not called back at *675551213"},
		{"skipped", fixed, cbcp.Choice{Type: cbcp.None}, "", "you must be called back"},
		{"of the list", list, cbcp.Choice{Type: cbcp.List, Number: "5551213"}, "5551213", ""},
		{"not of the list", list, cbcp.Choice{Type: cbcp.List, Number: "5551214"}, "", "you are not called back at 5551214"},
		{"by who she is, with a list", list, cbcp.Choice{Type: cbcp.Fixed}, "", "no number is set for you: say one"},
		{"permitted", free, cbcp.Choice{Type: cbcp.Caller, Number: "(030) 555 12"}, "03055512", ""},
		{"not permitted", free, cbcp.Choice{Type: cbcp.Caller, Number: "0900 666"}, "", "you are not called back at 0900 666"},
		{"dials on behind a permitted one", free, cbcp.Choice{Type: cbcp.Caller, Number: "555W0900666"}, "", "you are not called back at 555W0900666"},
		{"begins as one, to the eye", free, cbcp.Choice{Type: cbcp.Caller, Number: "T555"}, "", "you are not called back at T555"},
		{"by who she is, where she must say", free, cbcp.Choice{Type: cbcp.Fixed}, "", "no number is set for you: say one"},
		{"no, thank you", free, cbcp.Choice{Type: cbcp.None}, "", ""},
		{"none for her", Callback{}, cbcp.Choice{Type: cbcp.Caller, Number: "5551212"}, "", "you are not called back"},
		{"none for her, and none wanted", Callback{}, cbcp.Choice{Type: cbcp.None}, "", ""},
	} {
		got, err := tt.c.Number(tt.choice)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != tt.want || text != tt.err {
			t.Errorf("%s: %q, %q", tt.what, got, text)
		}
	}
}

func TestCallbackOffer(t *testing.T) {
	numbers := []string{"5551212"}
	for _, tt := range []struct {
		c    Callback
		want cbcp.Offer
	}{
		{Callback{}, cbcp.Offer{None: true}},
		{Callback{ToNumber, numbers, true}, cbcp.Offer{Fixed: true}},
		{Callback{ToNumber, numbers, false}, cbcp.Offer{None: true, Fixed: true}},
		{Callback{ToList, numbers, true}, cbcp.Offer{List: numbers}},
		{Callback{ToCaller, numbers, false}, cbcp.Offer{None: true, Caller: true}},
	} {
		if got := tt.c.Offer(); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v: %+v", tt.c, got)
		}
	}
}

func TestCallbackKinds(t *testing.T) {
	for _, k := range []CallbackKind{NoCallback, ToNumber, ToList, ToCaller} {
		if got, err := ParseCallbackKind(k.String()); err != nil || got != k {
			t.Errorf("%v: %v, %v", k, got, err)
		}
	}
	if _, err := ParseCallbackKind("always"); err == nil || err.Error() != `"always" is none of none, number, list, caller` {
		t.Errorf("%v", err)
	}
}
