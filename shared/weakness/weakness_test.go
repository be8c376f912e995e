package weakness

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"carrier/shared/conf"
)

func report(accepted ...string) *Report {
	r := NewReport(accepted)
	r.Find(OpenPanel, "", "close it")
	r.Find(OpenTunnel, "boston", "below")
	r.Find(OpenTunnel, "atlanta", "below")
	r.Find(PAP, "", "none of it")
	return r
}

func TestWrite(t *testing.T) {
	for _, tt := range []struct {
		report *Report
		want   string
	}{
		{NewReport(nil), "nothing weak was found\n"},
		{report(), "open-tunnel boston: below\nopen-tunnel atlanta: below\npap: none of it\nopen-panel: close it\n4 weak points, the heaviest first\n"},
		{report("open-tunnel", "open-panel"), "pap: none of it\naccepted: open-tunnel boston\naccepted: open-tunnel atlanta\naccepted: open-panel\n1 weak point\n"},
		{report("open-tunnel boston", "pap", "open-panel", "open-tunnel atlanta", "mschap", "open-tunnel dallas"),
			"accepted: open-tunnel boston\naccepted: open-tunnel atlanta\naccepted: pap\naccepted: open-panel\n" +
				"security.accept has \"mschap\", which is not found\nsecurity.accept has \"open-tunnel dallas\", which is not found\nnothing weak was found but what is accepted\n"},
	} {
		var b strings.Builder
		if err := tt.report.Write(&b); err != nil || b.String() != tt.want {
			t.Errorf("%v\n%swant\n%s", err, b.String(), tt.want)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, tt := range []struct {
		report *Report
		want   string
	}{
		{NewReport(nil), `{"ok":true,"findings":[],"accepted":[],"idle":[]}`},
		{report("open-tunnel", "mschap"), `{"ok":false,"findings":[{"kind":"pap","text":"none of it"},{"kind":"open-panel","text":"close it"}],` +
			`"accepted":[{"kind":"open-tunnel","name":"boston","text":"below"},{"kind":"open-tunnel","name":"atlanta","text":"below"}],"idle":["mschap"]}`},
	} {
		if b, err := json.Marshal(tt.report); err != nil || string(b) != tt.want {
			t.Errorf("%v\n%s\nwant\n%s", err, b, tt.want)
		}
	}
}

func TestWarn(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, nil))
	NewReport(nil).Warn(log, "pns check --security")
	report("open-tunnel", "pap", "open-panel").Warn(log, "pns check --security")
	if b.Len() > 0 {
		t.Errorf("said %s", b.String())
	}
	report("open-tunnel boston").Warn(log, "pns check --security")
	const want = `level=WARN msg="the configuration has weak points" findings=3 heaviest="open-tunnel atlanta" see="pns check --security"` + "\n"
	if !strings.HasSuffix(b.String(), want) || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("%s want %s", b.String(), want)
	}
}

// A word that names no kind is a mistake of the file.
func TestReadAccepted(t *testing.T) {
	for word, good := range map[string]bool{"pap": true, "open-tunnel atlanta": true, "open-tunel": false, "": false, "pap,mschap": false} {
		f, err := conf.Parse("pns.toml", []byte("[security]\naccept = [\""+word+"\"]\n"))
		if err != nil {
			t.Fatal(err)
		}
		ReadAccepted(f.Root().Table("security"))
		if err := f.Err(); (err == nil) != good || err != nil && !strings.Contains(err.Error(), "is no kind of finding; would be right: \"secrets\", ") {
			t.Errorf("%q: %v", word, err)
		}
	}
}

func TestPrivate(t *testing.T) {
	for prefix, want := range map[string]bool{
		"10.0.0.0/8": true, "10.1.2.3/32": true, "8.0.0.0/6": false, "11.0.0.0/32": false, "172.31.255.255/32": true, "172.32.0.0/32": false, "172.16.0.0/11": false,
		"192.168.0.0/16": true, "192.169.0.0/16": false, "169.254.1.1/32": true, "127.0.0.2/32": true, "100.64.0.1/32": false, "0.0.0.0/0": false,
	} {
		if got := Private(netip.MustParsePrefix(prefix)); got != want {
			t.Errorf("%s: %v", prefix, got)
		}
	}
	for host, want := range map[string]bool{"localhost": true, "pns.example": false, "10.1.2.3": true, "192.0.2.1": false, "::1": true, "fd00::1": true, "fe80::1%eth0": true, "2001:db8::1": false, "::ffff:10.0.0.1": true} {
		if got := PrivateHost(host); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
}
