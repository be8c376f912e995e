package trunk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
	"carrier/shared/gre"
	"carrier/shared/hdlc"
)

// sent keeps the payloads that go to the PAC, and when to wake.
type sent struct {
	payloads []string
	wake     time.Time
}

func (s *sent) Send(packets ...[]byte) error {
	for _, p := range packets {
		if h, payload, err := gre.Parse(p); err == nil && h.HasSeq {
			s.payloads = append(s.payloads, string(payload))
		}
	}
	return nil
}

func (s *sent) WakeAt(t time.Time) { s.wake = t }

// packet is one from the PAC.
func packet(seq uint32, ack int, payload string) []byte {
	return gre.Header{HasSeq: payload != "", Seq: seq, HasAck: ack >= 0, Ack: uint32(max(ack, 0))}.Append(nil, []byte(payload))
}

// framed is what a line carries of a frame.
func framed(frame string) []byte { return hdlc.AppendFull(nil, []byte(frame)) }

// frames are those in what was read.
func frames(b []byte) (all []string) {
	d := hdlc.Decoder{ACCM: hdlc.AllControl}
	d.Push(b, func(frame []byte, err error) {
		if err != nil {
			all = append(all, err.Error())
			return
		}
		all = append(all, string(frame))
	})
	return all
}

const addressed = "\xFF\x03"

// The caller's frames are read as octets of a line, in order, and whoever reads
// waits for them, until a deadline that may be set meanwhile, or the end.
func TestRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := makeData(new(sent), false, gre.Options{RecvWindow: recvWindow})
		type got struct {
			b   []byte
			err error
		}
		came := make(chan got, 1)
		read := func(room int) {
			b := make([]byte, room)
			n, err := d.read(b)
			came <- got{b[:n], err}
		}
		go read(4096)
		synctest.Wait()
		d.Receive([][]byte{packet(1, -1, addressed+"\xC0\x21\x01\x00two")})
		d.Receive([][]byte{packet(0, -1, addressed+"late")}) // the first may have any number: this is before it
		if g := <-came; g.err != nil || fmt.Sprint(frames(g.b)) != fmt.Sprint([]string{addressed + "\xC0\x21\x01\x00two"}) {
			t.Errorf("read % x, %v", g.b, g.err)
		}
		d.Receive([][]byte{packet(3, -1, addressed+"four"), packet(2, -1, addressed+"three")})
		var all []byte
		for len(d.in) > 0 { // in pieces
			read(5)
			g := <-came
			if g.err != nil {
				t.Fatal(g.err)
			}
			all = append(all, g.b...)
		}
		if got := frames(all); len(got) != 2 || got[0] != addressed+"three" || got[1] != addressed+"four" {
			t.Errorf("read %q", got)
		}
		go read(1)
		synctest.Wait()
		d.bound(&d.readBy, time.Now().Add(time.Minute))
		begun := time.Now()
		if g := <-came; !errors.Is(g.err, os.ErrDeadlineExceeded) || time.Since(begun) != time.Minute {
			t.Errorf("after %v: %v", time.Since(begun), g.err)
		}
		d.bound(&d.readBy, time.Time{})
		go read(1)
		synctest.Wait()
		d.close()
		if g := <-came; g.err != io.EOF {
			t.Errorf("at the end: %v", g.err)
		}
	})
}

// What is behind a packet that was lost is not waited for in vain: the data half asks
// to be woken at one time for as long as that holds, and anew the next time.
func TestALostPacketIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := new(sent)
		d := makeData(to, false, gre.Options{RecvWindow: recvWindow, AckDelay: time.Hour, ReorderTime: time.Second})
		for seq := uint32(10); seq < 40; seq += 10 {
			d.Receive([][]byte{packet(seq, -1, addressed+"first")})
			d.in = nil
			d.Receive([][]byte{packet(seq+2, -1, addressed+"third")})
			d.Receive([][]byte{packet(seq+3, -1, addressed+"fourth")})
			if time.Until(to.wake) != time.Second || len(d.in) > 0 {
				t.Fatalf("%d: to be woken at %v, read % x", seq, to.wake, d.in)
			}
			time.Sleep(time.Second)
			d.Wake(time.Now())
			if got := frames(d.in); len(got) != 2 || got[0] != addressed+"third" || got[1] != addressed+"fourth" {
				t.Errorf("%d: read %q", seq, got)
			}
			for lost := seq + 4; lost < seq+10; lost++ {
				d.Receive([][]byte{packet(lost, -1, addressed+"more")})
			}
		}
	})
}

// What nobody reads is lost beyond a bound.
func TestNobodyReads(t *testing.T) {
	d := makeData(new(sent), false, gre.Options{RecvWindow: recvWindow})
	for seq := range uint32(1000) {
		d.Receive([][]byte{packet(seq, -1, addressed+string(make([]byte, 1000)))})
	}
	if n := len(d.in); n < maxIn || n > maxIn+2*1010 {
		t.Errorf("%d octets wait", n)
	}
}

// Frames for the caller go as the PAC's window lets them; who writes more waits, until
// a deadline, the PAC's acknowledgement, or the end.
func TestWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := new(sent)
		d := makeData(to, true, gre.Options{Windowing: true, SendWindow: 2, RecvWindow: recvWindow})
		half := framed(addressed + "0.")
		for _, b := range [][]byte{half[:3], half[3:], append(framed("x.")[:2], 0x7D, 0x7E)} { // in pieces, and one that is none
			if n, err := d.write(b); n != len(b) || err != nil {
				t.Fatal(n, err)
			}
		}
		for i := range maxOut {
			if _, err := d.write(framed(fmt.Sprintf("%d.", i+1))); err != nil {
				t.Fatal(i, err)
			}
		}
		if len(to.payloads) != 1 || to.payloads[0] != "0." || d.unsent() != 2*maxOut {
			t.Errorf("sent %q, %d octets wait", to.payloads, d.unsent())
		}
		d.bound(&d.writeBy, time.Now().Add(time.Second))
		if n, err := d.write(framed("no")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a full window: %d, %v", n, err)
		}
		d.bound(&d.writeBy, time.Time{})
		wrote := make(chan error, 1)
		go func() {
			_, err := d.write(framed("5."))
			wrote <- err
		}()
		synctest.Wait()
		d.Receive([][]byte{packet(0, 0, "")})
		if err := <-wrote; err != nil {
			t.Error(err)
		}
		for ack := 1; ack < 6; ack++ {
			d.Receive([][]byte{packet(0, ack, "")})
		}
		begun := time.Now()
		if d.drain(begun.Add(time.Minute)); time.Since(begun) != 0 {
			t.Errorf("what is acknowledged was waited for: %v", time.Since(begun))
		}
		if got := bytes.Join(asOctets(to.payloads), nil); string(got) != "0.1.2.3.4.5." {
			t.Errorf("sent %q", to.payloads)
		}
		if _, err := d.write(framed("6.")); err != nil {
			t.Error(err)
		}
		if d.drain(begun.Add(time.Minute)); time.Since(begun) != time.Minute {
			t.Errorf("what is under way was waited for only %v", time.Since(begun))
		}
		for range maxOut + 2 {
			go d.write(framed("x."))
		}
		synctest.Wait()
		go func() {
			_, err := d.write(framed("x."))
			wrote <- err
		}()
		synctest.Wait()
		d.close()
		if err := <-wrote; !errors.Is(err, line.ErrNoCarrier) {
			t.Errorf("at the end: %v", err)
		}
	})
}

func asOctets(all []string) (b [][]byte) {
	for _, s := range all {
		b = append(b, []byte(s))
	}
	return b
}
