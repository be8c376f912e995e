//go:build netns

package testbed

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// A PNS behind a NAT router opens the control connection, and the PAC brings calls on
// it. Either end is killed and comes back; while there is no connection both say so.
func TestPNSOpens(t *testing.T) {
	n := newNATted(t)
	for _, b := range Blocks(t, "nat.md") {
		if b.Name == "masquerade" {
			n.router.NFT(b.Text)
		}
	}
	pns := n.inside(1)
	of := map[string]any{"Dir": n.Dir, "Over": "udp", "Listen": "0.0.0.0:1723", "More": "opens = \"pns\"\nfrom = [\"203.0.113.2\"]",
		"Opens": "opens = \"pns\"\nconnect = \"203.0.113.1\""}
	pac := n.Start(n.outside, "pac", natPAC, of)

	const absent = "denver: the PNS opens the control connection, and there is none now"
	if d := <-n.call(t.Context()); d.err == nil {
		t.Fatal("a call works that nobody can take")
	}
	if c := n.Calls(n.outside, "pac"); len(c) != 1 || !strings.Contains(c[0].Text, absent) {
		t.Errorf("pac remembers %+v, want %q", c, absent)
	}
	n.says(n.outside, "pac", `"state": "down"`, `"opened_by": "peer"`)
	n.finds(n.outside, "pac", "PNS denver, control connection: the PNS opens it and has not")

	server := n.serve(pns, of)
	n.opened(pns)
	n.reaches(n.call(t.Context()))
	n.finds(n.outside, "pac", "nothing wrong")
	n.finds(pns, "pns", "nothing wrong")

	server.Kill()
	pac.Logged("call ended", "control-lost")
	n.says(n.outside, "pac", `"state": "down"`)
	n.serve(pns, of)
	n.opened(pns)
	n.reaches(n.call(t.Context()))

	pac.Kill()
	Until(t, "the PNS has no connection, and says why", func() bool {
		return containsAll(n.Ask(pns, "pns", "status", "--json"), []string{`"state": "down"`, `"opened_by": "us"`, "connection refused"})
	})
	n.finds(pns, "pns", "PAC atlanta (203.0.113.1:1723), TCP: TCP port 1723 is closed there: start the PAC")
	n.Start(n.outside, "pac", natPAC, of)
	n.opened(pns)
	n.reaches(n.call(t.Context()))
}

// opened waits until both ends have the control connection that the PNS opens.
func (n *natted) opened(pns *Host) {
	n.T.Helper()
	for h, program := range map[*Host]string{n.outside: "pac", pns: "pns"} {
		Until(n.T, program+" has the control connection", func() bool {
			return strings.Contains(n.Ask(h, program, "status", "--json"), `"state": "established"`)
		})
	}
	n.says(n.outside, "pac", `"opened_by": "peer"`)
	n.says(pns, "pns", `"opened_by": "us"`)
}

// says looks for words in what a program's status shows.
func (n *natted) says(h *Host, program string, words ...string) {
	n.T.Helper()
	status := n.Ask(h, program, "status", "--json")
	if !containsAll(status, words) {
		n.T.Errorf("%s status has not all of %q:\n%s", program, words, status)
	}
}

// finds looks for words in what a program's doctor finds.
func (n *natted) finds(h *Host, program, words string) {
	n.T.Helper()
	file := filepath.Join(n.Dir, fmt.Sprintf("%s-%s.toml", h.name, program))
	out, _ := h.Command(filepath.Join(n.Bin, program), "doctor", "-c", file).CombinedOutput() // with a finding its status is 1
	if !strings.Contains(string(out), words) {
		n.T.Errorf("%s doctor does not say %q:\n%s", program, words, out)
	}
}
