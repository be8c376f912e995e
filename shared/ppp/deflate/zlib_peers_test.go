//go:build peers

package deflate

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"carrier/shared/ppp/codectest"
)

// zlib runs testdata/zlib.c over lines.
func zlib(t *testing.T, program, mode string, window int, in []string) []string {
	t.Helper()
	cmd := exec.Command(program, mode, fmt.Sprint(window))
	cmd.Stdin = strings.NewReader(strings.Join(in, "\n") + "\n")
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("zlib %s %d: %v: %s", mode, window, err, said.String())
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// What zlib compresses, as pppd has it do, we decompress, and it us.
func TestZlib(t *testing.T) {
	program := filepath.Join(t.TempDir(), "zlib")
	if out, err := exec.Command("gcc", "-O", "-o", program, "testdata/zlib.c", "-lz").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	traffic := codectest.NewTraffic(4)
	var packets []string
	for len(packets) < 3000 {
		if plain, ok := counted(traffic.Next()); ok {
			packets = append(packets, hex.EncodeToString(plain))
		}
	}
	for window := 9; window <= MaxWindow; window++ { // zlib has no raw window of 8 bits
		p := pair(window)
		compressed := 0
		for i, frame := range zlib(t, program, "compress", window, packets) {
			got := unhex(t, frame[2:])
			if frame[0] == 'n' {
				p.Uncompressed(got)
			} else {
				var err error
				compressed++
				if got, err = p.Decompress(nil, got); err != nil {
					t.Fatalf("window %d, packet %d: %v", window, i, err)
				}
			}
			if hex.EncodeToString(got) != packets[i] {
				t.Fatalf("window %d, packet %d:\n got %x\nwant %s", window, i, got, packets[i])
			}
		}
		var ours []string
		other := pair(window)
		for i, packet := range packets {
			if i%3 == 0 { // takes the encoder away, so that it must take in the history
				other.Compress(nil, unhex(t, packet))
			}
			if info, ok := p.Compress(nil, unhex(t, packet)); ok {
				ours = append(ours, "c "+hex.EncodeToString(info))
			} else {
				ours = append(ours, "n "+packet)
			}
		}
		got := zlib(t, program, "inflate", window, ours)
		if len(got) != len(packets) || compressed < len(packets)/2 {
			t.Fatalf("window %d: zlib compressed %d packets of %d, and knew %d of ours", window, compressed, len(packets), len(got))
		}
		for i := range got {
			if got[i] != packets[i] {
				t.Fatalf("window %d, packet %d: to zlib it is\n     %s\nnot  %s", window, i, got[i], packets[i])
			}
		}
	}
}
