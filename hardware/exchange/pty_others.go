//go:build !linux

package exchange

import (
	"errors"
	"fmt"
)

func openPTY(string) (jack, error) { return nil, fmt.Errorf("pty: %w", errors.ErrUnsupported) }
