package identify

func (t *typist) show(s string) {
	for i := range len(s) {
		t.out = append(t.out, t.parity.add(s[i]))
	}
}

// say shows words of ours, with LF as end of line.
func (t *typist) say(s string) { t.show(crlf(s)) }
