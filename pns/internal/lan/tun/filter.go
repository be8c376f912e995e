package tun

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// sift has a socket hear only what a program lets through, which sees each
// message from its beginning.
func sift(fd int, program []bpf.Instruction) error {
	raw, err := bpf.Assemble(program)
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
}

// heeded lets through what concerns us of the kernel's messages: all of interfaces
// and addresses, and of routes the loss of one over an interface. A router hears of
// thousands of others a second.
func heeded(own int) []bpf.Instruction {
	const kind, attributes = 4, unix.SizeofNlMsghdr + unix.SizeofRtMsg
	return []bpf.Instruction{
		bpf.LoadAbsolute{Off: kind, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(seen16(unix.RTM_NEWROUTE)), SkipTrue: 9},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(seen16(unix.RTM_DELROUTE)), SkipTrue: 7},
		bpf.LoadConstant{Dst: bpf.RegA, Val: attributes},
		bpf.LoadConstant{Dst: bpf.RegX, Val: unix.RTA_OIF},
		bpf.LoadExtension{Num: bpf.ExtNetlinkAttr}, // A is where it is; 0: there is none
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 4},
		bpf.TAX{},
		bpf.LoadIndirect{Off: unix.SizeofRtAttr, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: seen32(uint32(own)), SkipTrue: 1},
		bpf.RetConstant{Val: 1 << 16},
		bpf.RetConstant{Val: 0},
	}
}

// A program sees numbers of the host's order as those of the network's.
func seen16(v uint16) uint16 {
	return binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, v))
}

func seen32(v uint32) uint32 {
	return binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, v))
}

// heed has us hear of the loss of routes over our interface, which has another index
// each time that it is made.
func (l *LAN) heed(own int) error {
	if err := l.out.unlessOver(func() error { return sift(l.kernel.GetFd(), heeded(own)) }); err != nil {
		return fmt.Errorf("changes of interfaces cannot be followed: %w", err)
	}
	return nil
}
