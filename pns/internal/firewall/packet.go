package firewall

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// A packet is what a filter is asked about. What its fields leave open, many
// packets have differently: a rule that looks at it may match or not.
type packet struct {
	in, out  face
	protocol byte // of IP
	src, dst netip.Addr
	port     uint16 // it goes to; 0: any
	from     uint16 // the port that it comes from; 0: any
	state    uint32 // of its connection, a bit of expr.CtState; 0: any
}

// A face is an interface: by its name, or any but that and the loopback. Without
// either it is not known.
type face struct {
	name  string
	index uint32 // 0: there is none of the name
	other bool
}

// A fact is what a rule loads of a packet: a value, or any but some, or
// anything.
type fact struct {
	value []byte
	not   [][]byte
	dst   bool // the address that it goes to
	own   bool // what tells callers from others
}

// name16 is its name as a rule compares it, number its index.
func (f face) name16() fact {
	return f.fact(padded(f.name), padded("lo"))
}

func (f face) number() fact {
	return f.fact(binary.NativeEndian.AppendUint32(nil, f.index), binary.NativeEndian.AppendUint32(nil, 1))
}

func (f face) fact(its, loopback []byte) fact {
	switch {
	case f.other:
		return fact{not: [][]byte{its, loopback}}
	case f.name == "":
		return fact{}
	}
	return fact{value: its, own: true}
}

func padded(name string) []byte {
	return append([]byte(name), make([]byte, unix.IFNAMSIZ-min(len(name), unix.IFNAMSIZ))...)
}

// meta is what the expression meta loads.
func (p packet) meta(key expr.MetaKey) fact {
	switch key {
	case expr.MetaKeyIIFNAME:
		return p.in.name16()
	case expr.MetaKeyOIFNAME:
		return p.out.name16()
	case expr.MetaKeyIIF:
		return p.in.number()
	case expr.MetaKeyOIF:
		return p.out.number()
	case expr.MetaKeyL4PROTO:
		return fact{value: []byte{p.protocol}}
	case expr.MetaKeyNFPROTO:
		return fact{value: []byte{unix.NFPROTO_IPV4}}
	case expr.MetaKeyPROTOCOL:
		return fact{value: binary.BigEndian.AppendUint16(nil, unix.ETH_P_IP)}
	}
	return fact{}
}

// Statuses of a connection in the kernel's nf_conntrack_common.h: it was seen in
// both directions, and is one that counts.
const answered = 1<<1 | 1<<2 | 1<<3

// tracked is what the expression ct loads.
func (p packet) tracked(key expr.CtKey) fact {
	if p.state == 0 {
		return fact{}
	}
	switch key {
	case expr.CtKeySTATE:
		return fact{value: binary.NativeEndian.AppendUint32(nil, p.state)}
	case expr.CtKeySTATUS:
		status := uint32(0)
		if p.state == expr.CtStateBitESTABLISHED {
			status = answered
		}
		return fact{value: binary.NativeEndian.AppendUint32(nil, status)}
	}
	return fact{}
}

// payload is what the expression payload loads: some octets of a header.
func (p packet) payload(base expr.PayloadBase, offset, size uint32) fact {
	part := func(a netip.Addr, at uint32) fact {
		f := fact{dst: at == 16}
		if b := a.AsSlice(); len(b) == 4 && offset+size <= at+4 {
			f.value, f.own = b[offset-at:][:size], true
		}
		return f
	}
	switch {
	case base == expr.PayloadBaseNetworkHeader && offset == 9 && size == 1:
		return fact{value: []byte{p.protocol}}
	case base == expr.PayloadBaseNetworkHeader && offset >= 12 && offset < 16:
		return part(p.src, 12)
	case base == expr.PayloadBaseNetworkHeader && offset >= 16 && offset < 20:
		return part(p.dst, 16)
	case base == expr.PayloadBaseTransportHeader && offset == 2 && size == 2 && p.port != 0:
		return fact{value: binary.BigEndian.AppendUint16(nil, p.port)}
	case base == expr.PayloadBaseTransportHeader && offset == 0 && size == 2 && p.from != 0:
		return fact{value: binary.BigEndian.AppendUint16(nil, p.from)}
	}
	return fact{}
}

// A guess is whether a rule's condition holds.
type guess uint8

const (
	no guess = iota
	maybe
	yes
)

func sure(b bool) guess {
	if b {
		return yes
	}
	return no
}

func (g guess) not() guess { return yes - g }

// compare is the expression cmp.
func (f fact) compare(op expr.CmpOp, with []byte) guess {
	if op == expr.CmpOpNeq {
		return f.compare(expr.CmpOpEq, with).not()
	}
	if len(with) == 0 {
		return maybe
	}
	if f.value == nil {
		for _, n := range f.not {
			whole := len(with) == len(n) || with[len(with)-1] == 0 // else it is a name with *
			if op == expr.CmpOpEq && whole && bytes.HasPrefix(n, with) {
				return no
			}
		}
		return maybe
	}
	if len(f.value) < len(with) {
		return maybe
	}
	c := bytes.Compare(f.value[:len(with)], with) // a name with * is compared in part
	switch op {
	case expr.CmpOpEq:
		return sure(c == 0)
	case expr.CmpOpLt:
		return sure(c < 0)
	case expr.CmpOpLte:
		return sure(c <= 0)
	case expr.CmpOpGt:
		return sure(c > 0)
	case expr.CmpOpGte:
		return sure(c >= 0)
	}
	return maybe
}
