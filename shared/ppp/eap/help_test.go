package eap

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
)

var now = time.Unix(1000, 0)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sent empties the box and wants these packets.
func sent(t *testing.T, out *ppp.Outbox, want ...string) {
	t.Helper()
	frames := out.Take()
	if len(frames) != len(want) {
		t.Fatalf("%d packets sent, want %d: % x", len(frames), len(want), frames)
	}
	for i, f := range frames {
		p, info, err := ppp.Split(f)
		if err != nil || p != ppp.EAP || !bytes.Equal(info, unhex(t, want[i])) {
			t.Errorf("packet %d: %v % x, want %s", i, p, info, want[i])
		}
	}
}

// A scripted method answers with the steps given, one after the other.
type scripted struct {
	kind  Type
	steps []Step
	fails bool
	ended int
	took  []string
}

func (m *scripted) Type() Type { return m.kind }
func (m *scripted) End()       { m.ended++ }

func (m *scripted) Begin(id byte) ([]byte, error) {
	if m.fails {
		return nil, errors.New("it cannot begin")
	}
	return []byte{0xB0, id}, nil
}

func (m *scripted) Receive(data []byte) Step {
	m.took = append(m.took, string(data))
	if len(m.steps) == 0 {
		return Step{Do: Ask, Data: []byte("more")}
	}
	s := m.steps[0]
	m.steps = m.steps[1:]
	return s
}

// A scriptedPeer is the same for the peer's side.
type scriptedPeer struct {
	kind   Type
	steps  []PeerStep
	begins int
	ended  int
}

func (m *scriptedPeer) Type() Type { return m.kind }
func (m *scriptedPeer) Begin()     { m.begins++ }
func (m *scriptedPeer) End()       { m.ended++ }

func (m *scriptedPeer) Receive(_ byte, data []byte) PeerStep {
	if len(m.steps) == 0 {
		return PeerStep{Answer: true, Data: data}
	}
	s := m.steps[0]
	m.steps = m.steps[1:]
	return s
}
