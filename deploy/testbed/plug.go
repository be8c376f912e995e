package testbed

import (
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// A monitor speaks the QEMU Machine Protocol
// (https://www.qemu.org/docs/master/interop/qmp-spec.html).
type monitor struct {
	conn net.Conn
	said *json.Decoder
	gone map[string]bool // devices whose end was told
}

// A message is an answer or an event.
type message struct {
	Return json.RawMessage
	Error  *struct{ Desc string }
	Event  string
	Data   struct{ Device string }
}

func (g *Guest) monitorPath() string { return filepath.Join(g.Share, "monitor.sock") }

// Plug gives the running guest a device, as QEMU's -device does; id is what
// Unplug calls it.
func (g *Guest) Plug(t testing.TB, id, driver string, properties map[string]any) {
	t.Helper()
	arguments := map[string]any{"id": id, "driver": driver}
	for k, v := range properties {
		arguments[k] = v
	}
	m, err := g.ask("device_add", arguments)
	if err != nil || m.Error != nil {
		t.Fatalf("plugging %s in: %+v, %v", id, m.Error, err)
	}
}

// Unplug takes a device out of the running guest and waits until it is gone.
func (g *Guest) Unplug(t testing.TB, id string) {
	t.Helper()
	m, err := g.ask("device_del", map[string]any{"id": id})
	if err != nil || m.Error != nil {
		t.Fatalf("unplugging %s: %+v, %v", id, m.Error, err)
	}
	for !g.monitor.gone[id] {
		if _, err := g.monitor.next(); err != nil {
			t.Fatalf("unplugging %s: %v", id, err)
		}
	}
	delete(g.monitor.gone, id)
}

// ask gives QEMU a command and returns its answer.
func (g *Guest) ask(command string, arguments map[string]any) (message, error) {
	if g.monitor == nil {
		c, err := net.Dial("unix", g.monitorPath())
		if err != nil {
			return message{}, err
		}
		g.monitor = &monitor{conn: c, said: json.NewDecoder(c), gone: map[string]bool{}}
		if _, err := g.ask("qmp_capabilities", nil); err != nil {
			return message{}, err
		}
	}
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := json.NewEncoder(g.monitor.conn).Encode(request); err != nil {
		return message{}, err
	}
	for {
		m, err := g.monitor.next()
		if err != nil || m.Return != nil || m.Error != nil {
			return m, err
		}
	}
}

func (m *monitor) next() (message, error) {
	m.conn.SetReadDeadline(time.Now().Add(Patience))
	var next message
	if err := m.said.Decode(&next); err != nil {
		return next, fmt.Errorf("QEMU's monitor: %w", err)
	}
	if next.Event == "DEVICE_DELETED" {
		m.gone[next.Data.Device] = true
	}
	return next, nil
}
