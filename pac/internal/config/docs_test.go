package config

import (
	"testing"

	"carrier/shared/conf"
	"carrier/shared/conf/conftest"
)

const manual = "../../../docs/pac.toml.md"

// The manual names every key that is read, and no other.
func TestManualNamesEveryKey(t *testing.T) {
	f, err := conf.Parse("whole.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(f); err != nil {
		t.Fatal(err)
	}
	conftest.Manual(t, manual, f.Known())
}

func TestManualsExampleIsRight(t *testing.T) {
	if _, err := Parse("example", conftest.Example(t, manual)); err != nil {
		t.Error(err)
	}
}
