package modem

import (
	"context"
	"errors"
	"time"

	"carrier/shared/record"
)

// reportTime bounds asking a modem how its call went.
const reportTime = 2 * time.Second

// Report tells how the last call went, from HangUp on; or before it, when the
// carrier is lost and the port's control lines tell so: then the modem listens
// to commands already. Where only words in the data tell, it must first be hung
// up for certain, which takes longer than anybody should wait here.
func (m *Modem) Report(ctx context.Context) (record.LineReport, bool) {
	if c := m.online(); c != nil && c.isOver() && m.talk != nil && m.talk.wires.tell() && len(m.profile.report) > 0 {
		ctx, done := m.begin(ctx)
		m.hangUpLost(ctx)
		done()
	}
	if m.report == nil {
		return record.LineReport{}, false
	}
	return *m.report, true
}

// hangUpLost does the first part of HangUp for a call whose carrier is lost.
func (m *Modem) hangUpLost(ctx context.Context) {
	if err := m.clear(ctx, m.takeCall()); err != nil {
		return // HangUp resets the modem, and finds what is wrong
	}
	m.hearReport(ctx)
}

// hearReport asks the modem, on hook and before a reset makes it forget, how
// the call went. What it does not answer is no fault: the reset shows that.
func (m *Modem) hearReport(ctx context.Context) {
	if m.report != nil {
		return
	}
	end := time.Now().Add(reportTime)
	var said []string
	for _, command := range m.profile.report {
		if !time.Now().Before(end) {
			break
		}
		lines, err := m.talk.ask(ctx, command, end)
		said = append(said, lines...)
		if err != nil && !errors.Is(err, errRefused) {
			break
		}
	}
	if len(said) == 0 {
		return
	}
	if r := m.profile.read(said); r != (record.LineReport{}) {
		m.report = &r
	}
}
