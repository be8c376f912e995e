package netport

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"carrier/hardware/netport/telnet"
)

// The commands of the Com Port Control Option (RFC 2217 §1). A server answers
// with the same number and serverSays more.
const (
	setBaudRate       = 1
	setDataSize       = 2
	setParity         = 3
	setStopSize       = 4
	setControl        = 5
	notifyModemState  = 7
	flowSuspend       = 8
	flowResume        = 9
	setLineStateMask  = 10
	setModemStateMask = 11
	purgeData         = 12
	serverSays        = 100
)

// Values of commands.
const (
	noParity      = 1
	controlNone   = 1 // SET-CONTROL
	controlXON    = 2
	controlRTSCTS = 3
	dtrOn         = 8
	dtrOff        = 9
	carrierDetect = 0x80 // of a modem state
	carrierDelta  = 0x08
	purgeBoth     = 3
)

const (
	// agreeTime bounds the agreement with a server from the first octet on.
	agreeTime = 5 * time.Second
	// stateTime is how long the first modem state is waited for: there is no way
	// to ask for it.
	stateTime = time.Second
	// maxEarly bounds the data that come before a port is set up, octets.
	maxEarly = 16 << 10
)

// A ComPort is a serial port behind a server of RFC 2217 that reports its modem
// lines; of a device that has none, some servers say that all are off.
type ComPort struct {
	*Port
	link *comLink
}

// Carrier is the state of Data Carrier Detect as the server reported it last.
func (c *ComPort) Carrier() (bool, error) {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	return c.link.state&carrierDetect != 0, nil
}

// SetDTR sets Data Terminal Ready of the port behind the server. An order that
// the kernel cannot take yet goes before the next data.
func (c *ComPort) SetDTR(on bool) error {
	value := byte(dtrOff)
	if on {
		value = dtrOn
	}
	c.link.order(setControl, value)
	return nil
}

// A comLink is our end of RFC 2217.
type comLink struct {
	*session

	mu     sync.Mutex
	state  byte // NOTIFY-MODEMSTATE's
	stated bool
	acks   map[byte][]byte // what the server answered to our commands; nil once set up
}

// order sends one command.
func (l *comLink) order(command byte, value ...byte) {
	l.post(telnet.AppendSub(nil, telnet.ComPort, append([]byte{command}, value...)...))
}

// hear takes a subnegotiation; the session's lock is held.
func (l *comLink) hear(o telnet.Option, b []byte) {
	if o != telnet.ComPort || len(b) == 0 {
		return
	}
	command := b[0] - serverSays
	switch {
	case b[0] == flowSuspend, command == flowSuspend:
		l.gate.shut = true
		l.gate.change()
		return
	case b[0] == flowResume, command == flowResume:
		l.gate.shut = false
		l.gate.change()
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case command == notifyModemState && len(b) == 2:
		l.state, l.stated = b[1], true
	case l.acks != nil && b[0] >= serverSays && len(l.acks) <= purgeData:
		if command == setControl && len(b) == 2 && (b[1] == dtrOn || b[1] == dtrOff) {
			return
		}
		l.acks[command] = append([]byte{}, b[1:]...)
	}
}

// openComPort sets up the port behind a connection; an error closes it.
func openComPort(ctx context.Context, p *Port, o Options) (Opened, error) {
	l := &comLink{session: p.speak(telnet.Dialled(true)), acks: map[byte][]byte{}}
	l.sub = l.hear
	free := context.AfterFunc(ctx, func() { _ = l.SetReadDeadline(time.Unix(1, 0)) })
	err := l.setUp(ctx, o)
	if !free() {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = l.SetReadDeadline(time.Time{})
	}
	if err != nil {
		_ = p.Close()
		return nil, &Error{URL: p.name, Err: err}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acks = nil
	if l.stated {
		return &ComPort{Port: p, link: l}, nil
	}
	if o.Log != nil {
		o.Log.Info("the server reports no modem lines: carrier loss is seen in what the modem says", "port", p.name)
	}
	return p, nil
}

func (l *comLink) setUp(ctx context.Context, o Options) error {
	end := time.Now().Add(agreeTime)
	l.flush()
	err := l.until(ctx, end, func() bool { return l.mayControl() != telnet.Pending })
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the server does not answer the offer of RFC 2217 within %v; use telnet:// or tcp:// for its port", agreeTime)
	case err != nil:
		return err
	case l.mayControl() == telnet.No:
		return errors.New("the server refuses RFC 2217; use telnet:// for its port")
	}
	orders := o.orders()
	for _, s := range orders {
		l.order(s.command, s.value...)
	}
	// Masks go unconfirmed: servers whose port has no modem lines may not answer.
	l.order(setModemStateMask, carrierDetect|carrierDelta)
	l.order(setLineStateMask, 0)
	l.order(setControl, dtrOn)
	l.order(purgeData, purgeBoth)
	for _, s := range orders {
		if err := l.confirmed(ctx, end, s); err != nil {
			return err
		}
	}
	err = l.until(ctx, time.Now().Add(stateTime), func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.stated
	})
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		err = nil
	}
	return err
}

func (l *comLink) mayControl() telnet.Answer {
	l.session.mu.Lock()
	defer l.session.mu.Unlock()
	return l.codec.Ours(telnet.ComPort)
}

// An order is a setting that the server must confirm.
type order struct {
	command byte
	value   []byte
	what    string
	shown   func([]byte) string
}

func (o Options) orders() []order {
	if o.Speed == 0 {
		o.Speed = 115200
	}
	flow := map[Flow]byte{RTSCTS: controlRTSCTS, NoFlow: controlNone, XONXOFF: controlXON}[o.Flow]
	return []order{
		{setBaudRate, binary.BigEndian.AppendUint32(nil, uint32(o.Speed)), "speed", bitRate},
		{setDataSize, []byte{8}, "data bits", number},
		{setParity, []byte{noParity}, "parity", number},
		{setStopSize, []byte{1}, "stop bits", number},
		{setControl, []byte{flow}, "flow control", flowName},
	}
}

func bitRate(b []byte) string {
	if len(b) != 4 {
		return number(b)
	}
	return fmt.Sprintf("%d bit/s", binary.BigEndian.Uint32(b))
}

func number(b []byte) string { return fmt.Sprintf("%d", b) }

func flowName(b []byte) string {
	if len(b) == 1 {
		switch b[0] {
		case controlNone:
			return "none"
		case controlXON:
			return "XON/XOFF"
		case controlRTSCTS:
			return "RTS/CTS"
		}
	}
	return number(b)
}

// confirmed waits until the server has said what it made of an order.
func (l *comLink) confirmed(ctx context.Context, end time.Time, s order) error {
	answer := func() []byte {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.acks[s.command]
	}
	err := l.until(ctx, end, func() bool { return answer() != nil })
	switch got := answer(); {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the server does not answer when the %s is set", s.what)
	case err != nil:
		return err
	case string(got) != string(s.value):
		return fmt.Errorf("%s: the server has %s where %s was asked for", s.what, s.shown(got), s.shown(s.value))
	}
	return nil
}

// until reads until something is true; data are kept for Read.
func (l *comLink) until(ctx context.Context, end time.Time, done func() bool) error {
	var buffer [512]byte
	for !done() {
		if err := l.SetReadDeadline(end); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		data, err := l.receive(nil, buffer[:])
		l.early = append(l.early, data...)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		if len(l.early) > maxEarly {
			return errors.New("it sends data without end before it is set up")
		}
	}
	return nil
}
