//go:build peers

package scenario

import (
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"carrier/deploy/testbed"
)

// A monitor is Debian's Prometheus, reading a world's programs with the rules
// that are shipped.
type monitor struct {
	t    *testing.T
	base string
}

func (w *world) monitor() *monitor {
	t := w.t
	t.Helper()
	dir := t.TempDir()
	for _, f := range []string{"rules.yml", "alerts.yml", "prometheus.yml"} {
		b, err := os.ReadFile(filepath.Join("../prometheus", f))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer("127.0.0.1:8723", w.pac.panel.String(), "127.0.0.1:8724", w.pns.panel.String(),
			"_interval: 15s", "_interval: 1s").Replace(string(b))
		if err := os.WriteFile(filepath.Join(dir, f), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	cmd := exec.Command("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+at)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			b, _ := os.ReadFile(log.Name())
			t.Logf("prometheus said:\n%s", b)
		}
	})
	m := &monitor{t, "http://" + at}
	testbed.Until(t, "prometheus is ready", func() bool {
		r, err := http.Get(m.base + "/-/ready")
		if err != nil {
			return false
		}
		r.Body.Close()
		return r.StatusCode == http.StatusOK
	})
	return m
}

// get fills data with an answer of Prometheus' HTTP API.
func (m *monitor) get(path string, q url.Values, data any) {
	m.t.Helper()
	r, err := http.Get(m.base + "/api/v1/" + path + "?" + q.Encode())
	if err != nil {
		m.t.Fatal(err)
	}
	defer r.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || answer.Status != "success" {
		m.t.Fatalf("%s %v: %v %s", path, q, err, answer.Error)
	}
}

// ask evaluates a query now and returns the values that are numbers.
func (m *monitor) ask(query string) []float64 {
	m.t.Helper()
	var data struct {
		Result []struct{ Value [2]any }
	}
	m.get("query", url.Values{"query": {query}}, &data)
	var values []float64
	for _, one := range data.Result {
		if v, err := strconv.ParseFloat(fmt.Sprint(one.Value[1]), 64); err == nil && !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return values
}

// sums waits until a query gives one value.
func (m *monitor) sums(query string, want float64) {
	m.t.Helper()
	var got []float64
	defer func() {
		if len(got) != 1 || got[0] != want {
			m.t.Errorf("%s is %v, want %v", query, got, want)
		}
	}()
	testbed.Until(m.t, query, func() bool {
		got = m.ask(query)
		return len(got) == 1 && got[0] == want
	})
}

// What Prometheus counts is what happened, and no panel of a dashboard is empty.
func TestPrometheusSeesTheCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{modems: 3, callers: 3, atlanta: `dial = ["5550002"]`, pns: fmt.Sprintf(tunnelled, loopback(), "x")}) // none of which anybody wants
	m := w.monitor()
	m.sums("sum(up)", 2) // it has seen the zeros, from which counts grow
	for range 2 {
		c := w.dial(0, sara())
		w.reads(c)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, o := range []struct{ user, password string }{{"saran", "wrong"}, {"nobody", "x"}} {
		if _, err := w.try(1, login(o.user, o.password)); err == nil {
			t.Errorf("%s was served", o.user)
		}
	}
	w.dial(2, bob())
	w.pac.ended(4)
	for query, want := range map[string]float64{
		`sum(pac_calls_total)`: 4, `pac_calls_active`: 1, `sum(pac_calls_total{outcome="no-profile"})`: 1,
		`sum(pac_call_duration_seconds_count)`: 4, `sum(pac_lines)`: 3, `pac_lines{state="connected"}`: 1,
		`pac_tunnel_calls_total{pns="denver", result="placed"}`: 4,
		`sum(pns_calls_total{pac="atlanta"})`:                   3, `pns_calls_active`: 1,
		`sum(pns_auth_total{outcome="accepted"})`: 3, `sum(pns_auth_total{outcome="wrong-password"})`: 1,
		`pns_addresses{pool="default", state="used"}`: 1, `pac:lines_busy`: 1, `pac:lines_in_service`: 3,
	} {
		m.sums(query, want)
	}
	boards, err := filepath.Glob("../grafana/*.json")
	if err != nil || len(boards) != 3 {
		t.Fatalf("dashboards: %v %v", boards, err)
	}
	for _, file := range boards {
		for where, query := range asked(t, file) {
			if metric, label, ok := labelValues(query); ok {
				testbed.Until(t, where+": "+query, func() bool { return len(m.values(metric, label)) > 0 })
				m.knows(where, metric)
				continue
			}
			testbed.Until(t, where+": "+query, func() bool { return len(m.ask(query)) > 0 })
			m.knows(where, query)
		}
	}
	rules := m.rules()
	if len(rules) < 20 {
		t.Errorf("only %d rules", len(rules))
	}
	for _, r := range rules {
		if r.Type == "recording" {
			testbed.Until(t, "rule "+r.Name, func() bool { return len(m.ask(r.Name)) > 0 })
		}
		m.knows("rule "+r.Name, r.Query)
	}
}

// The rules and alerts do what their own tests say, and Prometheus takes them.
func TestPromtool(t *testing.T) {
	for _, args := range [][]string{{"check", "config", "prometheus.yml"}, {"test", "rules", "tests.yml"}} {
		cmd := exec.Command("promtool", args...)
		cmd.Dir = "../prometheus"
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "SUCCESS") {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
