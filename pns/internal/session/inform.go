package session

import "log/slog"

// inform answers a DHCPINFORM of the caller's machine. While she is not on the LAN
// that is too early or too late, and she asks again.
func (s *Session) inform(packet []byte) {
	if s.detach == nil {
		return
	}
	answer, err := s.o.DHCP.Answer(packet, s.o.LAN.Local())
	if err != nil {
		s.log(slog.LevelDebug, "a DHCPINFORM is not answered", "detail", err)
		return
	}
	s.tell(answer)
}
