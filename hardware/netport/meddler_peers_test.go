//go:build peers

package netport_test

import (
	"net"
	"net/url"
	"sync"
	"testing"
)

// A meddler stands between a terminal server and its client. While it meddles it puts
// Telnet commands into what the client sends, which the server answers wherever its
// own data are then, and counts the commands of the server's with PPP before and
// behind them.
type meddler struct {
	asks [][]byte // the commands, in turn

	mu     sync.Mutex
	on     bool
	asked  int
	data   bool           // PPP has come since it is on
	heard  []string       // commands since the last octet of data: what they begin with
	amid   map[string]int // those that have data on both sides
	client scanner
	server scanner
}

// A scanner follows Telnet (RFC 854) in one direction.
type scanner struct {
	state   int
	command []byte // as far as it has come, without IAC
}

// Where in a command the next octet stands.
const (
	plain = iota
	afterIAC
	option
	inside
	insideIAC
)

// see takes an octet, and says whether it is data, and which command ends with it.
func (s *scanner) see(c byte) (data bool, command []byte) {
	const se, sb, will, iac = 240, 250, 251, 255
	switch s.state {
	case plain:
		if c != iac {
			return true, nil
		}
		s.state, s.command = afterIAC, nil
		return false, nil
	case afterIAC:
		s.command = append(s.command, c)
		switch {
		case c == iac:
			s.state = plain
			return true, nil
		case c == sb:
			s.state = inside
		case c >= will:
			s.state = option
		default:
			s.state = plain
			return false, s.command
		}
	case option:
		s.state = plain
		return false, append(s.command, c)
	case inside:
		if c == iac {
			s.state = insideIAC
		} else {
			s.command = append(s.command, c)
		}
	case insideIAC:
		s.state = inside
		if c == se {
			s.state = plain
			return false, s.command
		}
		s.command = append(s.command, c)
	}
	return false, nil
}

// meddle is a meddler at the port that a URL names, and the URL of the port behind it.
func meddle(t *testing.T, to string, asks ...[]byte) (*meddler, string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &meddler{asks: asks}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { m.serve(c, u.Host) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait() // the modem has closed its port
	})
	return m, u.Scheme + "://" + l.Addr().String()
}

// serve carries one connection.
func (m *meddler) serve(client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	m.mu.Lock()
	m.client, m.server = scanner{}, scanner{}
	m.mu.Unlock()
	var up sync.WaitGroup
	up.Go(func() {
		copyThrough(server, client, m.fromClient)
		server.Close()
	})
	copyThrough(client, server, m.fromServer)
	client.Close()
	up.Wait()
}

func copyThrough(to, from net.Conn, change func([]byte) []byte) {
	for b := make([]byte, 4<<10); ; {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if _, err := to.Write(change(b[:n])); err != nil {
			return
		}
	}
}

// fromClient puts a command behind what the client sent, if that ends with data.
func (m *meddler) fromClient(b []byte) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range b {
		m.client.see(c)
	}
	if !m.on || m.client.state != plain {
		return b
	}
	m.asked++
	return append(append([]byte{}, b...), m.asks[m.asked%len(m.asks)]...)
}

// fromServer looks at what the server sent, and leaves it as it is.
func (m *meddler) fromServer(b []byte) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range b {
		switch data, command := m.server.see(c); {
		case !m.on:
		case data:
			for _, h := range m.heard {
				m.amid[h]++
			}
			m.data, m.heard = true, nil
		case command != nil && m.data:
			m.heard = append(m.heard, string(command[:min(len(command), 3)]))
		}
	}
	return b
}

// begin has it meddle from now on.
func (m *meddler) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.on, m.data, m.heard, m.amid = true, false, nil, map[string]int{}
}

// end has it be quiet, and says how many commands of which beginnings stood amid data.
func (m *meddler) end() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.on = false
	return m.amid
}
