package exchange

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseCommands(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []command
	}{
		{"", nil},
		{"Z", []command{{name: "Z"}}},
		{"e0 v1", []command{{name: "E"}, {name: "V", n: 1}}},
		{"&F1", []command{{name: "&F", n: 1}}},
		{"S0=0&C1&D2", []command{{name: "S", op: '=', value: "0"}, {name: "&C", n: 1}, {name: "&D", n: 2}}},
		{"S12?S7=60", []command{{name: "S", n: 12, op: '?'}, {name: "S", n: 7, op: '=', value: "60"}}},
		{"S7=", []command{{name: "S", n: 7, op: '='}}},
		{`\N3%C0*B-J`, []command{{name: `\N`, n: 3}, {name: "%C"}, {name: "*B"}, {name: "-J"}}},
		{"+VCID=1;E1", []command{{name: "+VCID", op: '=', value: "1"}, {name: "E", n: 1}}},
		{"+FCLASS?", []command{{name: "+FCLASS", op: '?'}}},
		{"+FCLASS=?", []command{{name: "+FCLASS", op: '=', value: "?"}}},
		{"#CID=1", []command{{name: "#CID", op: '=', value: "1"}}},
		{"M0DT 555-12,12W@", []command{{name: "M"}, {name: "D", value: "T555-12,12W@"}}},
		{"DP5551212;H", []command{{name: "D", value: "P5551212;H"}}},
	} {
		got, err := parseCommands(tt.line)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: %+v, %v, want %+v", tt.line, got, err, tt.want)
		}
	}
}

func TestParseCommandsRefuses(t *testing.T) {
	for _, line := range []string{"!", "&", "&1", "1", "S", "S0", "S0E1", "S10000?", "E99999", "+", "+=1", "+VC-ID", "+VCID?1", "\xff", "Z?", "\\"} {
		if got, err := parseCommands(line); err == nil {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

// lines are the command lines in what a DTE sent.
func lines(s string) (got []string) {
	p := factory()
	var l commandLine
	for i := range len(s) {
		switch ready, repeat := l.push(s[i], &p); {
		case repeat:
			got = append(got, "A/")
		case ready && l.overrun:
			got = append(got, "too long")
		case ready:
			got = append(got, string(l.body))
		}
	}
	return got
}

func TestCommandLine(t *testing.T) {
	long := strings.Repeat("E1", 200)
	for _, tt := range []struct {
		sent string
		want []string
	}{
		{"ATZ\r", []string{"Z"}},
		{"\r\natz\r\n", []string{"z"}},
		{"AT\r", []string{""}},
		{"AT", nil},
		{"Z\r", nil},
		{"~\xff}#\xc0!}!\r", nil},
		{"login: AATZ\r", []string{"Z"}},
		{"ATE\b\b\bV1\r", []string{"V1"}},
		{"AT\x00E\x031\r", []string{"E1"}},
		{"A/a/", []string{"A/", "A/"}},
		{"A\rT\rATE1\rATV1\r", []string{"E1", "V1"}},
		{"AT" + long + "\rATZ\r", []string{"too long", "Z"}},
	} {
		if got := lines(tt.sent); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%.30q: %q, want %q", tt.sent, got, tt.want)
		}
	}
}

func FuzzAT(f *testing.F) {
	for _, s := range []string{"ATZ\r", "at&f1s0=1+vcid=1;#cid?\\N3\r", "A/", "ATDT555-1212;\r", "ATS255=999\r", "AT+FCLASS=?\r", "~\xff}#\xc0!"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, line := range lines(s) {
			if len(line) > maxCommand {
				t.Fatalf("a line of %d characters", len(line))
			}
			commands, err := parseCommands(line)
			if err != nil {
				continue
			}
			for _, c := range commands {
				if c.name == "" || c.n < 0 || c.n > 9999 {
					t.Fatalf("%q: %+v", line, c)
				}
			}
		}
		// A modem without a call survives every line, and never grows.
		m := newModem(&Line{exchange: &Exchange{}, stored: factory()})
		for i := range len(s) {
			if c := s[i] &^ 0x20; c == 'D' || c == 'A' && m.typing.state == 'T' {
				continue // calls need a network
			}
			m.character(s[i])
		}
		if len(m.pending) > maxPending {
			t.Fatalf("%d octets pending", len(m.pending))
		}
	})
}
