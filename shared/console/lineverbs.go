package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// lineVerbs are the commands of a program with Lines.
func (s *session) lineVerbs() []*cobra.Command {
	lines := s.lines()
	lines.AddCommand(s.out(), s.in())
	return []*cobra.Command{lines, s.drain(), s.undrain()}
}

func (s *session) lines() *cobra.Command {
	return &cobra.Command{
		Use: "lines", Short: "List the lines, or take them out of service and back", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			all, err := c.Lines(cmd.Context())
			switch {
			case err != nil:
				return err
			case s.asJSON:
				s.print(all)
				return nil
			}
			return writeLines(s.std.Out, all)
		},
	}
}

// someLines wants arguments.
func (s *session) someLines(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{fmt.Sprintf("%s needs the names of lines; `%s lines` lists them", cmd.CommandPath(), s.Name)}
	}
	return nil
}

func (s *session) out() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use: "out LINE…", Short: "Take lines out of service; the calls that they have go on", Args: s.someLines,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			if err := c.TakeOut(cmd.Context(), args, why); err != nil {
				return err
			}
			s.done("out", args, "out of service")
			return nil
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "a word for others to read")
	return cmd
}

func (s *session) in() *cobra.Command {
	return &cobra.Command{
		Use: "in LINE…", Short: "Put lines back into service", Args: s.someLines,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			if err := c.PutIn(cmd.Context(), args); err != nil {
				return err
			}
			s.done("in", args, "in service")
			return nil
		},
	}
}

func (s *session) drain() *cobra.Command {
	var within time.Duration
	cmd := &cobra.Command{
		Use: "drain [LINE|BANK|all]", Short: "Take no more calls; those that run go on", Args: one,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch limited := cmd.Flags().Changed("within"); {
			case !limited:
				within = -1
			case within < 0:
				return usageError{"--within is how long running calls may go on: 0s or more"}
			}
			c, err := s.client()
			if err != nil {
				return err
			}
			n, err := c.Drain(cmd.Context(), named(args), within)
			switch {
			case err != nil:
				return err
			case s.asJSON:
				s.print(drained{n})
			case n == 0:
				fmt.Fprintf(s.std.Out, "%s: drained\n", named(args))
			case within < 0:
				fmt.Fprintf(s.std.Out, "%s: draining, calls that go on: %d\n", named(args), n)
			default:
				fmt.Fprintf(s.std.Out, "%s: draining, calls that go on for %v at most: %d\n", named(args), within, n)
			}
			return nil
		},
	}
	cmd.Flags().DurationVar(&within, "within", 0, "end calls that still run after this time, 10m for example (default: never)")
	return cmd
}

func (s *session) undrain() *cobra.Command {
	return &cobra.Command{
		Use: "undrain [LINE|BANK|all]", Short: "Take calls again", Args: one,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			if err := c.Undrain(cmd.Context(), named(args)); err != nil {
				return err
			}
			s.done("undrained", []string{named(args)}, "in service")
			return nil
		},
	}
}

// one refuses more than one argument.
func one(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usageError{fmt.Sprintf("%s takes one line or bank, or all, not %d", cmd.CommandPath(), len(args))}
	}
	return nil
}

// named is the one argument; none means all.
func named(args []string) string {
	if len(args) == 0 {
		return "all"
	}
	return args[0]
}

// done says what was done to lines.
func (s *session) done(key string, lines []string, what string) {
	if s.asJSON {
		s.print(map[string][]string{key: lines})
		return
	}
	fmt.Fprintf(s.std.Out, "%s: %s\n", strings.Join(lines, ", "), what)
}
