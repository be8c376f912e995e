package window

import (
	"bytes"
	"testing"
)

func TestWindow(t *testing.T) {
	w := New(5000)
	if w.Cap() != 0 || len(w.Bytes()) != 0 {
		t.Error("it holds something before the first packet")
	}
	var all []byte
	for i := range 500 {
		packet := bytes.Repeat([]byte{byte(i)}, i*37%6000)
		w.Add(packet)
		all = append(all, packet...)
		if want := all[max(0, len(all)-5000):]; !bytes.HasSuffix(want, w.Bytes()) || len(w.Bytes()) < min(len(all), 5000) {
			t.Fatalf("packet %d: %d octets, not the last %d", i, len(w.Bytes()), len(want))
		}
	}
	if w.Cap() != 5000+slack {
		t.Errorf("it holds %d octets", w.Cap())
	}
	if w.Clear(); len(w.Bytes()) != 0 {
		t.Error("it holds something after Clear")
	}
}
