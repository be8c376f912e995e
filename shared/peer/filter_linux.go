package peer

import "golang.org/x/sys/unix"

// filterCallIDs has the kernel keep from a raw socket what is GRE of PPTP with
// a Call ID of the other parity: that of another program on this host, which
// else would wake this one for each of its packets. What is no such packet
// comes through and is counted.
func filterCallIDs(fd int, odd bool) error {
	parity := uint32(0)
	if odd {
		parity = 1
	}
	const (
		load8   = unix.BPF_LD | unix.BPF_B | unix.BPF_IND
		load16  = unix.BPF_LD | unix.BPF_H | unix.BPF_IND
		and     = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
		equal   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		atLeast = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
		end     = unix.BPF_RET | unix.BPF_K
	)
	program := []unix.SockFilter{
		{Code: unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH, K: 0}, // X: length of the IPv4 header
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_LEN},
		{Code: unix.BPF_ALU | unix.BPF_SUB | unix.BPF_X},
		{Code: atLeast, K: 8, Jf: 6}, // a whole GRE header
		{Code: load8, K: 1},
		{Code: and, K: 7},
		{Code: equal, K: 1, Jf: 3}, // version 1, enhanced
		{Code: load16, K: 6},       // Call ID
		{Code: and, K: 1},
		{Code: equal, K: parity, Jf: 1},
		{Code: end, K: 1 << 16},
		{Code: end, K: 0},
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
}
