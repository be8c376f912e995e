//go:build netns

package testbed

import (
	"fmt"
	"strings"
	"testing"
)

// A filter that drops what calls need is named by the doctor, and one that lets
// them pass is not: rules as people and programs write them.
func TestDoctorOfAFirewall(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	file := c.file("filtered", c.pns(officeLAN+"[lan.tun]\nname = \"callers0\"\n", "listen = \"0.0.0.0:1723\"\n"))
	const (
		established = "ct state established,related accept; "
		loopback    = "iif lo accept; "
		up          = "may drop what callers send to the LAN: let callers0 pass there both ways, as by `nft insert rule inet f forward iifname \"callers0\" accept`"
		down        = "may drop what answers callers: let callers0 pass there both ways, as by `nft insert rule inet f forward oifname \"callers0\" ct state established,related accept`"
		tcp         = "may drop TCP port 1723, which brings calls: let it pass there, as by `nft insert rule inet f input tcp dport 1723 accept`"
		gre         = "may drop GRE, IP protocol 47, which brings calls: let it pass there, as by `nft insert rule inet f input ip protocol gre accept`"
	)
	forward := func(policy, rules string, more ...string) string {
		return fmt.Sprintf("table inet f { %s\nchain forward { type filter hook forward priority 0; policy %s; %s\n}\n}", strings.Join(more, "\n"), policy, rules)
	}
	raw := func(hook, rules string) string {
		return fmt.Sprintf("table ip raw { chain %[1]s { type filter hook %[1]s priority raw; %s\n}\n}", hook, rules)
	}
	at := func(hook, what, does, rule string) string {
		return fmt.Sprintf("the nftables chain ip raw %s may drop %s, which %s: let it pass there, as by `nft insert rule ip raw %[1]s %[4]s accept`", hook, what, does, rule)
	}
	theirs := "{ 2.1.1.129/32, 2.1.1.130/31, 2.1.1.132/30, 2.1.1.136/29, 2.1.1.144/28, 2.1.1.160/28, 2.1.1.176/29, 2.1.1.184/30, 2.1.1.188/31, 2.1.1.190/32 } accept"
	rawUp := "the nftables chain ip raw prerouting may drop what callers send to the LAN: let callers0 pass there both ways, as by `nft insert rule ip raw prerouting ip saddr " + theirs + "`"
	rawDown := "the nftables chain ip raw postrouting may drop what answers callers: let callers0 pass there both ways, as by `nft insert rule ip raw postrouting ip daddr " + theirs + "`"
	input := func(policy, rules string) string {
		return fmt.Sprintf("table inet f { chain input { type filter hook input priority 0; policy %s; %s\n}\n}", policy, rules)
	}
	for name, tt := range map[string]struct {
		ruleset string
		want    []string // what the findings say
	}{
		"none": {"", nil},
		"Debian's": {"table inet filter { chain input { type filter hook input priority filter; }\nchain forward { type filter hook forward priority filter; }\n" +
			"chain output { type filter hook output priority filter; }\n}", nil},
		"nothing forwarded":           {forward("drop", ""), []string{up}},
		"nothing forwarded, by rule":  {forward("accept", "ct state invalid drop; reject"), []string{up}},
		"answers only":                {forward("drop", established), []string{up}},
		"no answers":                  {forward("drop", "iifname callers0 accept"), []string{down}},
		"callers":                     {forward("drop", established+"iifname \"callers*\" accept"), nil},
		"callers' ports":              {forward("drop", established+"iifname callers0 tcp dport { 80, 443 } accept"), nil},
		"one host for callers":        {forward("drop", established+"iifname callers0 ip daddr 2.1.1.10 accept"), nil},
		"callers, by a set":           {forward("drop", established+"iifname { eth7, callers0 } accept"), nil},
		"others, by a set":            {forward("drop", established+"iifname { eth7, eth8 } accept"), []string{up}},
		"callers, two at a time":      {forward("drop", established+"iifname . oifname { callers0 . lan } accept"), nil},
		"their addresses":             {forward("drop", established+"ip saddr 2.1.1.128/25 accept"), nil},
		"their addresses, in a range": {forward("drop", established+"ip saddr { 192.168.0.0/16, 2.1.1.100-2.1.1.200 } accept"), nil},
		"other addresses":             {forward("drop", established+"ip saddr { 192.168.0.0/16, 10.0.0.0-10.0.0.9 } accept"), []string{up}},
		"all towards the LAN":         {forward("drop", established+"oifname lan accept"), nil},
		"ping alone":                  {forward("drop", established+"meta l4proto { icmp, icmpv6 } accept"), []string{up}},
		"another interface":           {forward("drop", established+"iifname eth7 accept; oifname callers0 accept"), []string{up}},
		"one server of ours":          {forward("drop", established+"oifname lan ip daddr 2.1.1.10 tcp dport 80 accept"), []string{up}},
		"a map of states, a chain of interfaces": {forward("drop", "ct state vmap { established : accept, related : accept, invalid : drop }; iifname vmap { eth7 : jump them, callers0 : jump us }",
			"chain them { drop\n }", "chain us { tcp dport 25 reject; accept\n }"), nil},
		"a map of states, a chain of others": {forward("drop", "ct state vmap { established : accept, related : accept, invalid : drop }; iifname vmap { eth7 : jump us, callers0 : jump them }",
			"chain them { tcp dport 25 accept comment \"mail\"; return; }", "chain us { accept; }"), nil},
		"callers sent away": {forward("accept", "iifname callers0 goto them; accept", "chain them { drop; }"), []string{up}},
		"a zone of firewalld's": {forward("accept", "ct state { established, related } accept; ct status dnat accept; iifname lo accept; jump zones; reject with icmpx admin-prohibited",
			"chain zones { iifname eth7 accept; }"), []string{up}},
		"Docker's": {`table ip filter {
	chain DOCKER { ip daddr 172.17.0.2 iifname != "docker0" oifname "docker0" tcp dport 80 accept; }
	chain DOCKER-ISOLATION-STAGE-1 { iifname "docker0" oifname != "docker0" jump DOCKER-ISOLATION-STAGE-2; return; }
	chain DOCKER-ISOLATION-STAGE-2 { oifname "docker0" drop; return; }
	chain DOCKER-USER { return; }
	chain FORWARD { type filter hook forward priority filter; policy drop;
		jump DOCKER-USER; jump DOCKER-ISOLATION-STAGE-1
		oifname "docker0" ct state related,established accept; oifname "docker0" jump DOCKER
		iifname "docker0" oifname != "docker0" accept; iifname "docker0" oifname "docker0" accept
	}
}`, []string{"the nftables chain ip filter FORWARD may drop what callers send to the LAN: let callers0 pass"}},
		"no input":                 {input("drop", loopback), []string{tcp, gre}},
		"SSH alone":                {input("drop", loopback+established+"tcp dport { 22, 80 } accept"), []string{tcp}},
		"PPTP":                     {input("drop", loopback+established+"tcp dport { 22, 1723 } accept; ip protocol gre accept"), nil},
		"PPTP at our own address":  {input("drop", loopback+"ip daddr 198.51.100.7 tcp dport 1700-1800 accept; ip protocol gre accept"), nil},
		"PPTP from a PAC":          {input("drop", established+"ip saddr 192.0.2.1 accept"), nil},
		"GRE dropped":              {input("accept", "ip protocol gre drop"), []string{gre}},
		"GRE before it is routed":  {raw("prerouting", "ip protocol gre drop"), []string{at("prerouting", "GRE, IP protocol 47", "brings calls", "ip protocol gre")}},
		"GRE that leaves":          {raw("output", "ip protocol gre drop"), []string{at("output", "GRE, IP protocol 47", "answers calls", "ip protocol gre")}},
		"GRE after it was routed":  {raw("postrouting", "ip protocol gre drop"), []string{at("postrouting", "GRE, IP protocol 47", "answers calls", "ip protocol gre")}},
		"answers of PPTP":          {raw("output", "tcp sport 1723 drop"), []string{at("output", "TCP port 1723", "answers calls", "tcp sport 1723")}},
		"PPTP of our own":          {raw("output", "tcp dport 1723 drop"), nil},
		"GRE to one PAC":           {raw("output", "ip daddr 192.0.2.66 ip protocol gre drop"), nil},
		"output by a mark":         {"table ip m { chain o { type route hook output priority mangle; ip protocol gre drop; }\n}", []string{"the nftables chain ip m o may drop GRE, IP protocol 47, which answers calls: "}},
		"callers before routing":   {raw("prerouting", "iifname callers0 drop"), []string{rawUp}},
		"callers, let pass":        {raw("prerouting", "ip saddr "+theirs+"; iifname callers0 drop"), nil},
		"answers after routing":    {raw("postrouting", "oifname callers0 drop"), []string{rawDown}},
		"answers, let pass":        {raw("postrouting", "ip daddr "+theirs+"; oifname callers0 drop"), nil},
		"states before they are":   {raw("prerouting", "ct state established accept; ct state new accept; ct state invalid drop; drop"), nil},
		"no states on the way out": {"table inet f { chain output { type filter hook output priority 0; policy drop; ct state established accept; oif lo accept; }\n}", nil},
		"a filter of what leaves": {"table inet f { chain output { type filter hook output priority 0; policy drop; udp dport { 53, 123 } accept; oif lo accept; }\n}",
			[]string{"the nftables chain inet f output may drop TCP port 1723, which answers calls: ", "the nftables chain inet f output may drop GRE, IP protocol 47, which answers calls: "}},
		"a reverse path":   {"table inet f { chain pre { type filter hook prerouting priority raw + 10; meta nfproto ipv6 fib saddr . iif oif missing drop; fib saddr . mark . iif oif missing drop; }\n}", nil},
		"GRE of strangers": {input("accept", "ip saddr != 192.0.2.1 ip protocol gre drop"), nil},
	} {
		c.sh(c.office, "nft flush ruleset\nnft -f - <<'end'\n"+tt.ruleset+"\nend")
		d := c.doctor(c.office, "pns", file)
		wrong := len(d.Findings) != len(tt.want)
		for i := 0; !wrong && i < len(tt.want); i++ {
			wrong = d.Findings[i].About != "firewall" || !strings.Contains(d.Findings[i].Text, tt.want[i])
		}
		if wrong || len(d.Notes) > 0 {
			t.Errorf("%s: %q, %v\nwant %q", name, d.Findings, d.Notes, tt.want)
		}
	}
}
