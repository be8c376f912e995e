package app

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"carrier/hardware/serial"
	"carrier/pac/internal/config"
)

// A machine has devices, by all their names; those of one letter are one.
type machine map[string]string

func (m machine) roster(t *testing.T) roster {
	ids := map[string]serial.ID{}
	for _, letter := range m {
		if _, ok := ids[letter]; !ok {
			ids[letter] = realID(t, len(ids))
		}
	}
	return roster{
		expand: func(pattern string) ([]string, error) {
			switch {
			case strings.Contains(pattern, "broken"):
				return nil, errors.New("no permission")
			case !strings.HasSuffix(pattern, "*"):
				return []string{pattern}, nil
			}
			var all []string
			for path := range m {
				if strings.HasPrefix(path, strings.TrimSuffix(pattern, "*")) {
					all = append(all, path)
				}
			}
			slices.Sort(all)
			return all, nil
		},
		identify: func(path string) (serial.ID, error) {
			letter, ok := m[path]
			if !ok {
				return serial.ID{}, fs.ErrNotExist
			}
			return ids[letter], nil
		},
	}
}

// realID is the identity of some device of this machine, for there is no other
// way to have one.
func realID(t *testing.T, n int) serial.ID {
	t.Helper()
	all := []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}
	id, err := serial.Identify(all[n])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(all[n]); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSeats(t *testing.T) {
	usb := machine{"/dev/ttyUSB0": "a", "/dev/ttyUSB1": "b", "/dev/serial/by-id/usb-Acme_1": "b", "/dev/ttyS0": "c"}
	for name, tt := range map[string]struct {
		machine machine
		banks   [][]string
		want    string
		clashes int
	}{
		"patterns":               {usb, [][]string{{"/dev/ttyUSB*"}, {"/dev/ttyS*"}}, "0:/dev/ttyUSB0 0:/dev/ttyUSB1 1:/dev/ttyS0", 0},
		"a name and the pattern": {usb, [][]string{{"/dev/serial/by-id/usb-Acme_1", "/dev/ttyUSB*"}}, "0:/dev/serial/by-id/usb-Acme_1 0:/dev/ttyUSB0", 1},
		"the first bank has it":  {usb, [][]string{{"/dev/ttyUSB*"}, {"/dev/serial/by-id/usb-Acme_1"}}, "0:/dev/ttyUSB0 0:/dev/ttyUSB1", 1},
		"absent":                 {nil, [][]string{{"/dev/ttyUSB*", "/dev/ttyS0"}, {"/dev/ttyS0", "tcp://192.0.2.9:1"}}, "0:/dev/ttyS0 1:tcp://192.0.2.9:1", 1},
		"cannot be looked up":    {nil, [][]string{{"/broken*"}}, "0:/broken*", 0},
	} {
		var banks []config.Bank
		for i, ports := range tt.banks {
			banks = append(banks, config.Bank{Name: string(rune('0' + i)), Ports: ports})
		}
		seats, clashes := tt.machine.roster(t).seats(banks)
		var got []string
		for _, s := range seats {
			got = append(got, s.bank.Name+":"+s.port)
		}
		if strings.Join(got, " ") != tt.want || len(clashes) != tt.clashes {
			t.Errorf("%s: %v, clashes %q; want %s, %d", name, got, clashes, tt.want, tt.clashes)
		}
		for _, c := range clashes {
			if !strings.Contains(c, "is the same device as") {
				t.Error(c)
			}
		}
	}
}

// The daemon has a port by one name, and the file another name for it.
func TestSamePort(t *testing.T) {
	r := machine{"/dev/ttyUSB0": "a", "/dev/serial/by-id/a": "a", "/dev/ttyUSB1": "b"}.roster(t)
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"/dev/ttyUSB0", "/dev/serial/by-id/a", true},
		{"/dev/ttyUSB0", "/dev/ttyUSB1", false},
		{"/dev/ttyS9", "/dev/ttyS9", true}, // which is away
		{"/dev/ttyS9", "/dev/ttyS8", false},
		{"tcp://localhost:2001", "tcp://127.0.0.1:2001", true},
		{"tcp://localhost:2001", "tcp://127.0.0.1:2002", false},
	} {
		if r.same(tt.a, tt.b) != tt.same {
			t.Errorf("%s and %s: %v", tt.a, tt.b, !tt.same)
		}
	}
}

// A line goes on by another name of its device, as long as that can be seen and
// nothing else has the old name.
func TestRenamed(t *testing.T) {
	usb := machine{"/dev/ttyUSB0": "a", "/dev/serial/by-id/a": "a", "/dev/serial/by-path/a": "a", "/dev/ttyUSB1": "b", "/dev/serial/by-id/b": "b"}
	for name, tt := range map[string]struct {
		machine     machine
		seats, keys string
		want        map[string]string
	}{
		"another name":                           {usb, "/dev/serial/by-id/a /dev/serial/by-id/b", "/dev/ttyUSB0 /dev/ttyUSB1", map[string]string{"/dev/serial/by-id/a": "/dev/ttyUSB0", "/dev/serial/by-id/b": "/dev/ttyUSB1"}},
		"the same name":                          {usb, "/dev/ttyUSB0 /dev/ttyUSB1", "/dev/ttyUSB0 /dev/ttyUSB1", nil},
		"a new line":                             {usb, "/dev/ttyUSB0 /dev/serial/by-id/b", "/dev/ttyUSB0", nil},
		"a line of its own":                      {usb, "/dev/serial/by-id/a", "/dev/ttyUSB0 /dev/serial/by-id/a", nil},
		"both, as the link came after the seats": {usb, "/dev/ttyUSB0 /dev/serial/by-id/a", "/dev/ttyUSB0", nil},
		"away":                                   {nil, "/dev/serial/by-id/a", "/dev/ttyUSB0", nil},
		"network ports":                          {usb, "tcp://127.0.0.1:2 /dev/ttyUSB1", "tcp://127.0.0.1:1", nil},
	} {
		var seats []seat
		for port := range strings.FieldsSeq(tt.seats) {
			seats = append(seats, seat{port: port})
		}
		if got := tt.machine.roster(t).renamed(seats, strings.Fields(tt.keys)); !maps.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
