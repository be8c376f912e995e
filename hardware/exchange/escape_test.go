package exchange

import (
	"testing"
	"time"
)

func TestEscape(t *testing.T) {
	type piece struct {
		after int // ms
		data  string
	}
	for _, tt := range []struct {
		name   string
		guard  byte // S12
		char   byte // S2
		pieces []piece
		want   bool
	}{
		{"whole", 50, '+', []piece{{1000, "+++"}}, true},
		{"one by one", 50, '+', []piece{{1500, "+"}, {900, "+"}, {900, "+"}}, true},
		{"no silence before", 50, '+', []piece{{999, "+++"}}, false},
		{"data right before", 50, '+', []piece{{1000, "x+++"}}, false},
		{"data right behind", 50, '+', []piece{{1000, "+++x"}}, false},
		{"four", 50, '+', []piece{{1000, "++++"}}, false},
		{"two", 50, '+', []piece{{1000, "++"}}, false},
		{"silence between begins anew", 50, '+', []piece{{1000, "+"}, {1000, "++"}, {10, "+"}}, true},
		{"data, then right", 50, '+', []piece{{10, "data"}, {1000, "+++"}}, true},
		{"data between", 50, '+', []piece{{1000, "+"}, {10, "x"}, {10, "++"}}, false},
		{"other character", 50, '/', []piece{{1000, "///"}}, true},
		{"short guard", 1, '+', []piece{{20, "+++"}}, true},
		{"no guard", 0, '+', []piece{{0, "+"}, {0, "++"}}, true},
		{"switched off", 50, 128, []piece{{1000, "+++"}, {1000, "\x80\x80\x80"}}, false},
	} {
		p := factory()
		p.s[regGuard], p.s[regEscape] = tt.guard, tt.char
		now := time.Unix(0, 0)
		var e escape
		e.start(now)
		for _, piece := range tt.pieces {
			now = now.Add(time.Duration(piece.after) * time.Millisecond)
			e.feed(now, []byte(piece.data), &p)
		}
		got := e.deadline(&p)
		if tt.want && !got.Equal(now.Add(p.guard())) || !tt.want && !got.IsZero() {
			t.Errorf("%s: complete at %v, last octet at %v", tt.name, got, now)
		}
	}
}
