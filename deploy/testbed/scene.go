package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"carrier/shared/record"
)

// A Scene is the world of Sara's call: a POP, the Internet between, and the
// company with its LAN, each a host of its own.
//
//	pop 192.0.2.1 ── internet ── 192.0.2.2 office 2.1.1.60 ── 2.1.1.10 lan
//	                         └── 192.0.2.3 second 10.9.0.1 ── 10.9.0.10 lan2
type Scene struct {
	T                testing.TB
	POP, Office, LAN *Host
	Bin, Dir         string
}

// NewScene lays the cables and starts the LAN's web server.
func NewScene(t testing.TB) *Scene {
	t.Helper()
	s := &Scene{T: t, POP: NewHost(t, "pop"), Office: NewHost(t, "office"), LAN: NewHost(t, "lan"), Bin: Programs(t), Dir: t.TempDir()}
	Join(s.POP, "wan", "192.0.2.1/24", s.Office, "wan", "192.0.2.2/24")
	Join(s.Office, "lan", "2.1.1.60/24", s.LAN, "eth0", "2.1.1.10/24")
	s.POP.IP("route", "add", "2.1.1.60", "via", "192.0.2.2")
	Web(s.LAN, "2.1.1.10")
	return s
}

// Outside makes a host that knows nothing of callers, behind another interface
// of the office's, and serves Pages there.
//
//	office 198.51.100.1 ── 198.51.100.2 outside
func (s *Scene) Outside() {
	s.T.Helper()
	outside := NewHost(s.T, "outside")
	Join(s.Office, "out", "198.51.100.1/24", outside, "eth0", "198.51.100.2/24")
	Web(outside, "198.51.100.2")
}

// Start writes a configuration, a template filled with data, and starts a
// program with it on a host.
func (s *Scene) Start(h *Host, program, config string, data any) *Process {
	s.T.Helper()
	file := s.Write(h, program, config, data)
	if program == "exchange" {
		return Start(h, filepath.Join(s.Bin, program), "-c", file)
	}
	return Start(h, filepath.Join(s.Bin, program), "run", "-c", file)
}

// Write writes a configuration, a template filled with data, and returns its
// path.
func (s *Scene) Write(h *Host, program, config string, data any) string {
	s.T.Helper()
	var b bytes.Buffer
	if err := template.Must(template.New(program).Parse(config)).Execute(&b, data); err != nil {
		s.T.Fatal(err)
	}
	file := filepath.Join(s.Dir, h.name+"-"+program+".toml")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		s.T.Fatal(err)
	}
	return file
}

// Ask runs one of a program's commands and returns what it printed.
func (s *Scene) Ask(h *Host, program string, args ...string) string {
	s.T.Helper()
	args = append(args, "-c", filepath.Join(s.Dir, h.name+"-"+program+".toml"))
	out, err := h.Command(filepath.Join(s.Bin, program), args...).Output()
	if err != nil {
		var said []byte
		if e, ok := err.(*exec.ExitError); ok {
			said = e.Stderr
		}
		s.T.Fatalf("%s %v: %v: %s", program, args, err, said)
	}
	return string(out)
}

// Calls asks a program for its calls: those that run, then those that ended,
// latest first.
func (s *Scene) Calls(h *Host, program string) []record.Call {
	s.T.Helper()
	var all []record.Call
	if err := json.Unmarshal([]byte(s.Ask(h, program, "calls", "--json", "--last", "1000")), &all); err != nil {
		s.T.Fatal(err)
	}
	return all
}

// Metric is the value of one line of a panel on a host, "name{label=\"value\"}",
// and 0 when there is none.
func (s *Scene) Metric(h *Host, panel, line string) float64 {
	s.T.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: h.dial}}
	r, err := client.Get("http://" + panel + "/metrics")
	if err != nil {
		s.T.Fatal(err)
	}
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	if err != nil {
		s.T.Fatal(err)
	}
	for l := range strings.Lines(string(page)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(l), line+" "); ok {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				s.T.Fatal(err)
			}
			return v
		}
	}
	return 0
}

// Dial is the start of a guest script: shell functions to dial in with pppd.
//
//	dial USER PASSWORD OPTIONS...   returns when there is an address, or fails
//	hangup                          ends the call
//	post FILE URL                   prints what the server answers
//	dialled                         waits, as dial does, for the pppd just started
//
// An address is there when pppd has run the guest's ip-up, which leaves a file: to ask
// ip(8) again and again takes an emulated processor longer than what is waited for.
//
// The port has no DTR to drop, so pppd hangs up by the escape sequence, whose
// guard time is set to a fifth of a second; what it had to say when it was hung up
// already is a command's beginning, which a return ends. They use /dev/ttyS1, ppp1 and
// /share/pppd1.log, or with port=N those of another number; with 9, the FastPort,
// /dev/hvc1. CCP, VJ and IPv6 are off, unless ccp, vj and ipv6 are set to what else pppd shall
// do. With call set to what chat shall send and expect, the modem does that in place of dialling the
// POP's number. With family=-6 the address that dial waits for is one of IPv6.
const Dial = `
port=1
pids=/tmp/pids; mkdir -p $pids
dialled() {
  local p=$!; echo $p >$pids/$port
  for i in {1..600}; do
    if [ "$family" ]; then ip $family -o addr show dev ppp$port 2>/dev/null | grep -q 'scope global' && return 0
    else [ -e /tmp/ppp$port.up ] && return 0; fi
    kill -0 $p 2>/dev/null || { wait $p; echo "pppd ended with status $?"; return 1; }
    sleep 0.1
  done
  echo "no address in 60 s"; return 1
}
dial() {
  user=$1 password=$2; shift 2
  tty=/dev/ttyS$port; [ $port = 9 ] && tty=/dev/hvc1
  cat >/tmp/chat$port <<X
TIMEOUT 60 '' ATZ OK ATE0V1S12=10
ABORT BUSY ABORT 'NO CARRIER' ABORT 'NO ANSWER' ABORT ERROR
OK ${call-ATDT5551212 CONNECT} '\c'
X
  rm -f /share/pppd$port.log /tmp/ppp$port.up
  pppd $tty 115200 local nodetach noauth user "$user" password "$password" noipdefault \
    ${ipv6-noipv6} ${ccp-noccp} ${vj-novj} unit $port debug logfile /share/pppd$port.log connect "chat -f /tmp/chat$port" \
    disconnect 'sleep 0.3; printf +++; sleep 0.3; chat -t 10 "" "\rATH" OK' "$@" >/dev/null 2>&1 &
  dialled
}
post() { # busybox's wget ends what it posts at the first NUL
  host=${2#http://}; path=/${host#*/}; host=${host%%/*}; host=${host#[}; host=${host%]}
  { printf 'POST %s HTTP/1.0\r\nContent-Length: %d\r\n\r\n' "$path" "$(stat -c %s "$1")"; cat "$1"; } | nc "$host" 80
}
hangup() {
  p=$(cat $pids/$port); kill $p
  while kill -0 $p 2>/dev/null; do sleep 0.1; done
}
`

// untilHungUp is an option of pppd's: at the end it waits until the switch has hung
// up.
const untilHungUp = ` disconnect 'chat -t 30 "NO CARRIER" ""' `

// Guest runs a script in the guest, which has the functions of Dial, and fails
// the test with all that is known if it fails.
func (s *Scene) Guest(g *Guest, script string) string {
	s.T.Helper()
	ctx, cancel := context.WithTimeout(s.T.Context(), 5*Patience)
	defer cancel()
	out, err := g.Run(ctx, Dial+script)
	if err != nil {
		var logs strings.Builder
		for port := range FastPort + 1 {
			logs.WriteString(g.Log(port))
		}
		s.T.Fatalf("%v\n%s\npppd's logs:\n%s", err, out, logs.String())
	}
	return out
}
