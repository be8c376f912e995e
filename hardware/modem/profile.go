package modem

import (
	"strings"

	"carrier/shared/record"
)

// A Profile is what makers of modems did in their own way.
type Profile struct {
	Name string
	// marks are words of the modem's answers to identify it, in capitals.
	marks []string
	// Init brings the modem to what a bank wants: the maker's settings with
	// RTS/CTS, DCD that follows the carrier, DTR that hangs up.
	Init []string
	// callerID are commands that ask for caller id; the first that the modem
	// knows is enough. None: it has none.
	callerID []string
	// direct: what it calls a line is a network, as fast as its port.
	direct bool
	// busyOut is the command that takes the modem off hook; empty: there is none.
	busyOut string
	// report are commands that tell of the last call, read what they tell.
	report []string
	read   func(lines []string) record.LineReport
}

// Auto is the name under which the modem itself is asked what it is.
const Auto = "auto"

// offHook is the usual command for that (V.250 has only H0).
const offHook = "ATH1"

// usualID are the commands that most makers gave caller id (V.253 has the
// first).
var usualID = []string{"AT+VCID=1", "AT#CID=1"}

// hayes is what every modem can do.
var hayes = Profile{Name: "hayes", Init: []string{"ATZ"}, callerID: usualID, busyOut: offHook}

// profiles are the ones known; the first whose mark a modem says is its. Whoever
// makes modems of another's chips says both names: the maker comes first.
var profiles = []Profile{
	{Name: "usr", marks: []string{"U.S. ROBOTICS", "USROBOTICS", "US ROBOTICS", "COURIER", "SPORTSTER"},
		Init: []string{"AT&F1", "AT&C1&D2"}, callerID: []string{"AT#CID=1", "AT+VCID=1"},
		busyOut: offHook, report: []string{"ATI6", "ATI11"}, read: readUSR},
	{Name: "zyxel", marks: []string{"ZYXEL", "U-1496", "U-336", "OMNI "},
		Init: []string{"AT&F", "AT&C1&D2&H3"}, callerID: usualID, busyOut: offHook, report: []string{"ATI2"}, read: readUSR},
	{Name: "multitech", marks: []string{"MULTI-TECH", "MULTITECH", "MULTIMODEM", "MT5634", "MT9234", "MT5600"},
		Init: []string{"AT&F", "AT&C1&D2"}, callerID: usualID, busyOut: offHook, report: []string{"ATI11"}, read: readLucent},
	{Name: "lucent", marks: []string{"LUCENT", "AGERE", "LT V.", "VENUS", "APOLLO"},
		Init: []string{"AT&F", "AT&C1&D2"}, callerID: usualID, busyOut: offHook, report: []string{"ATI11"}, read: readLucent},
	{Name: "conexant", marks: []string{"CONEXANT", "ROCKWELL", "CX930", "CX880", "ACF2", "ACF3", "RCV", "RC336", "RC288", "-V90", "-V92"},
		Init: []string{"AT&F", "AT&C1&D2&K3W2"}, callerID: usualID, busyOut: offHook, report: []string{"AT#UD"}, read: readUnimodem},
	{Name: "cellular", marks: []string{"SIERRA", "QUECTEL", "SIMCOM", "HUAWEI", "TELIT", "U-BLOX", "CINTERION", "WAVECOM", "FIBOCOM", "ZTE"},
		Init: []string{"ATZ", "AT&C1&D2"}, callerID: []string{"AT+CLIP=1"}},
	{Name: "wifi", marks: []string{"ZIMODEM", "RETRO WIFI", "RETROWIFI", "WIFI232", "WIFI MODEM", "WIRSA", "ESP8266", "ESP32"},
		Init: []string{"ATZ"}, direct: true},
	hayes,
}

// ProfileNames lists what Options.Profile may be, Auto first.
func ProfileNames() []string {
	names := []string{Auto}
	for _, p := range profiles {
		names = append(names, p.Name)
	}
	return names
}

// byName finds a profile; hayes if there is none of that name.
func byName(name string) Profile {
	for _, p := range profiles {
		if p.Name == name {
			return p
		}
	}
	return hayes
}

// recognise finds the profile of a modem by what it says of itself.
func recognise(lines []string) (Profile, bool) {
	said := strings.ToUpper(strings.Join(lines, "\n"))
	for _, p := range profiles {
		for _, mark := range p.marks {
			if strings.Contains(said, mark) {
				return p, true
			}
		}
	}
	return hayes, false
}
