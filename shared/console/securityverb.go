package console

// weak prints what is weak in the configuration, which has no mistakes. Findings
// end it as they end the doctor.
func (s *session) weak() error {
	report, err := s.Security(s.config)
	if err != nil {
		return err
	}
	if s.asJSON {
		s.print(report)
	} else if err := report.Write(s.std.Out); err != nil {
		return err
	}
	if len(report.Findings()) > 0 {
		return errFound
	}
	return nil
}
