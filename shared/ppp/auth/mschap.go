package auth

// NTHash is RFC 2759 §8.3's NtPasswordHash: MD4 over the password in UTF-16,
// little end first. The password is UTF-8.
func NTHash(password string) [16]byte { return [16]byte{} }
