package daemon

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"

	"carrier/shared/conf"
)

// Settings are what the configuration of every daemon of ours begins with.
type Settings struct {
	Name   string         // Host Name towards peers, and first part of calls' names
	Panel  netip.AddrPort // invalid: no panel
	Socket string         // of the commands
	Level  slog.Level     // from which lines are logged
}

// ReadSettings reads them from the root of a configuration; socket is where the
// socket is when nothing is said.
func ReadSettings(t *conf.Table, socket string) Settings {
	t.Need("name", `"atlanta"`)
	return Settings{
		Name:   conf.Value(t, "name", "", conf.Name),
		Panel:  t.AddrPort("panel"),
		Socket: t.Text("socket", socket),
		Level:  conf.Value(t, "log", slog.LevelInfo, level),
	}
}

func level(s string) (slog.Level, error) {
	switch s {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, conf.Unfit("is no level", conf.Quote("debug", "info", "warn", "error"))
}

// Socket tells where the daemon with this configuration has its socket, for
// commands: a mistake elsewhere in the file does not matter, and without a file
// it is the given one.
func Socket(config, socket string) (string, error) {
	f, err := conf.Read(config)
	if errors.Is(err, fs.ErrNotExist) {
		return socket, nil
	}
	if err != nil {
		return "", err
	}
	return f.Root().Text("socket", socket), nil
}
