//go:build peers

package mppc

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

var names = [kinds]string{"text", "segment", "header", "run", "noise", "short", "high noise"}

// compressible are the kinds of which most packets should become shorter.
var compressible = []kind{text, segment, header, zeros}

// peer compiles testdata/peer.c, which is FreeRDP's MPPC.
func peer(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "peer")
	out, err := exec.Command("gcc", "-O2", "-Wall", "-Werror", "-o", bin, "testdata/peer.c",
		"-I/usr/include/freerdp2", "-I/usr/include/winpr2", "-lfreerdp2").CombinedOutput()
	if err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return bin
}

// through sends all packets through the peer in a mode of its.
func through(t *testing.T, bin, mode string, in []message) []message {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), bin, mode)
	var all, said bytes.Buffer
	for _, m := range in {
		all.Write(m.append(nil))
	}
	cmd.Stdin, cmd.Stderr = &all, &said
	out, err := cmd.Output()
	back := messages(out)
	if err != nil || len(back) != len(in) {
		t.Fatalf("%s %s: %v, %d of %d packets came back: %s", bin, mode, err, len(back), len(in), said.Bytes())
	}
	return back
}

// files are some of this machine's programs and documents.
func files(t *testing.T) (all [][]byte) {
	t.Helper()
	for _, pattern := range []string{"/usr/bin/*", "/usr/share/doc/*/copyright", "/usr/share/doc/*/*.html", "/usr/share/doc/*/*.gz"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := 0, 0; i < len(paths) && n < 40; i += 1 + len(paths)/50 {
			b, err := os.ReadFile(paths[i])
			if err != nil || len(b) < 1500 {
				continue
			}
			all, n = append(all, b[:min(len(b), 1<<20)]), n+1
		}
	}
	if len(all) < 50 {
		t.Fatalf("this machine has only %d files to send", len(all))
	}
	return all
}

// sums are octets and packets of each kind.
type sums [kinds]struct{ packets, octets, coded, compressed int }

func (s *sums) add(k kind, packet []byte, m message) {
	s[k].packets++
	s[k].octets += len(packet)
	s[k].coded += len(m.octets)
	if m.flags&Compressed != 0 {
		s[k].compressed++
	}
}

func (s *sums) ratio() (coded, octets int) {
	for k := range s {
		coded, octets = coded+s[k].coded, octets+s[k].octets
	}
	return coded, octets
}

// 100,000 packets go from our compressor to FreeRDP's decompressor, and from its
// compressor to ours.
func TestFreeRDP(t *testing.T) {
	bin, files := peer(t), files(t)
	var kindOf []kind
	var plain []message
	for from := newTraffic(1, 1502, files...); len(plain) < 100_000; {
		k, packet := from.next()
		kindOf, plain = append(kindOf, k), append(plain, message{octets: bytes.Clone(packet)})
	}

	var c Compressor
	var ours, theirs sums
	coded := make([]message, len(plain))
	fronts := 0
	for i, m := range plain {
		if i%1000 == 999 {
			c.Flush() // as if asked to
		}
		octets, f := c.Compress(nil, m.octets)
		coded[i] = message{f, octets}
		ours.add(kindOf[i], m.octets, coded[i])
		if f&AtFront != 0 && f&Flushed == 0 {
			fronts++
		}
	}
	for i, m := range through(t, bin, "d", coded) {
		if !bytes.Equal(m.octets, plain[i].octets) {
			t.Fatalf("packet %d, %#x: FreeRDP makes %d octets of the %d that were %d", i, coded[i].flags, len(m.octets), len(coded[i].octets), len(plain[i].octets))
		}
	}

	var d Decompressor
	for i, m := range through(t, bin, "c", plain) {
		theirs.add(kindOf[i], plain[i].octets, m)
		packet, err := d.Decompress(nil, m.octets, m.flags, 1500)
		if err != nil || !bytes.Equal(packet, plain[i].octets) {
			t.Fatalf("packet %d, %#x: we make %d octets of FreeRDP's %d that were %d: %v", i, m.flags, len(packet), len(m.octets), len(plain[i].octets), err)
		}
	}

	for k := range kinds {
		o, p := ours[k], theirs[k]
		t.Logf("%-10s %6d packets: ours %5.1f %%, %6d compressed; FreeRDP's %5.1f %%, %6d compressed", names[k], o.packets,
			100*float64(o.coded)/float64(o.octets), o.compressed, 100*float64(p.coded)/float64(p.octets), p.compressed)
	}
	for _, k := range compressible {
		if o := ours[k]; o.compressed < o.packets*3/4 || o.coded > o.octets*9/10 {
			t.Errorf("%s: %d of %d packets were compressed, to %d of %d octets", names[k], o.compressed, o.packets, o.coded, o.octets)
		}
	}
	o, all := ours.ratio()
	p, _ := theirs.ratio()
	t.Logf("all: ours %.1f %%, FreeRDP's %.1f %%; to the front %d times", 100*float64(o)/float64(all), 100*float64(p)/float64(all), fronts)
	if o > p*102/100 {
		t.Errorf("ours makes %d octets of %d, FreeRDP's %d", o, all, p)
	}
	if fronts < 1000 {
		t.Errorf("only %d packets went to the front of the history", fronts)
	}
}

// The golden files are what FreeRDP makes and takes. A change of the coder
// changes them: go test -tags peers -run FreeRDPsGolden ./shared/ppp/mppc -update
func TestFreeRDPsGolden(t *testing.T) {
	bin := peer(t)
	var plain []message
	for from := newTraffic(11, 1002); len(plain) < 60; {
		_, packet := from.next()
		plain = append(plain, message{octets: bytes.Clone(packet)})
	}
	carrier := compressAll(plain)
	for i, m := range through(t, bin, "d", carrier) {
		if !bytes.Equal(m.octets, plain[i].octets) {
			t.Fatalf("packet %d: FreeRDP makes %d octets of %d", i, len(m.octets), len(plain[i].octets))
		}
	}
	for name, all := range map[string][]message{"plain": plain, "carrier": carrier, "freerdp": through(t, bin, "c", plain)} {
		var b []byte
		for _, m := range all {
			b = m.append(b)
		}
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, b, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if have, err := os.ReadFile(file); err != nil || !bytes.Equal(have, b) {
			t.Errorf("%s is out of date: %v", file, err)
		}
	}
}
