package rules

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/pptp"
)

// puppets are the PNSs of the table, by what they answer; nil: nobody listens.
var puppets = map[string]*puppet{
	"no PPTP there":                       nil,
	"Start-Control-Connection-Reply 4":    {admits: errors.New("no")},
	"Incoming-Call-Reply 2 (No-Resource)": {result: uint8(pptp.IncomingGeneralError), code: pptp.NoResource},
	"Incoming-Call-Reply 3":               {result: uint8(pptp.IncomingDoNotAccept)},
}

func TestReferenceOfPAC(t *testing.T) {
	s := startSwitchboard(t)
	requested(tableOf(t, "### What pac asks for in LCP"), func(t *testing.T, setting string) cp.Packet {
		return s.call(t, "").request(ppp.LCP)
	})
	tableOf(t, "### Which method pac asks for").each(func(t *testing.T, row map[string]string) {
		refused(s.call(t, ""), row)
	})
	tableOf(t, "### What a caller hears without a PNS").each(func(t *testing.T, row map[string]string) {
		p, known := puppets[row["PNS"]]
		if !known {
			t.Fatalf("what is %q?", row["PNS"])
		}
		s := startSwitchboard(t) // which leaves a PNS that failed alone for a while
		if p != nil {
			p.start(t, s.at)
		}
		method, err := auth.ParseMethod(code(row["method"]))
		if err != nil {
			t.Fatal(err)
		}
		login := sara()
		login.Allow = []auth.Method{method}
		k := s.call(t, "")
		k.login(login)
		for h := k.hear(); h != nil && (h.protocol != ppp.LCP || h.packet.Code != cp.TerminateRequest); h = k.hear() {
		}
		if got := strings.ReplaceAll(conversation(t, k), s.at.String(), "ADDRESS"); got != plain(row["hears"]) {
			t.Errorf("heard %s\nthe reference says %s", got, row["hears"])
		}
	})
	// What holds for both programs.
	plainRows := func(title string) table {
		a := tableOf(t, title)
		a.rows = slices.DeleteFunc(a.rows, func(row map[string]string) bool { return row["with"] != "" })
		return a
	}
	plainRows("### Options of LCP").each(func(t *testing.T, row map[string]string) { optionOfLCP(s.call(t, ""), row) })
	plainRows("### Other packets of LCP").each(func(t *testing.T, row map[string]string) { packetOfLCP(s.call(t, ""), row) })
	plainRows("## Protocols").each(func(t *testing.T, row map[string]string) {
		k := s.call(t, "")
		k.establish()
		ofProtocol(k, row, "Authenticate")
	})
}
