package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"carrier/shared/capture"
	"carrier/shared/conf"
	"carrier/shared/record"
)

func (s *session) run() *cobra.Command {
	return &cobra.Command{
		Use: "run", Short: "Run the daemon", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.Run(cmd.Context(), s.config, s.asJSON, s.std)
		},
	}
}

func (s *session) check() *cobra.Command {
	security := false
	cmd := &cobra.Command{
		Use: "check", Short: "Read the configuration and tell every mistake in it", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			err := s.Check(s.config)
			if err == nil && security {
				return s.weak()
			}
			var all conf.Mistakes
			if !s.asJSON || err != nil && !errors.As(err, &all) {
				if err == nil {
					fmt.Fprintf(s.std.Out, "%s: no mistakes\n", s.config)
				}
				return err
			}
			s.print(struct {
				OK       bool          `json:"ok"`
				Mistakes conf.Mistakes `json:"mistakes"`
			}{err == nil, append(conf.Mistakes{}, all...)})
			return err
		},
	}
	if s.Security != nil {
		cmd.Flags().BoolVar(&security, "security", false, "tell what is weak in a configuration without mistakes, and what to do")
	}
	return cmd
}

func (s *session) status() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show what the daemon is doing", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			v, err := c.Status(cmd.Context())
			if err != nil {
				return err
			}
			if s.asJSON {
				s.print(v)
				return nil
			}
			return writeStatus(s.std.Out, v)
		},
	}
}

func (s *session) calls() *cobra.Command {
	var last int
	cmd := &cobra.Command{
		Use: "calls", Short: "List the calls that run and those that ended", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if last < 0 {
				return usageError{"--last is how many ended calls to list: 0 or more"}
			}
			c, err := s.client()
			if err != nil {
				return err
			}
			all, err := c.Calls(cmd.Context())
			if err != nil {
				return err
			}
			some := recent(all, last)
			switch {
			case s.asJSON:
				s.print(some)
			case len(some) == 0 && len(all) > 0:
				fmt.Fprintln(s.std.Out, "no call runs")
			default:
				return writeCalls(s.std.Out, some)
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&last, "last", 20, "how many ended calls to list, with 0 only those that run; the daemon keeps 1000")
	return cmd
}

// recent keeps the calls that run and the first n of the others.
func recent(all []record.Call, n int) []record.Call {
	keep := make([]record.Call, 0, len(all))
	for _, c := range all {
		if c.Reason == record.Running {
			keep = append(keep, c)
		} else if n > 0 {
			keep = append(keep, c)
			n--
		}
	}
	return keep
}

func (s *session) reload() *cobra.Command {
	return &cobra.Command{
		Use: "reload", Short: "Read the configuration again; running calls go on", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			restart, err := c.Reload(cmd.Context())
			switch {
			case err != nil:
				return err
			case s.asJSON:
				s.print(reloaded{append([]string{}, restart...)})
			case len(restart) > 0:
				fmt.Fprintf(s.std.Out, "reloaded, but for what needs a restart: %s\n", strings.Join(restart, ", "))
			default:
				fmt.Fprintln(s.std.Out, "reloaded")
			}
			return nil
		},
	}
}

func (s *session) hangup() *cobra.Command {
	return &cobra.Command{
		Use: "hangup CALL", Short: "End a call", Args: s.oneCall,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			if err := c.Hangup(cmd.Context(), args[0]); err != nil {
				return s.about(args[0], err)
			}
			if s.asJSON {
				s.print(map[string]string{"hung_up": args[0]})
			} else {
				fmt.Fprintf(s.std.Out, "%s is being hung up\n", args[0])
			}
			return nil
		},
	}
}

// oneCall wants one argument.
func (s *session) oneCall(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Sprintf("%s needs the name of one call; `%s calls` lists them", cmd.CommandPath(), s.Name)}
	}
	return nil
}

// about says of which call an error is that it has a part in.
func (s *session) about(call string, err error) error {
	if errors.Is(err, ErrNoCall) || errors.Is(err, ErrNotOnline) {
		return fmt.Errorf("%q: %w; `%s calls` lists them", call, err, s.Name)
	}
	return err
}

func (s *session) capture() *cobra.Command {
	var f capture.Filter
	var file string
	cmd := &cobra.Command{
		Use: "capture", Short: "Write what calls carry as pcapng, until interrupted", Args: noArgs,
		Example: fmt.Sprintf("  %[1]s capture --user saran -w saran.pcapng\n  %[1]s capture -w - | tshark -i -", s.Name),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			w, err := s.captureFile(file)
			if err != nil {
				return err
			}
			counted := &counting{w: w}
			err = c.Capture(cmd.Context(), f, counted)
			if cmd.Context().Err() != nil {
				err = nil // interrupted, as it should be
			}
			if file != "-" {
				err = errors.Join(err, w.Close())
				s.wrote(file, counted.n)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&f.Call, "call", "", "only this call, by its name")
	cmd.Flags().StringVar(&f.User, "user", "", "only calls of this user")
	cmd.Flags().StringVar(&f.Peer, "peer", "", "only calls with this peer")
	cmd.Flags().StringVarP(&file, "write", "w", "-", "file to write; - is standard output")
	return cmd
}

// captureFile opens where a capture goes. Captures hold passwords: the file is
// its owner's alone.
func (s *session) captureFile(file string) (io.WriteCloser, error) {
	if file != "-" {
		return os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	}
	if f, ok := s.std.Out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return nil, usageError{"a capture is not for a terminal: give a file with -w FILE, or pipe it: -w - | tshark -i -"}
	}
	return nopCloser{s.std.Out}, nil
}

func (s *session) wrote(file string, n int64) {
	if s.asJSON {
		s.print(struct {
			File   string `json:"file"`
			Octets int64  `json:"octets"`
		}{file, n})
		return
	}
	fmt.Fprintf(s.std.Err, "%s: %d octets\n", file, n)
}

// print writes a JSON answer.
func (s *session) print(v any) {
	fmt.Fprintf(s.std.Out, "%s\n", must(json.MarshalIndent(v, "", "  ")))
}

// must is for values that always become JSON.
func must(b []byte, err error) []byte {
	if err != nil {
		return []byte(`{"error":"not JSON"}`)
	}
	return b
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// counting counts the octets written.
type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
