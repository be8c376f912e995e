//go:build netns

package vj

import (
	"bytes"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"carrier/shared/ppp"
)

var recording = flag.Bool("record", false, "write testdata's conversations anew")

// A kernel is a network namespace with a TUN of 576 octets, whose other side the
// test has.
type kernel struct {
	t    *testing.T
	addr netip.Addr
	tun  *os.File
	do   chan func()
}

func newKernel(t *testing.T, addr, peer string, timestamps bool) *kernel {
	k := &kernel{t: t, addr: netip.MustParseAddr(addr), do: make(chan func())}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := k.setUp(peer, timestamps)
		ready <- err
		for f := range k.do {
			f()
		}
	}()
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { close(k.do); k.tun.Close() })
	return k
}

func (k *kernel) setUp(peer string, timestamps bool) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	request, err := unix.NewIfreq("ppp0")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return err
	}
	k.tun = os.NewFile(uintptr(fd), "tun")
	link, err := netlink.LinkByName("ppp0")
	if err != nil {
		return err
	}
	own, _ := netlink.ParseAddr(k.addr.String() + "/32")
	other, _ := netlink.ParseIPNet(peer + "/32")
	clock := "0"
	if timestamps {
		clock = "1"
	}
	return errors.Join(
		os.WriteFile("/proc/sys/net/ipv4/tcp_timestamps", []byte(clock), 0),
		netlink.AddrAdd(link, own), netlink.LinkSetMTU(link, 576), netlink.LinkSetUp(link),
		netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: other, Scope: netlink.SCOPE_LINK}))
}

// in runs f in the namespace: sockets made there stay there.
func (k *kernel) in(f func() error) {
	k.t.Helper()
	done := make(chan error)
	k.do <- func() { done <- f() }
	if err := <-done; err != nil {
		k.t.Fatal(err)
	}
}

// counter reads one of the kernel's: InCsumErrors are TCP segments whose
// checksum was wrong.
func (k *kernel) counter(name string) (value int) {
	k.in(func() error {
		b, err := os.ReadFile("/proc/thread-self/net/snmp")
		rows := strings.Split(string(b), "\n")
		for i := range rows[:len(rows)-1] {
			names, values := strings.Fields(rows[i]), strings.Fields(rows[i+1])
			if names[0] == "Tcp:" && values[0] == "Tcp:" && names[1] == "RtoAlgorithm" {
				for j := range names {
					if names[j] == name {
						value, err = strconv.Atoi(values[j])
					}
				}
			}
		}
		return err
	})
	return value
}

// A cable is one direction between two kernels.
type cable struct {
	*link
	from, to *kernel
	lose     int // each so many'th frame of TCP is lost; 0: none
	mu       *sync.Mutex
	file     *pcapgo.Writer       // nil: none
	count    [1 << 6]atomic.Int64 // of packets, by protocol
	dropped  atomic.Int64         // by the decompressor
}

func (w *cable) run() {
	buf := make([]byte, 1500)
	for n := 1; ; n++ {
		got, err := w.from.tun.Read(buf)
		if err != nil {
			return
		}
		packet := buf[:got]
		if packet[0]>>4 != 4 {
			continue // IPv6 looks for its router
		}
		if w.file != nil {
			w.mu.Lock()
			err = w.file.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(0, 0), CaptureLength: got, Length: got}, packet)
			w.mu.Unlock()
			if err != nil {
				w.t.Error(err)
			}
		}
		p, info := w.compress(packet)
		w.count[p].Add(1)
		if w.lose > 0 && n%w.lose == 0 {
			w.d.Toss()
			continue
		}
		out, err := w.decompress(p, info)
		switch {
		case err == nil && w.lose == 0 && !bytes.Equal(out, packet):
			w.t.Errorf("% x came out as % x", packet, out)
		case err != nil && w.lose == 0:
			w.t.Errorf("% x: %v", info, err)
		case err != nil:
			w.dropped.Add(1)
		default:
			_, _ = w.to.tun.Write(out)
		}
	}
}

// converse has two kernels talk as on a modem: characters and their echo, urgent
// data, files both ways, and an end of each kind.
func converse(t *testing.T, s Slots, timestamps bool, lose int, file string) (a, b *kernel, cables [2]*cable) {
	var out *pcapgo.Writer
	if file != "" {
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		out = pcapgo.NewWriter(f)
		if err := out.WriteFileHeader(65535, layers.LinkTypeRaw); err != nil {
			t.Fatal(err)
		}
	}
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	a, b = newKernel(t, "10.0.0.1", "10.0.0.2", timestamps), newKernel(t, "10.0.0.2", "10.0.0.1", timestamps)
	var mu sync.Mutex
	for i, ends := range [][2]*kernel{{a, b}, {b, a}} {
		cables[i] = &cable{link: newLink(t, s), from: ends[0], to: ends[1], lose: lose, mu: &mu, file: out}
		running.Go(cables[i].run) // until its TUN is closed
	}
	var server net.Listener
	b.in(func() (err error) {
		server, err = net.Listen("tcp", "10.0.0.2:23")
		return err
	})
	var talks sync.WaitGroup
	for i := range 3 {
		var here net.Conn
		a.in(func() (err error) {
			here, err = net.DialTimeout("tcp", "10.0.0.2:23", 20*time.Second)
			return err
		})
		there, err := server.Accept()
		if err != nil {
			t.Fatal(err)
		}
		talks.Go(func() { talk(t, i, here.(*net.TCPConn), there.(*net.TCPConn)) })
	}
	talks.Wait()
	server.Close()
	return a, b, cables
}

func talk(t *testing.T, i int, here, there *net.TCPConn) {
	deadline := time.Now().Add(time.Minute)
	here.SetDeadline(deadline)
	there.SetDeadline(deadline)
	defer here.Close()
	defer there.Close()
	both := func(what string, from, to io.ReadWriter, b []byte) {
		got := make([]byte, len(b))
		sent := make(chan error, 1)
		go func() { _, err := from.Write(b); sent <- err }()
		if _, err := io.ReadFull(to, got); err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s: came out otherwise than it was: %v", what, err)
		}
		if err := <-sent; err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for n := range 16 + i {
		c := []byte{byte('a' + n)}
		both("a character", here, there, c)
		both("its echo", there, here, c)
	}
	raw, err := here.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { err = unix.Send(int(fd), []byte("urgent!"), unix.MSG_OOB) })
	}
	if err != nil {
		t.Error(err)
	}
	got := make([]byte, 6) // the seventh is out of band
	if _, err := io.ReadFull(there, got); err != nil || string(got) != "urgent" {
		t.Errorf("before the urgent octet: %q, %v", got, err)
	}
	contents := make([]byte, 6000+i)
	rand.Read(contents)
	both("a file", there, here, contents)
	both("a file", here, there, contents[:3000])
	switch i {
	case 0:
		here.CloseWrite()
		both("half closed", there, here, contents[:100])
	case 1:
		here.SetLinger(0)
		here.Close()
		if _, err := there.Read(got); !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("cut off: %v", err)
		}
	}
}

// The TCP of two kernels talks through the compression, and each packet comes
// out as it was.
func TestKernelsTalk(t *testing.T) {
	for name, timestamps := range map[string]bool{"kernels": false, "timestamps": true} {
		t.Run(name, func(t *testing.T) {
			file := ""
			if *recording {
				file = filepath.Join("testdata", name+".pcap")
			}
			_, _, cables := converse(t, Slots{Count: 16, Implied: true}, timestamps, 0, file)
			for i, c := range cables {
				short, whole := c.count[ppp.VJCompressed].Load(), c.count[ppp.VJUncompressed].Load()
				if short < 2*whole || whole < 3 {
					t.Errorf("direction %d: %d packets compressed, %d not", i, short, whole)
				}
			}
		})
	}
}

// Frames are lost. Where each packet names its slot the decompressor makes
// packets whose checksum is wrong, and the kernels drop them; otherwise it drops
// what names none. TCP repeats itself, and all arrives (RFC 1144 §4.2).
func TestKernelsRepairLosses(t *testing.T) {
	for _, s := range []Slots{{16, true}, {16, false}, {2, true}} {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			a, b, cables := converse(t, s, false, 23, "")
			wrong, dropped := a.counter("InCsumErrors")+b.counter("InCsumErrors"), cables[0].dropped.Load()+cables[1].dropped.Load()
			if !s.Implied && (wrong == 0 || dropped > 0) || s.Implied && dropped == 0 {
				t.Errorf("%d packets had a wrong checksum, %d were dropped", wrong, dropped)
			}
		})
	}
}
