package capture

import (
	"io"
	"runtime"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"carrier/shared/ppp"
)

// linkTypePPPWithDir is LINKTYPE_PPP_WITH_DIR: an octet for the direction, then
// the frame.
const linkTypePPPWithDir layers.LinkType = 204

// A file is the pcapng that a capture writes.
type file struct {
	w       io.Writer
	ng      *pcapgo.NgWriter
	calls   map[string]int // interface of each call
	open    map[path]bool  // control connections whose handshake is written, by either path
	ident   uint16         // of the next IPv4 header
	packets int
	octets  int64
	buf     []byte
}

// Write counts what the pcapng writer writes.
func (f *file) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	f.octets += int64(n)
	return n, err
}

// begin writes the header, so that a reader on a pipe knows at once what comes.
func (f *file) begin(filter Filter) (err error) {
	f.calls, f.open = make(map[string]int), make(map[path]bool)
	f.ng, err = pcapgo.NewNgWriterInterface(f, pcapgo.NgInterface{
		Name: "tunnel", Description: "control connections and GRE, IP headers rebuilt",
		LinkType: layers.LinkTypeRaw, OS: runtime.GOOS,
	}, pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{
		Application: "Carrier", OS: runtime.GOOS, Hardware: runtime.GOARCH, Comment: "filter: " + filter.String(),
	}})
	if err != nil {
		return err
	}
	return f.flush()
}

func (f *file) write(p packet) error {
	switch {
	case p.gre:
		f.buf = f.ipv4(f.buf[:0], p.path, 47, len(p.data))
		return f.add(p, 0, append(f.buf, p.data...))
	case p.call != "":
		return f.frame(p)
	default:
		return f.segment(p)
	}
}

// frame writes a PPP frame. Wireshark takes Address and Control for granted in
// this link type, so they are put back where the line left them out.
func (f *file) frame(p packet) error {
	intf, ok := f.calls[p.call]
	if !ok {
		var err error
		intf, err = f.ng.AddInterface(pcapgo.NgInterface{Name: p.call, Description: "PPP of call " + p.call, LinkType: linkTypePPPWithDir, OS: runtime.GOOS})
		if err != nil {
			return err
		}
		f.calls[p.call] = intf
	}
	f.buf = append(f.buf[:0], byte(p.dir))
	if len(p.data) < 2 || p.data[0] != ppp.Address || p.data[1] != ppp.Control {
		f.buf = append(f.buf, ppp.Address, ppp.Control)
	}
	return f.add(p, intf, append(f.buf, p.data...))
}

// segment writes a segment of a control connection, before the first one the
// handshake, without which dissectors do not follow the stream.
func (f *file) segment(p packet) error {
	all := []tcp{{p, flagACK | flagPSH}}
	switch open := f.open[p.path]; {
	case p.end && !open:
		return nil
	case p.end:
		all = farewell(p)
		delete(f.open, p.path)
		delete(f.open, p.path.back())
	case !open:
		all = append(handshake(p), all...)
		f.open[p.path], f.open[p.path.back()] = true, true
	}
	for _, s := range all {
		f.buf = f.ipv4(f.buf[:0], s.path, 6, tcpHeader+len(s.data))
		f.buf = s.append(f.buf)
		if err := f.add(p, 0, f.buf); err != nil {
			return err
		}
	}
	return nil
}

// add writes one packet; f.buf may be its memory.
func (f *file) add(p packet, intf int, b []byte) error {
	f.buf = b
	f.packets++
	return f.ng.WritePacket(gopacket.CaptureInfo{Timestamp: p.at, CaptureLength: len(b), Length: len(b), InterfaceIndex: intf}, b)
}

func (f *file) flush() error { return f.ng.Flush() }

// end closes the file with what is known about losses.
func (f *file) end(lost uint64) error {
	s := pcapgo.NgInterfaceStatistics{LastUpdate: time.Now(), PacketsReceived: uint64(f.packets) + lost, PacketsDropped: lost}
	if err := f.ng.WriteInterfaceStats(0, s); err != nil {
		return err
	}
	return f.flush()
}
