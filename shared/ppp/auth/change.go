package auth

import (
	"crypto/rc4"
	"crypto/subtle"
	"encoding/binary"
	"io"
	"unicode/utf16"

	"carrier/shared/wire"
)

// chapChange is the code of MS-CHAPv2's Change-Password packet (RFC 2759 §7).
const chapChange = 7

// maxPassword is how long a new password may be, in octets of UTF-16.
const maxPassword = 512

// A passwordBlock is PWBLOCK (RFC 2759 §8.9): a password in UTF-16 at the end
// of 512 octets, and its length; encrypted with the old password's hash.
type passwordBlock [maxPassword + 4]byte

// A change is what a Change-Password packet has beside a Response.
type change struct {
	block passwordBlock
	hash  [16]byte // the old password's, encrypted with the new one's
}

// parseChange reads a Change-Password packet's data. The rest of it is made
// the Value of a Response.
func parseChange(data []byte) (c change, value []byte, err error) {
	r := wire.NewReader(data)
	copy(c.block[:], r.Bytes("Encrypted-Password", len(c.block)))
	copy(c.hash[:], r.Bytes("Encrypted-Hash", len(c.hash)))
	value = append(value, r.Bytes("Peer-Challenge", 16)...)
	value = append(value, r.Bytes("Reserved", 8)...)
	value = append(value, r.Bytes("NT-Response", ntResponseSize)...)
	r.Skip("Flags", 2)
	return c, append(value, 0), r.Err()
}

// append appends that data; value is a Response's.
func (c *change) append(dst, value []byte) []byte {
	dst = append(append(dst, c.block[:]...), c.hash[:]...)
	return append(append(dst, value[:48]...), 0, 0)
}

// utf16Octets is a password as Windows hashes it: UTF-16, little end first.
func utf16Octets(password string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(password)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// newChange makes the change from a hash to a password, whose utf16Octets are
// not more than maxPassword; rand fills what is left.
func newChange(password string, old [16]byte, rand io.Reader) (c change, err error) {
	b := utf16Octets(password)
	if _, err := io.ReadFull(rand, c.block[:maxPassword-len(b)]); err != nil {
		return change{}, err
	}
	copy(c.block[maxPassword-len(b):], b)
	binary.LittleEndian.PutUint32(c.block[maxPassword:], uint32(len(b)))
	c.block.crypt(old)
	c.hash = encryptHash(old, md4Sum(b))
	return c, nil
}

// crypt is Rc4Encrypt with a hash as the key (RFC 2759 §8.11), both ways.
func (b *passwordBlock) crypt(hash [16]byte) {
	c, _ := rc4.NewCipher(hash[:]) // its only error is a key of another size
	c.XORKeyStream(b[:], b[:])
}

// open finds the new password's octets. Of a block that lies about its length,
// as one does that was encrypted with another hash, it says so and takes as
// long.
func (c *change) open(old [16]byte) (password []byte, ok bool) {
	b := c.block
	b.crypt(old)
	n := binary.LittleEndian.Uint32(b[maxPassword:])
	if n > maxPassword || n%2 != 0 {
		return b[:maxPassword], false
	}
	return b[maxPassword-n : maxPassword], true
}

// encryptHash is NtPasswordHashEncryptedWithBlock (RFC 2759 §8.13).
func encryptHash(hash, key [16]byte) (cypher [16]byte) {
	desEncrypt(cypher[:8], hash[:8], [7]byte(key[:7]))
	desEncrypt(cypher[8:], hash[8:], [7]byte(key[7:14]))
	return cypher
}

// checkChange checks a Change-Password packet against the old password: it must
// hold the new one, and the old hash under it, and a Response with the new one
// (RFC 2759 §7).
func (p proof) checkChange(old secret, name string) (next secret, ok bool, authenticator [20]byte, keys Keys) {
	password, fits := p.change.open(old.hash)
	next = newSecret(password)
	want := encryptHash(old.hash, next.hash)
	same := subtle.ConstantTimeCompare(want[:], p.change.hash[:]) == 1
	ok, authenticator, keys = p.checkMSCHAPv2(next, name)
	return next, ok && same && fits && old.hashed, authenticator, keys
}

// newSecret is the secret of a password in UTF-16. Where it is not well formed
// only its hash counts.
func newSecret(b []byte) secret {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	s := secret{password: string(utf16.Decode(u)), hash: md4Sum(b), hashed: true}
	s.clear = NTHash(s.password) == s.hash
	return s
}

// Changes tells a claim that brings a new password, in place of one that has
// expired. Its Check wants the old one.
func (c *Claim) Changes() bool { return c.proof.open().change != nil }

// Changed is the new password of a claim that Changes, for its owner to keep
// before the verdict is given; ok tells that the claim proves the old one.
func (c *Claim) Changed(old Secret) (next Secret, ok bool) {
	p := c.proof.open()
	if p.change == nil || old.IsZero() {
		return Secret{}, false
	}
	s, ok, _, _ := p.checkChange(old.sealed.open(), c.Name)
	if !ok {
		return Secret{}, false
	}
	return Secret{seal(s)}, true
}
