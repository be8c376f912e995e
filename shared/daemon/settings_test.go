package daemon

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"carrier/shared/conf"
)

func settings(t *testing.T, text string) (Settings, error) {
	t.Helper()
	f, err := conf.Parse("x.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return ReadSettings(f.Root(), "/run/x.sock"), f.Err()
}

func TestSettings(t *testing.T) {
	got, err := settings(t, `name = "atlanta"`)
	if want := (Settings{Name: "atlanta", Socket: "/run/x.sock"}); got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	for text, want := range map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError} {
		got, err := settings(t, "name = 'a'\npanel = '127.0.0.1:8723'\nsocket = 's'\nlog = '"+text+"'")
		if got != (Settings{"a", netip.MustParseAddrPort("127.0.0.1:8723"), "s", want}) || err != nil {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestSettingsMistakes(t *testing.T) {
	_, err := settings(t, "panel = 8723\nlog = 'loud'\nsocket = 1")
	want := `x.toml:1: name: missing; would be right: name = "atlanta"
x.toml:1: panel: 8723 is not text in quotes; would be right: panel = "…"
x.toml:2: log: "loud" is no level; would be right: "debug", "info", "warn" or "error"
x.toml:3: socket: 1 is not text in quotes; would be right: socket = "…"`
	if err == nil || err.Error() != want {
		t.Error(err)
	}
}

func TestSocketOfAConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.toml")
	for _, tt := range []struct{ text, want, err string }{
		{"", "/run/x.sock", ""},
		{"nonsense = 1\nsocket = '/tmp/y'", "/tmp/y", ""},
		{"socket = ", "", file + ":1: socket: unexpected EOF; expected value"},
	} {
		if tt.text != "" {
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := Socket(file, "/run/x.sock")
		if got != tt.want || (err != nil) != (tt.err != "") || err != nil && err.Error() != tt.err {
			t.Errorf("%q: %q, %v", tt.text, got, err)
		}
	}
}
