package mppe

import (
	"bytes"
	"crypto/rc4"
	"math/rand/v2"
	"testing"
)

// RFC 6229 §2, the keys of 64 and 128 bits.
func TestVectorsOfRFC6229(t *testing.T) {
	for key, streams := range map[string]map[int]string{
		"0102030405060708": {
			0: "97 ab 8a 1b f0 af b9 61 32 f2 f6 72 58 da 15 a8", 16: "82 63 ef db 45 c4 a1 86 84 ef 87 e6 b1 9e 5b 09",
			240: "96 36 eb c9 84 19 26 f4 f7 d1 f3 62 bd df 6e 18", 256: "d0 a9 90 ff 2c 05 fe f5 b9 03 73 c9 ff 4b 87 0a",
			496: "73 23 9f 1d b7 f4 1d 80 b6 43 c0 c5 25 18 ec 63", 512: "16 3b 31 99 23 a6 bd b4 52 7c 62 61 26 70 3c 0f",
			752: "49 d6 c8 af 0f 97 14 4a 87 df 21 d9 14 72 f9 66", 768: "44 17 3a 10 3b 66 16 c5 d5 ad 1c ee 40 c8 63 d0",
			1008: "27 3c 9c 4b 27 f3 22 e4 e7 16 ef 53 a4 7d e7 a4", 1024: "c6 d0 e7 b2 26 25 9f a9 02 34 90 b2 61 67 ad 1d",
			1520: "1f e8 98 67 13 f0 7c 3d 9a e1 c1 63 ff 8c f9 d3", 1536: "83 69 e1 a9 65 61 0b e8 87 fb d0 c7 91 62 aa fb",
			2032: "0a 01 27 ab b4 44 84 b9 fb ef 5a bc ae 1b 57 9f", 2048: "c2 cd ad c6 40 2e 8e e8 66 e1 f3 7b db 47 e4 2c",
			3056: "26 b5 1e a3 7d f8 e1 d6 f7 6f c3 b6 6a 74 29 b3", 3072: "bc 76 83 20 5d 4f 44 3d c1 f2 9d da 33 15 c8 7b",
			4080: "d5 fa 5a 34 69 d2 9a aa f8 3d 23 58 9d b8 c8 5b", 4096: "3f b4 6e 2c 8f 0f 06 8e dc e8 cd cd 7d fc 58 62",
		},
		"0102030405060708090a0b0c0d0e0f10": {
			0: "9a c7 cc 9a 60 9d 1e f7 b2 93 28 99 cd e4 1b 97", 16: "52 48 c4 95 90 14 12 6a 6e 8a 84 f1 1d 1a 9e 1c",
			240: "06 59 02 e4 b6 20 f6 cc 36 c8 58 9f 66 43 2f 2b", 256: "d3 9d 56 6b c6 bc e3 01 07 68 15 15 49 f3 87 3f",
			496: "b6 d1 e6 c4 a5 e4 77 1c ad 79 53 8d f2 95 fb 11", 512: "c6 8c 1d 5c 55 9a 97 41 23 df 1d bc 52 a4 3b 89",
			752: "c5 ec f8 8d e8 97 fd 57 fe d3 01 70 1b 82 a2 59", 768: "ec cb e1 3d e1 fc c9 1c 11 a0 b2 6c 0b c8 fa 4d",
			1008: "e7 a7 25 74 f8 78 2a e2 6a ab cf 9e bc d6 60 65", 1024: "bd f0 32 4e 60 83 dc c6 d3 ce dd 3c a8 c5 3c 16",
			1520: "b4 01 10 c4 19 0b 56 22 a9 61 16 b0 01 7e d2 97", 1536: "ff a0 b5 14 64 7e c0 4f 63 06 b8 92 ae 66 11 81",
			2032: "d0 3d 1b c0 3c d3 3d 70 df f9 fa 5d 71 96 3e bd", 2048: "8a 44 12 64 11 ea a7 8b d5 1e 8d 87 a8 87 9b f5",
			3056: "fa be b7 60 28 ad e2 d0 e4 87 22 e4 6c 46 15 a3", 3072: "c0 5d 88 ab d5 03 57 f9 35 a6 3c 59 ee 53 76 23",
			4080: "ff 38 26 5c 16 42 c1 ab e8 d3 c2 fe 5e 57 2b f8", 4096: "a3 6a 4c 30 1a e8 ac 13 61 0c cb c1 22 56 ca cc",
		},
	} {
		var c cipher
		c.schedule(repeat(unhex(t, key)))
		stream := make([]byte, 4112)
		c.xor(stream)
		for at, want := range streams {
			if got := stream[at : at+16]; !bytes.Equal(got, unhex(t, want)) {
				t.Errorf("key %s at %d: % x, want %s", key, at, got, want)
			}
		}
	}
}

// repeat fills 16 octets with a key of 8 or 16.
func repeat(key []byte) *[16]byte {
	var k [16]byte
	copy(k[copy(k[:], key):], key)
	return &k
}

// Keys and lengths of pieces enough that each look-ahead meets each store.
func TestCipherIsCryptoRC4(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var c cipher // used again with each key, as a Decrypter does
	got, want := make([]byte, 700), make([]byte, 700)
	for n := range 4000 {
		key := make([]byte, 8+n%2*8)
		for i := range key {
			key[i] = byte(r.Uint32())
		}
		clear(got)
		c.schedule(repeat(key))
		for at := 0; at < len(got); {
			next := min(len(got), at+r.IntN(40))
			c.xor(got[at:next])
			at = next
		}
		clear(want)
		reference, err := rc4.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		reference.XORKeyStream(want, want)
		if !bytes.Equal(got, want) {
			t.Fatalf("key % x: the streams differ", key)
		}
	}
}

func BenchmarkRC4(b *testing.B) {
	key := [16]byte{0xD1, 0x26, 0x9E}
	data := make([]byte, 1400)
	var c cipher
	reference, err := rc4.NewCipher(key[:])
	if err != nil {
		b.Fatal(err)
	}
	for _, of := range []struct {
		name   string
		octets int64
		do     func()
	}{
		{"schedule", 0, func() { c.schedule(&key) }},
		{"schedule of crypto", 0, func() { _, _ = rc4.NewCipher(key[:]) }},
		{"stream", 1400, func() { c.xor(data) }},
		{"stream of crypto", 1400, func() { reference.XORKeyStream(data, data) }},
	} {
		b.Run(of.name, func(b *testing.B) {
			b.SetBytes(of.octets)
			b.ReportAllocs()
			for b.Loop() {
				of.do()
			}
		})
	}
}
