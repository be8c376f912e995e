// Command wire is the two ends between which a PAC's work is measured: HDLC on
// a line on one side, GRE on the other.
//
//	wire ppp  -dir up|down -rate R -count FILE        the line, on standard input: in pppd's place
//	wire line -path LINK -dir ... (as above)          the line, a pseudo-terminal at LINK, after a login
//	wire net  -local A [-pac B]                       the PNS that waits for a call, or places one at B
//
// A line sends frames until it is killed (up), or counts them into FILE (down).
// A PNS takes commands on its standard input, a line each, and answers each:
// "call" waits until there is a call; "count" says how many packets came so
// far; "flood R" sends R packets a second from now on, 0: as fast as it goes;
// it may be said again.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
)

func main() {
	var o options
	flag.StringVar(&o.dir, "dir", "up", "up: from the line to GRE; down: the other way")
	flag.IntVar(&o.rate, "rate", 0, "frames a second, 0: as fast as they are taken")
	flag.StringVar(&o.count, "count", "", "file for the number of frames that came")
	flag.StringVar(&o.path, "path", "", "link to the line's pseudo-terminal, which is made")
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
		tty, err := openLine(o.path)
		if err != nil {
			return err
		}
		fmt.Println("ready")
		rest, err := login(tty)
		if err != nil {
			return err
		}
		return o.line(struct {
			io.Reader
			io.Writer
		}{io.MultiReader(strings.NewReader(rest), tty), tty})
	case "net":
		return o.pns()
	}
	return errors.New("ppp, line or net")
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
