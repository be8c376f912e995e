package serial

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Every octet passes as it is, both ways, whatever a terminal might make of it.
func TestEveryOctetPasses(t *testing.T) {
	p, far := openPTY(t, Options{Flow: None})
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	if _, err := p.Write(all); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(all))
	if n, err := io.ReadFull(far, got); !bytes.Equal(got, all) {
		t.Errorf("the modem reads %q, %v", got[:n], err)
	}
	if _, err := far.Write(all); err != nil {
		t.Fatal(err)
	}
	clear(got)
	if n, err := io.ReadFull(p, got); !bytes.Equal(got, all) {
		t.Errorf("the port reads %q, %v", got[:n], err)
	}
}

func TestDeadlines(t *testing.T) {
	p, _ := openPTY(t, Options{})
	read := make(chan error)
	go func() { _, err := p.Read(make([]byte, 1)); read <- err }()
	p.SetReadDeadline(time.Unix(1, 0)) // frees a read that is under way, too
	if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	p.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	sent := 0
	for {
		n, err := p.Write(make([]byte, 1000)) // nobody reads
		sent += n
		if err == nil {
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || sent == 0 {
			t.Errorf("%d octets written, then %v", sent, err)
		}
		break
	}
	if _, known := p.Unsent(); known {
		t.Error("what a pseudo-terminal holds is said to be known")
	}
	p.SetWriteDeadline(time.Time{})
	go func() {
		var err error
		for err == nil { // Close makes room for a write first
			_, err = p.Write(make([]byte, 1000))
		}
		read <- err
	}()
	p.Close()
	if err := <-read; !errors.Is(err, os.ErrClosed) {
		t.Errorf("write after Close: %v", err)
	}
}

func TestAPortThatGoesAway(t *testing.T) {
	p, far := openPTY(t, Options{})
	read := make(chan error)
	go func() { _, err := p.Read(make([]byte, 1)); read <- err }()
	far.Close()
	want := `port "` + p.String() + `": the device went away`
	if err := <-read; !errors.Is(err, ErrGone) || err.Error() != want {
		t.Errorf("read: %v, want %s", err, want)
	}
	if _, err := p.Write([]byte("AT\r")); !errors.Is(err, ErrGone) {
		t.Errorf("write: %v", err)
	}
}

func TestAPseudoTerminalHasNoModemLines(t *testing.T) {
	p, _ := openPTY(t, Options{})
	if _, ok := p.Wired(); ok {
		t.Error("it says that it has")
	}
}

func TestSettings(t *testing.T) {
	for _, tt := range []struct {
		o               Options
		speed           uint32
		rts, xon, hangs bool
	}{
		{Options{}, 115200, true, false, true},
		{Options{Speed: 57600, Flow: None}, 57600, false, false, true},
		{Options{Speed: 33600, Flow: XONXOFF}, 33600, false, true, true}, // no B33600 exists
	} {
		p, _ := openPTY(t, tt.o)
		set := settings(t, p)
		rts, xon, hangs := set.Cflag&unix.CRTSCTS != 0, set.Iflag&(unix.IXON|unix.IXOFF) == unix.IXON|unix.IXOFF, set.Cflag&unix.HUPCL != 0
		if set.Ispeed != tt.speed || set.Ospeed != tt.speed || rts != tt.rts || xon != tt.xon || hangs != tt.hangs {
			t.Errorf("%+v: %d and %d bit/s, RTS/CTS %v, XON/XOFF %v, HUPCL %v", tt.o, set.Ispeed, set.Ospeed, rts, xon, hangs)
		}
		if got := (Wired{p}).Follows(); got != tt.rts {
			t.Errorf("%+v: follows the modem: %v", tt.o, got)
		}
	}
}

// What came before the port was opened is not taken for the modem's answer.
func TestOldOctetsAreThrownAway(t *testing.T) {
	far, path := pty(t)
	if _, err := far.Write([]byte("old\r")); err != nil {
		t.Fatal(err)
	}
	p, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := far.Write([]byte("new\r")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 20)
	if n, err := io.ReadAtLeast(p, b, 4); string(b[:n]) != "new\r" {
		t.Errorf("%q, %v", b[:n], err)
	}
}

func TestUnsentAllocatesNothing(t *testing.T) {
	p, _ := openPTY(t, Options{})
	p.pseudo = false // its number means nothing, but it is asked for
	if n := testing.AllocsPerRun(100, func() {
		if _, known := p.Unsent(); !known {
			t.Fatal("not known")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
