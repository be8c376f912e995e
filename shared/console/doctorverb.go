package console

import (
	"errors"

	"github.com/spf13/cobra"
)

// errFound is the end of a doctor who found something and has said what.
var errFound = errors.New("something is wrong")

func (s *session) doctor() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Look for what is wrong on this host and on the way to others, and say what to do", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Who has no client, because of a mistake in the file, is told of it.
			c, err := s.client()
			if err != nil {
				c = nil
			}
			report := s.Doctor(cmd.Context(), s.config, c)
			if s.asJSON {
				s.print(report)
			} else if err := report.Write(s.std.Out); err != nil {
				return err
			}
			if len(report.Findings()) > 0 {
				return errFound
			}
			return nil
		},
	}
}
