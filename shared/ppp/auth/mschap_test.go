package auth

import (
	"bytes"
	"testing"
)

// RFC 2759 §9.2.
const (
	rfcUser      = "User"
	rfcPassword  = "clientPass"
	rfcChallenge = "5B 5D 7C 7D 7B 3F 2F 3E 3C 2C 60 21 32 26 26 28"
	rfcPeer      = "21 40 23 24 25 5E 26 2A 28 29 5F 2B 3A 33 7C 7E"
	rfcHash      = "44 EB BA 8D 53 12 B8 D6 11 47 44 11 F5 69 89 AE"
	rfcNT        = "82 30 9E CD 8D 70 8B 5E A0 8F AA 39 81 CD 83 54 42 33 11 4A 3D 85 D6 DF"
	rfcSuccess   = "S=407A5589115FD0D6209F510FE9C04566932CDA56"
)

func TestVectorsOfRFC2759(t *testing.T) {
	challenge := challengeHash([16]byte(unhex(t, rfcPeer)), [16]byte(unhex(t, rfcChallenge)), rfcUser)
	if !bytes.Equal(challenge[:], unhex(t, "D0 2E 43 86 BC E9 12 26")) {
		t.Errorf("Challenge % X", challenge)
	}
	hash := NTHash(rfcPassword)
	if !bytes.Equal(hash[:], unhex(t, rfcHash)) {
		t.Errorf("PasswordHash % X", hash)
	}
	nt := challengeResponse(challenge, hash)
	if !bytes.Equal(nt[:], unhex(t, rfcNT)) {
		t.Errorf("NT-Response % X", nt)
	}
	if twice := md4Sum(hash[:]); !bytes.Equal(twice[:], unhex(t, "41 C0 0C 58 4B D2 D9 1C 40 17 A2 A1 2F A5 9F 3F")) {
		t.Errorf("PasswordHashHash % X", twice)
	}
	if s := appendMSSuccess(nil, authenticatorResponse(hash, nt, challenge), ""); string(s) != rfcSuccess+" M=" {
		t.Errorf("AuthenticatorResponse %s", s)
	}
}

func TestVectorsOfRFC2433(t *testing.T) { // Appendix B.2
	hash := NTHash("MyPw")
	if !bytes.Equal(hash[:], unhex(t, "FC 15 6A F7 ED CD 6C 0E DD E3 33 7D 42 7F 4E AC")) {
		t.Errorf("NtPasswordHash % X", hash)
	}
	nt := challengeResponse([8]byte(unhex(t, "10 2D B5 DF 08 5D 30 41")), hash)
	want := unhex(t, "4E 9D 3C 8F 9C FD 38 5D 5B F4 D3 24 67 91 95 6C A4 C3 51 AB 40 9A 3D 61")
	if !bytes.Equal(nt[:], want) {
		t.Errorf("NtChallengeResponse % X", nt)
	}
}

// RFC 2759 §9.3 shows the keys with odd parity, which DES ignores.
func TestKeysOfRFC2759(t *testing.T) {
	for raw, want := range map[string]string{
		"FC 15 6A F7 ED CD 6C": "FD 0B 5B 5E 7F 6E 34 D9",
		"0E DD E3 33 7D 42 7F": "0E 6E 79 67 37 EA 08 FE",
	} {
		key := desKey([7]byte(unhex(t, raw)))
		for i, w := range unhex(t, want) {
			if key[i] != w&0xFE {
				t.Errorf("key of %s: % X, want %s but for parity", raw, key, want)
				break
			}
		}
	}
}

func TestNTHashIsOverUTF16(t *testing.T) {
	// MD4 of "e4 00 34 d8 1e dd": a-umlaut, and a clef beyond 16 bits.
	if NTHash("ä\U0001D11E") != md4Sum(unhex(t, "e400 34d8 1edd")) {
		t.Error("not UTF-16 with the little end first")
	}
	// The hash of no password, known from every password file.
	empty := NTHash("")
	if !bytes.Equal(empty[:], unhex(t, "31d6cfe0d16ae931b73c59d7e0c089c0")) {
		t.Errorf("no password: % x", empty)
	}
}

func TestMSFailureForPeople(t *testing.T) {
	for message, want := range map[string]string{
		"E=691 R=0 C=00112233445566778899AABBCCDDEEFF V=3 M=no address is free": "no address is free",
		"E=649 R=0 C=00112233445566778899AABBCCDDEEFF V=3":                      NoDialIn.String(),
		"E=691 R=1": WrongPassword.String(),
		"E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=": WrongPassword.String(),
		"R=1 V=2 E=647":       AccountDisabled.String(),
		"E=0000000648 R=0":    PasswordExpired.String(),
		"E=12345 R=0":         "E=12345 R=0",
		"E=99999999999999999": "E=99999999999999999",
		"Login incorrect":     "Login incorrect",
		"M=hello":             "hello",
		"":                    "",
	} {
		if got := parseMSFailure(message).String(); got != want {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}

func TestMSFailureAsSent(t *testing.T) {
	challenge := [16]byte(unhex(t, "00112233445566778899aabbccddeeff"))
	const v2 = "E=691 R=0 C=00112233445566778899AABBCCDDEEFF V=3 M=no address is free"
	if s := string(appendMSFailure(nil, MSCHAPv2, failure{challenge: challenge[:], text: "no address is free"})); s != v2 {
		t.Errorf("version 2: %s", s)
	}
	const v1 = "E=691 R=0 V=2 M=no address is free"
	if s := string(appendMSFailure(nil, MSCHAP, failure{challenge: challenge[:8], text: "no address is free"})); s != v1 {
		t.Errorf("version 1: %s", s)
	}
}

func TestMSSuccessMustProve(t *testing.T) {
	want := [20]byte(unhex(t, rfcSuccess[2:]))
	for message, text := range map[string]string{
		rfcSuccess: "", rfcSuccess + " M=": "", rfcSuccess + " M=Welcome, saran": "Welcome, saran",
		"S=407a5589115fd0d6209f510fe9c04566932cda56 M=lower case": "lower case",
	} {
		if got, ok := msSuccess(message, want); !ok || got != text {
			t.Errorf("%q: %q, %v", message, got, ok)
		}
	}
	for _, bad := range []string{
		"", "S=", "M=Welcome", rfcSuccess[2:], rfcSuccess[:41], rfcSuccess + "00", "s" + rfcSuccess[1:],
		"S=407A5589115FD0D6209F510FE9C04566932CDA57 M=Welcome", "S=" + "zz" + rfcSuccess[4:],
	} {
		if _, ok := msSuccess(bad, want); ok {
			t.Errorf("%q is believed", bad)
		}
	}
}
