package doctor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPending(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	const file, link = "x.toml", "link.toml"
	here := filepath.Join(dir, file)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(here, link); err != nil {
		t.Fatal(err)
	}
	const changed = "it runs with another configuration than the file has now, which differs in bank, name (new: a): `systemctl reload pac`, `pac reload` or SIGHUP takes it"
	const restart = "it goes on with the old name, whatever the file says: `systemctl restart pac` takes the new"
	for _, tt := range []struct {
		Pending
		file, want string
	}{
		{Pending{}, file, ""},
		{Pending{File: here}, file, ""},
		{Pending{File: here}, link, ""},
		{Pending{File: filepath.Join(dir, "gone")}, "gone", ""},
		{Pending{here, []string{"bank", "name"}, nil}, file, changed},
		{Pending{here, nil, []string{"name"}}, file, restart},
		{Pending{here, []string{"name"}, []string{"name"}}, file, restart},
		{Pending{here, []string{"bank", "limits", "name"}, []string{"name"}}, link, strings.Replace(changed, "bank, name", "bank, limits", 1) + "\n" + restart},
		{Pending{File: "/etc/x.toml", Changed: []string{"bank"}}, file, "it runs with /etc/x.toml, not with this file (new: a): look at that one, or put this one in its place"},
	} {
		got := ""
		if err := tt.Wrong(tt.file, "pac", "new: a"); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%+v of %s:\n%s\nwant\n%s", tt.Pending, tt.file, got, tt.want)
		}
	}
}
