// Command wire is the two ends between which a PAC's work is measured: HDLC on
// a line on one side, GRE on the other.
//
//	wire ppp  -dir up|down -rate R -count FILE        the line, on standard input: in pppd's place
//	wire line -path SOCKET -dir ... (as above)        the line, after a login on a Unix socket
//	wire net  -local A [-pac B]                       the PNS that waits for a call, or places one at B
//
// A line sends frames until it is killed (up), or counts them into FILE (down).
// A PNS takes commands on its standard input, a line each, and answers each:
// "call" waits until there is a call; "count" says how many packets came so
// far; "flood R" sends R packets a second from now on, 0: as fast as it goes.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	var o options
	flag.StringVar(&o.dir, "dir", "up", "up: from the line to GRE; down: the other way")
	flag.IntVar(&o.rate, "rate", 0, "frames a second, 0: as fast as they are taken")
	flag.StringVar(&o.count, "count", "", "file for the number of frames that came")
	flag.StringVar(&o.path, "path", "", "Unix socket of the line")
	flag.StringVar(&o.local, "local", "", "our address")
	flag.StringVar(&o.pac, "pac", "", "address of the PAC to call")
	verb := strings.Join(os.Args[1:min(2, len(os.Args))], "")
	flag.CommandLine.Parse(os.Args[min(2, len(os.Args)):])
	if err := o.run(verb); err != nil {
		fmt.Fprintf(os.Stderr, "wire: %v\n", err)
		os.Exit(1)
	}
}

type options struct {
	dir, count, path, local, pac string
	rate                         int
}

func (o options) run(verb string) error {
	switch verb {
	case "ppp":
		if err := rawTerminal(0); err != nil {
			return err
		}
		return o.line(os.Stdin)
	case "line":
		c, err := net.Dial("unix", o.path)
		if err != nil {
			return err
		}
		if err := login(c); err != nil {
			return err
		}
		return o.line(c)
	case "net":
		return o.pns()
	}
	return errors.New("ppp, line or net")
}

// rawTerminal has a terminal pass all octets.
func rawTerminal(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = t.Cflag&^unix.CBAUD | unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B4000000
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

// login types a name and a password at the prompts of pac.
func login(c net.Conn) error {
	c.SetDeadline(time.Now().Add(10 * time.Second))
	defer c.SetDeadline(time.Time{})
	var heard string
	b := make([]byte, 1024)
	for _, step := range []struct{ say, until string }{{"\r", "login: "}, {"bench\r", "Password: "}, {"bench\r", "PPP"}} {
		if _, err := c.Write([]byte(step.say)); err != nil {
			return err
		}
		for !strings.Contains(heard, step.until) {
			n, err := c.Read(b)
			if err != nil {
				return fmt.Errorf("after %q: %w", heard, err)
			}
			heard += string(b[:n])
		}
		heard = ""
	}
	return nil
}

// payload is a PPP frame of 1404 random octets.
func payload(r *rand.Rand) []byte {
	p := make([]byte, 1404)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	copy(p, []byte{0xFF, 0x03, 0x00, 0x21})
	return p
}
