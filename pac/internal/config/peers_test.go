package config

import (
	"maps"
	"testing"
)

// Each PNS and host has one place, whatever it is called and however it is spelt.
func TestPeers(t *testing.T) {
	c, err := Parse("pac.toml", []byte(least+`
[[user]]
name   = "a"
tunnel = ["192.0.2.1:01723", "192.0.2.1:1724", "PNS.Example.", "pns.example:1723"]
[[user]]
name   = "b"
tunnel = ["192.0.2.60:1723", "denver", "Macon.example"]
[[user]]
name = "c"
host = ["tcp://LocalHost:23", "telnet://127.0.0.1:23"]
[[pns]]
name    = "denver"
at      = "192.0.2.60"
connect = "192.0.2.7"
[[pns]]
name = "macon"
at   = "macon.example:1723"
`))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"192.0.2.1": "192.0.2.1:1723", "192.0.2.1:01723": "192.0.2.1:1723", "192.0.2.1:1724": "192.0.2.1:1724",
		"PNS.Example.": "pns.example:1723", "pns.example:1723": "pns.example:1723",
		"denver": "192.0.2.7:1723", "192.0.2.60": "192.0.2.7:1723",
		"macon": "macon.example:1723", "macon.example:1723": "macon.example:1723",
		"tcp://LocalHost:23": "tcp://127.0.0.1:23", "telnet://127.0.0.1:23": "tcp://127.0.0.1:23",
	}
	if got := c.Peers(); !maps.Equal(got, want) {
		t.Errorf("got\n%v, want\n%v", got, want)
	}
}
