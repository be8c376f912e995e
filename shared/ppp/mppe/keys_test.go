package mppe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// RFC 3079 §2.5.1 to §2.5.3.
func TestKeysOfMSCHAP(t *testing.T) {
	hashHash, challenge := [16]byte(unhex(t, rfcHashHash)), [8]byte(unhex(t, rfcChallenge))
	// Step 3 of the RFC misprints the eighth octet as ca; step 4, and what
	// SHA-1 gives, is c1.
	if start := startKey(hashHash, challenge); !bytes.Equal(start[:], unhex(t, "a8 94 78 50 cf c0 ac c1 d1 78 9f b6 2d dc dd b0")) {
		t.Errorf("InitialSessionKey % x", start)
	}
	keys := FromMSCHAP(hashHash, challenge, [16]byte(unhex(t, rfcLMHash)), true).open()
	for strength, want := range map[Bits]string{
		Key40:  "d1 26 9e 53 8c ec 4a 08",
		Key56:  "d1 08 01 53 8c ec 4a 08",
		Key128: "59 d1 59 bc 09 f7 6f 1d a2 a8 6a 28 ff ec 0b 1e",
	} {
		for _, s := range []start{keys.send, keys.receive} {
			if got := newSession(strength, s).key(); !bytes.Equal(got, unhex(t, want)) {
				t.Errorf("%v: SessionKey % x, want %s", strength, got, want)
			}
		}
	}
}

// RFC 3079 §3.5.1 to §3.5.3: what the Server sends.
func TestKeysOfMSCHAPv2(t *testing.T) {
	master := masterKey([16]byte(unhex(t, rfcHashHash)), [24]byte(unhex(t, rfcResponse)))
	if !bytes.Equal(master[:], unhex(t, "FD EC E3 71 7A 8C 83 8C B3 88 E5 27 AE 3C DD 31")) {
		t.Errorf("MasterKey % X", master)
	}
	send := rfcKeys(t, Server).open().send
	if !bytes.Equal(send.weak[:], unhex(t, "8B 7C DC 14 9B 99 3A 1B")) {
		t.Errorf("SendStartKey40, 56 % X", send.weak)
	}
	if !bytes.Equal(send.strong[:], unhex(t, "8B 7C DC 14 9B 99 3A 1B A1 18 CB 15 3F 56 DC CB")) {
		t.Errorf("SendStartKey128 % X", send.strong)
	}
	for strength, want := range map[Bits]struct{ key, message string }{
		Key40: {"D1 26 9E C4 9F A6 2E 3E", "92 91 37 91 7E 58 03 D6 68 D7 58 98"},
		// The RFC misprints the last octet as 58. OpenSSL has B8, too: printf 'test message' |
		// openssl enc -rc4 -K D15C00C49FA62E3ED15C00C49FA62E3E -provider legacy -provider default | xxd
		Key56:  {"D1 5C 00 C4 9F A6 2E 3E", "3F 10 68 33 FA 44 8D A8 42 BC 57 B8"},
		Key128: {"40 5C B2 24 7A 79 56 E6 E2 11 00 7A E2 7B 22 D4", "81 84 83 17 DF 68 84 62 72 FB 5A BE"},
	} {
		s := newSession(strength, send)
		if !bytes.Equal(s.key(), unhex(t, want.key)) {
			t.Errorf("%v: SendSessionKey % X, want %s", strength, s.key(), want.key)
		}
		var c cipher
		s.schedule(&c)
		message := []byte("test message")
		if c.xor(message); !bytes.Equal(message, unhex(t, want.message)) {
			t.Errorf("%v: Sample Encrypted Message % X, want %s", strength, message, want.message)
		}
	}
}

// What one end sends with is what the other receives with, and nothing else.
func TestRolesMirrorEachOther(t *testing.T) {
	var msk [64]byte
	for i := range msk {
		msk[i] = byte(i)
	}
	for name, keys := range map[string]func(Role) Keys{
		"MS-CHAPv2": func(r Role) Keys { return rfcKeys(t, r) },
		"EAP":       func(r Role) Keys { return FromMSK(msk, r) },
	} {
		server, client := keys(Server).open(), keys(Client).open()
		if server.send != client.receive || server.receive != client.send || server.send == server.receive {
			t.Errorf("%s: server %v, client %v", name, server, client)
		}
	}
}

// RFC 2716 §3.5 has the key from the peer to the server first; RFC 3079 §4.1
// has what becomes of its length.
func TestKeysOfEAP(t *testing.T) {
	var msk [64]byte
	for i := range msk {
		msk[i] = byte(i)
	}
	client := FromMSK(msk, Client).open()
	if !bytes.Equal(client.send.strong[:], msk[:16]) || !bytes.Equal(client.send.weak[:], msk[:8]) ||
		!bytes.Equal(client.receive.strong[:], msk[32:48]) || !bytes.Equal(client.receive.weak[:], msk[32:40]) {
		t.Errorf("send %x %x, receive %x %x", client.send.strong, client.send.weak, client.receive.strong, client.receive.weak)
	}
	for length, want := range map[int]struct{ weak, strong string }{
		0:  {"0000000000000000", "00000000000000000000000000000000"},
		5:  {"0000000001020304", "00000000000000000000000001020304"},
		8:  {"0001020304050607", "00000000000000000001020304050607"},
		12: {"0001020304050607", "00000000000102030405060708090a0b"},
		16: {"0001020304050607", "000102030405060708090a0b0c0d0e0f"},
		32: {"0001020304050607", "000102030405060708090a0b0c0d0e0f"},
	} {
		s := FromMaster(msk[:length], nil).open().send
		if !bytes.Equal(s.weak[:], unhex(t, want.weak)) || !bytes.Equal(s.strong[:], unhex(t, want.strong)) {
			t.Errorf("%d octets: %x and %x, want %v", length, s.weak, s.strong, want)
		}
	}
}

func TestKeysKnowWhatTheyAreGoodFor(t *testing.T) {
	for name, tt := range map[string]struct {
		keys Keys
		want Bits
	}{
		"none":               {Keys{}, 0},
		"MS-CHAP":            {FromMSCHAP([16]byte{}, [8]byte{}, [16]byte{}, true), Encryption},
		"MS-CHAP, no LM":     {FromMSCHAP([16]byte{}, [8]byte{}, [16]byte{}, false), Key128},
		"MS-CHAPv2":          {rfcKeys(t, Server), Encryption},
		"EAP":                {FromMSK([64]byte{}, Client), Encryption},
		"keys from a RADIUS": {FromMaster(make([]byte, 16), make([]byte, 16)), Encryption},
	} {
		if got := tt.keys.Bits(); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
		for _, s := range strengths {
			_, err := NewEncrypter(s, tt.keys)
			_, err2 := NewDecrypter(s, tt.keys)
			want := error(nil)
			if tt.want&s == 0 {
				want = ErrNoKey
			}
			if err != want || err2 != want {
				t.Errorf("%s, %v: %v, %v, want %v", name, s, err, err2, want)
			}
		}
	}
}

// A key must not show, however it is printed and wherever it is embedded.
func TestKeysAreNeverPrinted(t *testing.T) {
	keys := rfcKeys(t, Server)
	e, _ := pair(t, Key128)
	d, err := NewDecrypter(Key128|Stateless, rfcKeys(t, Client)) // the same start key
	if err != nil {
		t.Fatal(err)
	}
	things := map[string]any{
		"keys": keys, "pointer": &keys, "encrypter": e, "its pointer": &e, "decrypter": d, "its pointer, too": &d,
		"unexported": struct {
			k Keys
			e Encrypter
			d *Decrypter
		}{keys, e, &d},
		"slice": []Keys{keys}, "map": map[string]Encrypter{"a": e},
	}
	start := keys.open().send.strong
	var spoilt []string
	for _, secret := range [][]byte{start[:4], e.sealed.open().session.key()[:4]} {
		spoilt = append(spoilt, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), string(secret),
			strings.Trim(fmt.Sprint(secret), "[]"), strings.TrimSuffix(fmt.Sprintf("%#v", secret)[7:], "}"))
	}
	for name, thing := range things {
		var all bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "% x"} {
			fmt.Fprintf(&all, verb+"\n", thing)
		}
		slog.New(slog.NewTextHandler(&all, nil)).Info("x", "thing", thing)
		slog.New(slog.NewJSONHandler(&all, nil)).Info("x", "thing", thing)
		encoded, err := json.Marshal(thing)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(encoded)
		for _, bad := range spoilt {
			if strings.Contains(all.String(), bad) {
				t.Errorf("%s shows %q in %s", name, bad, all.String())
			}
		}
	}
}
