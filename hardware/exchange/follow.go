package exchange

import (
	"strconv"
	"strings"
	"time"
)

// A bell counts what a ringing call has rung.
type bell struct {
	call     time.Time // which call, by its time
	next     time.Time // RING
	callerID time.Time // when it is due; zero: not any more
}

// follow does what has become due about the line's call.
func (m *modem) follow() {
	m.call = m.network.look(m.now, m.line)
	v := m.call
	if v == nil {
		m.profile.s[regRings] = 0
		m.bell = bell{}
		return
	}
	m.at(v.next)
	switch {
	case v.stage == ended:
		m.followEnd(v)
	case v.stage == ringing && !v.caller:
		m.ring(v)
	case v.stage == connected && m.mode == waiting:
		m.connect()
	case m.mode == waiting && m.due(m.since.Add(m.profile.wait())):
		r := resultNoCarrier
		if v.stage == ringing {
			r = resultNoAnswer
		}
		m.hangUp(r)
		m.report(r)
	}
	if m.mode == online && m.due(m.escape.deadline(&m.profile)) {
		m.mode = escaped
		m.report(resultOK)
	}
	m.followStall()
}

// followEnd reports the end of a call once its last octets were delivered.
func (m *modem) followEnd(v *view) {
	was := m.mode
	if was == online && !v.in.empty() {
		return
	}
	m.hangUp(v.result)
	switch {
	case was == commandMode: // it rang, and nobody took it
	case was == waiting && v.caller:
		m.report(v.result)
	default:
		m.report(resultNoCarrier)
	}
}

// followStall ends the call of a DTE that takes nothing for too long.
func (m *modem) followStall() {
	stall := m.io.since.Add(m.network.options.Timing.Stall)
	if m.mode == online && m.io.writing && m.due(stall) {
		m.line.log.Warn("port takes nothing: hanging up", "for", m.network.options.Timing.Stall)
		m.hangUp(resultNoCarrier)
		m.report(resultNoCarrier)
	}
}

// ring says RING, and between the first two the caller id.
func (m *modem) ring(v *view) {
	if m.mode != commandMode {
		return
	}
	timing := &m.network.options.Timing
	if m.bell.call != v.At {
		m.bell = bell{call: v.At, next: m.now}
		m.profile.s[regRings] = 0
		if m.profile.callerID {
			m.bell.callerID = m.now.Add(timing.CallerID)
		}
	}
	if m.due(m.bell.next) {
		m.profile.s[regRings]++
		m.report(resultRing)
		m.bell.next = m.bell.next.Add(timing.RingEvery)
		m.at(m.bell.next)
	}
	if m.due(m.bell.callerID) {
		m.say(m.profile.info("DATE="+m.now.Format("0102"), "TIME="+m.now.Format("1504"),
			"NMBR="+v.From, "NAME="+v.name, "CALLED NUMBER: "+v.Dialled))
		m.bell.callerID = time.Time{}
	}
	if n := m.profile.s[regAutoAnswer]; n > 0 && m.profile.s[regRings] >= n {
		m.answer()
	}
}

// answer takes the ringing call.
func (m *modem) answer() bool {
	if m.mode != commandMode || !m.network.answer(m.now, m.line) {
		return false
	}
	m.mode, m.since = waiting, m.now
	m.line.pokes.wake() // look at the call again
	return true
}

// connect goes online.
func (m *modem) connect() {
	m.mode = online
	rate, _ := strconv.Atoi(m.call.text[:len(m.call.text)-len(strings.TrimLeft(m.call.text, "0123456789"))])
	m.past = past{rate: rate, began: m.now}
	m.io.since = m.now // what was left unread before is forgiven
	m.report(resultConnect)
	m.escape.start(m.now)
}

// hangUp leaves the call; r is what the caller hears.
func (m *modem) hangUp(r result) {
	if m.mode == online || m.mode == escaped {
		m.past.ended, m.past.lost = m.now, m.call != nil && m.call.stage == ended
	}
	m.network.hangUp(m.line, r)
	m.mode = commandMode
	m.typing = commandLine{}
}
