// Package keep writes small files that outlast a restart, and a crash of the
// machine.
package keep

import (
	"errors"
	"os"
	"path/filepath"
)

// Write gives file the content b, whole or not at all; mode is that of a file
// that is made anew. It is on the disk when Write returns. An error leaves what
// was there. Two must not write the same file at once.
func Write(file string, b []byte, mode os.FileMode) error {
	fresh := file + ".new"
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(fresh, file)
	}
	if err != nil {
		_ = os.Remove(fresh) // the rest of it may be what fills the disk
		return err
	}
	settle(filepath.Dir(file))
	return nil
}

// settle has the names in a folder on the disk too. Where a file system knows
// nothing of that, or the disk fails, the new file stands all the same, and is
// no error: only a crash may still bring the old one back.
func settle(folder string) {
	d, err := os.Open(folder)
	if err != nil {
		return
	}
	_ = d.Sync()
	d.Close()
}
