package testbed

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// here is the folder of this package's sources.
func here() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// guestImage builds the guest where it is missing, and returns the folder that holds
// it, which has its name from the recipe: trees of other versions have other guests.
func guestImage(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = filepath.Join(os.TempDir(), "cache")
	}
	files, err := filepath.Glob(filepath.Join(here(), "guest", "*"))
	if err != nil {
		t.Fatal(err)
	}
	recipe := sha256.New()
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		recipe.Write(b)
	}
	image := filepath.Join(cache, "carrier", "guest", fmt.Sprintf("%x", recipe.Sum(nil)[:6]))
	if out, err := exec.Command(filepath.Join(here(), "guest", "build.sh"), image).CombinedOutput(); err != nil {
		t.Fatalf("building the guest: %v\n%s", err, out)
	}
	return image
}

// accelerator is what boots this machine's guests, tried once and noted beside
// the image: /dev/kvm may be there and still run no kernel but its host's own,
// and then a boot hangs without a word. Emulation takes 3 s for a boot.
func accelerator(t testing.TB, image string) string {
	file := filepath.Join(image, "accelerator")
	if note, err := os.ReadFile(file); err == nil {
		return strings.TrimSpace(string(note))
	}
	accel := "tcg"
	if f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err == nil {
		f.Close()
		if _, err := boot(t, exec.Command, image, "kvm", 0, 8*time.Second); err == nil {
			accel = "kvm"
		}
	}
	if err := os.WriteFile(file, []byte(accel+"\n"), 0o644); err != nil {
		t.Logf("guest: %v", err)
	}
	return accel
}
