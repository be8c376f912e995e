//go:build netns

package testbed

import (
	"fmt"
	"path/filepath"
)

// callsOut are the ways of a PNS that calls others: as a client of the office's
// server from the POP, and from the office at a PAC of the POP that dials for it,
// which is started here.
func (c *clinic) callsOut() []ailment {
	switchboard := fmt.Sprintf("name = \"macon\"\nsocket = %q\nlisten = \"0.0.0.0:1723\"\n[[bank]]\nname = \"courier\"\nports = [%q]\n"+
		"[[pns]]\nname = \"denver\"\nat = \"198.51.100.7\"\nfrom = [\"198.51.100.7\"]\ndial = [\"5551212\"]\n[default]\ntunnel = [\"denver\"]\n",
		filepath.Join(c.dir, "macon.sock"), c.modem())
	Start(c.pop, filepath.Join(c.bin, "pac"), "run", "-c", c.file("running pac", switchboard)).Logged("ready")
	client := func(to string) string {
		c.ports++
		return fmt.Sprintf("name = \"boston\"\nsocket = %q\nlisten = \"127.0.0.1:%d\"\n[[dial]]\nname = \"denver\"\nto = [%q]\nuser = \"boston\"\npassword = \"x\"\n",
			filepath.Join(c.dir, "no.sock"), c.ports, to)
	}
	dialling := func(connect string) string {
		c.ports++
		return fmt.Sprintf("name = \"denver\"\nsocket = %q\nlisten = \"127.0.0.1:%d\"\n[[pac]]\nname = \"macon\"\nfrom = [\"192.0.2.1\"]\nconnect = %q\n"+
			"[lan]\naddresses = [\"2.1.1.129\"]\n[[user]]\nname = \"saran\"\npassword = \"x\"\n", filepath.Join(c.dir, "no.sock"), c.ports, connect)
	}
	return []ailment{
		{name: "a good client", program: "pns", text: client("198.51.100.7")},
		{name: "a client without privilege", program: "pns", text: client("198.51.100.7"), before: []string{"setpriv", "--bounding-set=-net_raw"},
			about: "privileges", want: "GRE needs the privilege CAP_NET_RAW: run as root or give it to the program"},
		{name: "no server", program: "pns", text: client("198.51.100.7:1724"), about: "dial denver 198.51.100.7:1724, TCP",
			want: "TCP port 1724 is closed there: start the server, or correct its address"},
		{name: "a client's TCP filtered", program: "pns", text: client("198.51.100.8"), about: "dial denver 198.51.100.8:1723, TCP",
			want: "nothing answers at TCP port 1723 within 5s: let a firewall"},
		{name: "a client's GRE filtered", program: "pns", text: client("198.51.100.9"), about: "dial denver 198.51.100.9:1723, GRE",
			want: "TCP passes, but no answer comes to GRE packets: let every firewall and NAT router on the way pass IP protocol 47"},
		{name: "a client's GRE filtered one way", program: "pns", text: client("198.51.100.13"), about: "dial denver 198.51.100.13:1723, GRE",
			want: "TCP passes, but the server is heard and does not hear GRE packets"},
		{name: "a client's GRE refused", program: "pns", text: client("198.51.100.11"), about: "dial denver 198.51.100.11:1723, GRE",
			want: "TCP passes, but 192.0.2.254 says: protocol unreachable, to GRE packets"},
		{name: "a client's path MTU", program: "pns", text: client("198.51.100.10"), about: "dial denver 198.51.100.10:1723, path MTU",
			want: "packets of 1440 octets do not come through, those of 1200 do: let ICMP"},
		{name: "a client that is a stranger", program: "pns", text: client("198.51.100.12"), about: "dial denver 198.51.100.12:1723, PPTP",
			want: "the server refuses this client"},
		{name: "a client of what is no server", program: "pns", text: client("198.51.100.7:1733"), about: "dial denver 198.51.100.7:1733, PPTP",
			want: "the server takes no call (call refused: "},
		{name: "a PNS that has numbers dialled", host: c.office, program: "pns", text: dialling("192.0.2.1")},
		{name: "no PAC that dials", host: c.office, program: "pns", text: dialling("192.0.2.1:1724"), about: "PAC macon (192.0.2.1:1724), TCP",
			want: "TCP port 1724 is closed there: start the PAC, or correct its address"},
		{name: "a PAC that dials for others", program: "pns", text: dialling("192.0.2.1"), about: "PAC macon (192.0.2.1:1723), PPTP",
			want: "the PAC refuses this PNS (control connection refused: "},
	}
}
