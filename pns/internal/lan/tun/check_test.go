package tun

import (
	"errors"
	"testing"

	"github.com/vishvananda/netlink"
)

// Somebody else adds interfaces while they are listed.
func TestListsThatChange(t *testing.T) {
	odd := errors.New("odd")
	for _, tt := range []struct {
		interrupted int
		then, want  error
		asked       int
	}{{0, nil, nil, 1}, {3, nil, nil, 4}, {2, odd, odd, 3}, {1000, nil, netlink.ErrDumpInterrupted, listTries}} {
		asked := 0
		all, err := whole(func() ([]int, error) {
			if asked++; asked <= tt.interrupted {
				return []int{1}, netlink.ErrDumpInterrupted
			}
			return []int{1, 2}, tt.then
		})
		if asked != tt.asked || !errors.Is(err, tt.want) || err == nil && len(all) != 2 {
			t.Errorf("%+v: asked %d times, %v, %v", tt, asked, all, err)
		}
	}
}
