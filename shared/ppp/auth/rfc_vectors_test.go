package auth

import (
	"bytes"
	"math/bits"
	"testing"
)

// What the hash examples begin with, in the octets that the RFCs print: RFC
// 2433 B.2 and RFC 2759 §9.2. Their results are in mschap_test.go.
func TestInputsOfTheHashExamples(t *testing.T) {
	for password, rfc := range map[string]struct{ unicode, hash string }{
		"MyPw":      {"4D 00 79 00 50 00 77 00", "FC 15 6A F7 ED CD 6C 0E DD E3 33 7D 42 7F 4E AC"},
		rfcPassword: {"63 00 6C 00 69 00 65 00 6E 00 74 00 50 00 61 00 73 00 73 00", rfcHash},
	} {
		want := [16]byte(unhex(t, rfc.hash))
		if got := md4Sum(unhex(t, rfc.unicode)); got != want {
			t.Errorf("%s: the hash of its octets is % X, want %s", password, got, rfc.hash)
		}
		if got := NTHash(password); got != want {
			t.Errorf("%s: PasswordHash % X, want %s", password, got, rfc.hash)
		}
	}
	name := string(unhex(t, "55 73 65 72"))
	challenge := challengeHash([16]byte(unhex(t, rfcPeer)), [16]byte(unhex(t, rfcChallenge)), name)
	if !bytes.Equal(challenge[:], unhex(t, "D0 2E 43 86 BC E9 12 26")) {
		t.Errorf("Challenge of % X: % X", name, challenge)
	}
}

// RFC 2433 B.3 and RFC 2759 §9.3: both halves of a password's hash as keys,
// with the parity that DES ignores put right, octet by octet.
func TestExamplesOfDESKeys(t *testing.T) {
	hash := NTHash("MyPw")
	for at, want := range map[int]string{0: "FD 0B 5B 5E 7F 6E 34 D9", 7: "0E 6E 79 67 37 EA 08 FE"} {
		key := desKey([7]byte(hash[at : at+7]))
		for i, k := range key {
			if bits.OnesCount8(k)%2 == 0 {
				key[i] |= 1
			}
		}
		if !bytes.Equal(key[:], unhex(t, want)) {
			t.Errorf("octets %d to %d: % X, want %s", at, at+6, key, want)
		}
	}
}
