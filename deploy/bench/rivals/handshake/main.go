// Command handshake is both ends of PPTP's bare control handshakes, without
// any state behind them: what it can make in a second is the line that whole
// calls are compared with.
//
//	handshake serve ADDR             answers until it is killed
//	handshake ask ADDR WORKERS D     connects, starts, asks for a call and closes,
//	                                 again and again for D: handshakes a second
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "handshake: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "serve":
		return serve(args[1])
	case len(args) == 4 && args[0] == "ask":
		workers, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		d, err := time.ParseDuration(args[3])
		if err != nil {
			return err
		}
		return ask(args[1], workers, d)
	}
	return errors.New("serve ADDR, or ask ADDR WORKERS DURATION")
}

// Control messages (RFC 2637 §2): their types and lengths.
const (
	startRequest, startReply = 1, 2
	callRequest, callReply   = 7, 8

	startLength       = 156
	callRequestLength = 168
	callReplyLength   = 32
	cookie            = 0x1A2B3C4D
)

func message(kind uint16, length int) []byte {
	b := make([]byte, length)
	binary.BigEndian.PutUint16(b, uint16(length))
	b[3] = 1 // control message
	binary.BigEndian.PutUint32(b[4:], cookie)
	binary.BigEndian.PutUint16(b[8:], kind)
	return b
}

// read reads one message into b and returns its type.
func read(c net.Conn, b []byte) (uint16, error) {
	if _, err := io.ReadFull(c, b[:12]); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(b))
	if n < 12 || n > len(b) || binary.BigEndian.Uint32(b[4:]) != cookie {
		return 0, errors.New("no control message")
	}
	_, err := io.ReadFull(c, b[12:n])
	return binary.BigEndian.Uint16(b[8:]), err
}

func serve(addr string) error {
	l, err := net.Listen("tcp4", addr)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	var calls atomic.Uint32
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go answer(c, &calls)
	}
}

func answer(c net.Conn, calls *atomic.Uint32) {
	defer c.Close()
	var b [256]byte
	for {
		kind, err := read(c, b[:])
		if err != nil {
			return
		}
		var m []byte
		switch kind {
		case startRequest:
			m = message(startReply, startLength)
			m[12], m[14] = 1, 1 // version 1.0, successful
		case callRequest:
			m = message(callReply, callReplyLength)
			binary.BigEndian.PutUint16(m[12:], uint16(calls.Add(1)))
			copy(m[14:], b[12:14])
			m[16] = 1 // connected
		default:
			return
		}
		if _, err := c.Write(m); err != nil {
			return
		}
	}
}

func ask(addr string, workers int, d time.Duration) error {
	var made atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	start := time.Now()
	for range workers {
		all.Go(func() {
			for time.Since(start) < d {
				if err := shake(addr); err != nil {
					failed.Store(&err)
					return
				}
				made.Add(1)
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	fmt.Printf("%.0f\n", float64(made.Load())/time.Since(start).Seconds())
	return nil
}

func shake(addr string) error {
	c, err := net.Dial("tcp4", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	c.(*net.TCPConn).SetLinger(0)
	var b [256]byte
	for _, m := range [][]byte{message(startRequest, startLength), message(callRequest, callRequestLength)} {
		if _, err := c.Write(m); err != nil {
			return err
		}
		if _, err := read(c, b[:]); err != nil {
			return err
		}
	}
	return nil
}
