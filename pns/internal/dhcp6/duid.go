package dhcp6

import (
	"crypto/sha256"

	"github.com/insomniacslk/dhcp/dhcpv6"
)

// NewDUID is the DUID of the server with a name: the same in all its calls and after
// a restart, so that hosts know whom they renew with. It is a UUID (RFC 6355) that is
// made of the name (RFC 9562 §5.8).
func NewDUID(name string) dhcpv6.DUID {
	sum := sha256.Sum256([]byte("carrier/pns\x00" + name))
	d := &dhcpv6.DUIDUUID{UUID: [16]byte(sum[:])}
	d.UUID[6] = d.UUID[6]&0x0F | 0x80 // version 8
	d.UUID[8] = d.UUID[8]&0x3F | 0x80 // the variant
	return d
}
