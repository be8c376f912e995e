package exchange

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Chip is whose modem a line has: what it says of itself and, after a call, of
// the call.
type Chip string

// The chips. Generic says little, as an emulator does.
const (
	Generic  Chip = ""
	USR      Chip = "usr"
	Conexant Chip = "conexant"
	Lucent   Chip = "lucent"
	ZyXEL    Chip = "zyxel"
)

// Chips lists all but Generic.
func Chips() []string { return []string{string(USR), string(Conexant), string(Lucent), string(ZyXEL)} }

func (c Chip) check() error {
	switch c {
	case Generic, USR, Conexant, Lucent, ZyXEL:
		return nil
	}
	return fmt.Errorf("%q is no chip: use %s", string(c), strings.Join(Chips(), ", "))
}

// A past is what a modem remembers of its last call.
type past struct {
	rate           int
	began, ended   time.Time
	sent, received int  // octets
	lost           bool // the carrier went, or the other side hung up
}

// identities are the answers to what modem this is.
var identities = map[Chip]map[string]string{
	USR:      {"I0": "5601", "I3": "U.S. Robotics 56K FAX EXT V4.11.2", "I7": "Configuration Profile..."},
	Conexant: {"I0": "56000", "I3": "CX93001-EIS_V0.2013-V92", "+GMI": "CONEXANT", "+GMM": "V90"},
	Lucent:   {"I0": "LT V.92 Data+Fax Modem Version 8.31", "I3": "LT V.92 1.0 Data+Fax Modem Version 8.31", "+GMI": "Agere Systems"},
	ZyXEL:    {"I0": "1496", "I3": "ZyXEL U-1496E V6.22"},
}

// chipSays is the chip's answer to a command; nil: it has none of its own.
func (m *modem) chipSays(name string) []string {
	chip := m.line.chip
	if id, ok := identities[chip][name]; ok {
		return []string{id}
	}
	switch {
	case chip == USR && name == "I6":
		return m.past.usrLinks()
	case chip == USR && name == "I11":
		return m.past.usrLevels()
	case chip == ZyXEL && name == "I2":
		return m.past.zyxel()
	case chip == Lucent && name == "I11":
		return m.past.lucent()
	case chip == Conexant && name == "#UD":
		return m.past.unimodem()
	}
	return nil
}

// cause is why the call ended, in one of two words.
func (p past) cause(lost, hungUp string) string {
	if p.lost {
		return lost
	}
	return hungUp
}

func (p past) lasted() string {
	return time.Time{}.Add(p.ended.Sub(p.began)).Format(time.TimeOnly)
}

// usrLinks is ATI6 of U.S. Robotics.
func (p past) usrLinks() []string {
	two := func(a string, n int, b string, k int) string {
		return fmt.Sprintf("%-20s %10d      %-20s %10d", a, n, b, k)
	}
	return []string{"U.S. Robotics 56K FAX EXT Link Diagnostics...", "",
		two("Chars sent", p.sent, "Chars Received", p.received), fmt.Sprintf("%-20s %10d", "Chars lost", 0),
		two("Octets sent", p.sent, "Octets Received", p.received), two("Blocks sent", p.sent/128, "Blocks Received", p.received/128),
		fmt.Sprintf("%-20s %10d", "Blocks resent", 0), "",
		two("Retrains Requested", 1, "Retrains Granted", 0), two("Line Reversals", 0, "Blers", 0), two("Link Timeouts", 0, "Link Naks", 0), "",
		"Data Compression       V42BIS 2048/32", "Equalization           Long", "Fallback               Enabled", "Protocol               LAPM/SREJ",
		fmt.Sprintf("Speed                  %d/%d", p.rate, p.rate), "Last Call              " + p.lasted(), "",
		"Disconnect Reason is " + p.cause("Loss of carrier", "DTR dropped")}
}

// usrLevels is ATI11 of U.S. Robotics.
func (p past) usrLevels() []string {
	return []string{"U.S. Robotics 56K FAX EXT Link Diagnostics...", "", "Modulation                           V.34",
		"Recv/Xmit Level (-dBm)              21/10", "SNR              (dB)                  36", "Speed Shifts Up/Down                  0/1"}
}

// zyxel is ATI2 of ZyXEL.
func (p past) zyxel() []string {
	return []string{"ZyXEL U-MODEM LINK STATUS REPORT",
		fmt.Sprintf("Chars Sent      %12d   Chars Received    %12d", p.sent, p.received),
		fmt.Sprintf("Octets Sent     %12d   Octets Received   %12d", p.sent, p.received),
		"Blocks Resent              0   Max Outstanding              8", "Max Block Size           256   Retrain Requested            1",
		"Link Duration              1   Retrain Granted              0", "Last Speed/Protocol   Connect " + strconv.Itoa(p.rate) + "/ARQ/V42b",
		"Disconnect Reason     " + p.cause("Carrier Lost", "Local Hang Up")}
}

// lucent is ATI11 of Lucent, without its pages.
func (p past) lucent() []string {
	return []string{"    Description                  Status", "    ---------------             ------------", "Last Connection             V.34",
		fmt.Sprintf("Final   Transmit Carrier Rate %d", p.rate), fmt.Sprintf("Final   Receive  Carrier Rate %d", p.rate),
		"Protocol Negotiation Result LAPM", "Receive  Signal Power Level (-dBm) 21", "Retrain by Local  Modem     1", "Retrain by Remote Modem     0",
		"Call Termination Cause      " + p.cause("1", "0")}
}

// unimodem is AT#UD, hexadecimal.
func (p past) unimodem() []string {
	return []string{"DIAG <2A4D3263 0=10 1=8>", "DIAG <2A4D3263 10=15 12=39 20=C 21=C>",
		fmt.Sprintf("DIAG <2A4D3263 31=0 32=1 33=0 34=%X 35=%X>", p.rate, p.rate),
		fmt.Sprintf("DIAG <2A4D3263 52=%X 53=%X 58=0>", p.sent, p.received), "DIAG <2A4D3263 60=" + p.cause("3C", "0") + ">"}
}
