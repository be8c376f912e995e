package session

import (
	"log/slog"
	"time"

	"carrier/shared/record"
)

// Renegotiate has LCP negotiated afresh, and all that stands on it: the caller
// proves again who she is, her keys are new, and she keeps her addresses. What
// waits for her meanwhile is dropped. It does not wait. It is false, and nothing is
// done, for a call that was not online yet or ends. A caller whose machine does
// not answer loses her call, as at its beginning.
func (s *Session) Renegotiate() bool {
	s.mu.Lock()
	online := s.record.Stage == record.Online && s.record.Reason == record.Running
	s.anew = s.anew || online
	s.mu.Unlock()
	s.ring()
	return online
}

// renegotiate does what Renegotiate asks for.
func (s *Session) renegotiate(now time.Time) {
	if !s.running() {
		return
	}
	s.log(slog.LevelInfo, "negotiated afresh, as the operator asks")
	s.link.Restart(now)
}
