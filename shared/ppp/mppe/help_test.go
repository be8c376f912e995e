package mppe

import (
	"encoding/hex"
	"strings"
	"testing"
)

// unhex reads octets written in hexadecimal, with spaces anywhere.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The initial values of RFC 3079 §2.5 and §3.5, of the password "clientPass".
const (
	rfcHashHash  = "41 C0 0C 58 4B D2 D9 1C 40 17 A2 A1 2F A5 9F 3F"
	rfcResponse  = "82 30 9E CD 8D 70 8B 5E A0 8F AA 39 81 CD 83 54 42 33 11 4A 3D 85 D6 DF"
	rfcChallenge = "10 2d b5 df 08 5d 30 41"
	rfcLMHash    = "76 a1 52 93 60 96 d7 83 0e 23 90 22 74 04 af d2"
)

// strengths are the three key lengths.
var strengths = [...]Bits{Key40, Key56, Key128}

func rfcKeys(t testing.TB, role Role) Keys {
	t.Helper()
	return FromMSCHAPv2([16]byte(unhex(t, rfcHashHash)), [24]byte(unhex(t, rfcResponse)), role)
}

// pair is the Server's Encrypter and the Client's Decrypter.
func pair(t testing.TB, agreed Bits) (Encrypter, Decrypter) {
	t.Helper()
	e, err := NewEncrypter(agreed, rfcKeys(t, Server))
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDecrypter(agreed, rfcKeys(t, Client))
	if err != nil {
		t.Fatal(err)
	}
	return e, d
}

// opens wants packet to come out of info.
func opens(t *testing.T, d Decrypter, info []byte, packet string) {
	t.Helper()
	if _, got, err := d.Open(nil, info); err != nil || string(got) != packet {
		t.Fatalf("count %#03x: %q, %v, want %q", count(info), got, err, packet)
	}
}

// refuses wants an error and nothing else to come out of info.
func refuses(t *testing.T, d Decrypter, info []byte, want error) {
	t.Helper()
	if _, got, err := d.Open([]byte("dst"), info); err != want || string(got) != "dst" {
		t.Fatalf("count %#03x: %q, %v, want %v", count(info), got, err, want)
	}
}

func count(info []byte) int { return int(info[0]&0xF)<<8 | int(info[1]) }
