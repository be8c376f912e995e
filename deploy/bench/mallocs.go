package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// panel is where our programs show what they count, each in its own space.
const panel = "127.0.0.1:8723"

// mallocs is how many objects our program in the space has allocated so far but
// for being asked, which costs some thousand: what that is a second question
// shows at once.
func (s *space) mallocs(ctx context.Context) (float64, error) {
	first, err := s.askMallocs(ctx)
	if err != nil {
		return 0, err
	}
	second, err := s.askMallocs(ctx)
	s.asking += 2 * (second - first)
	return second - s.asking, err
}

func (s *space) askMallocs(ctx context.Context) (float64, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (c net.Conn, err error) {
			err = s.within(func() (err error) { c, err = net.Dial("tcp4", panel); return err })
			return c, err
		}}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+panel+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if n, ok := strings.CutPrefix(lines.Text(), "go_memstats_mallocs_total "); ok {
			return strconv.ParseFloat(n, 64)
		}
	}
	return 0, fmt.Errorf("the panel has no go_memstats_mallocs_total")
}
