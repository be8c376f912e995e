package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"carrier/shared/conf"
	"carrier/shared/doctor"
	"carrier/shared/weakness"
)

// Commands are a program's commands. Paths of configuration files are as the
// user gave them.
type Commands struct {
	Name   string // "pac"
	Short  string // what the program is, in one line
	Config string // the configuration file when the user names none

	// Run is the daemon: it works until ctx ends. asJSON wants its log in JSON
	// even on a terminal.
	Run func(ctx context.Context, config string, asJSON bool, std Stdio) error
	// Check reads a configuration; the error may be conf.Mistakes.
	Check func(config string) error
	// Security says what is weak in a configuration that passed Check; nil: the
	// program has no such report.
	Security func(config string) (*weakness.Report, error)
	// Doctor looks for what is wrong; c asks the daemon, which may not run. c is
	// nil when a mistake in the configuration hides where to ask.
	Doctor func(ctx context.Context, config string, c *Client) *doctor.Report
	// Lines says that the daemon has Lines.
	Lines bool
	// Locks says that the daemon has Locks.
	Locks bool
	// Negotiation says that the daemon has Negotiation.
	Negotiation bool
	// Dialling says that the daemon has Dialling.
	Dialling bool
	// Socket is where the daemon with that configuration has its socket.
	Socket func(config string) (string, error)
}

// The exit statuses of a program.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a command line that means nothing.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// session is one execution of a command line.
type session struct {
	Commands
	std    Stdio
	config string
	socket string
	asJSON bool
}

// Execute runs one command line, without the program's name, and returns the
// exit status: 0, 1 when it failed, 2 when there is no such command or flag.
func (c Commands) Execute(ctx context.Context, args []string, std Stdio) int {
	s := &session{Commands: c, std: std}
	root := s.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if !errors.Is(err, errFound) {
		s.complain(err)
	}
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// complain prints an error, mistakes of a configuration one a line.
func (s *session) complain(err error) {
	var all conf.Mistakes
	switch {
	case s.asJSON:
		fmt.Fprintf(s.std.Err, "%s\n", must(json.Marshal(struct {
			Error string `json:"error"`
		}{err.Error()})))
	case errors.As(err, &all):
		fmt.Fprintln(s.std.Err, all)
	default:
		fmt.Fprintf(s.std.Err, "%s: %v\n", s.Name, err)
	}
}

func (s *session) root() *cobra.Command {
	root := &cobra.Command{
		Use: s.Name, Short: s.Short, SilenceErrors: true, SilenceUsage: true,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{"no command; " + there(cmd)}
			}
			return usageError{fmt.Sprintf("unknown command %q; %s", args[0], there(cmd))}
		},
	}
	root.SetIn(s.std.In)
	root.SetOut(s.std.Out)
	root.SetErr(s.std.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Sprintf("%v; %s", err, there(cmd))}
	})
	f := root.PersistentFlags()
	f.StringVarP(&s.config, "config", "c", s.Config, "configuration file")
	f.StringVar(&s.socket, "socket", "", "socket of the daemon (default: as the configuration says)")
	f.BoolVar(&s.asJSON, "json", false, "answer in JSON")
	root.AddCommand(s.run(), s.check(), s.status(), s.calls(), s.reload(), s.hangup(), s.capture())
	if s.Doctor != nil {
		root.AddCommand(s.doctor())
	}
	if s.Locks {
		root.AddCommand(s.unlock())
	}
	if s.Negotiation {
		root.AddCommand(s.renegotiate())
	}
	if s.Dialling {
		root.AddCommand(s.dial())
	}
	if s.Lines {
		root.AddCommand(s.lineVerbs()...)
	}
	return root
}

// there says what commands and flags there are.
func there(cmd *cobra.Command) string {
	var commands, flags []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			commands = append(commands, c.Name())
		}
	}
	note := func(f *pflag.Flag) { flags = append(flags, "--"+f.Name) }
	cmd.LocalFlags().VisitAll(note)
	cmd.InheritedFlags().VisitAll(note)
	sort.Strings(flags)
	text := fmt.Sprintf("%s has the flags %s", cmd.CommandPath(), strings.Join(flags, ", "))
	if len(commands) > 0 {
		text = fmt.Sprintf("%s has the commands %s and the flags %s", cmd.CommandPath(), strings.Join(commands, ", "), strings.Join(flags, ", "))
	}
	return text
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Sprintf("%s takes no argument %q; %s", cmd.CommandPath(), args[0], there(cmd))}
	}
	return nil
}

// client is the way to the daemon.
func (s *session) client() (*Client, error) {
	path := s.socket
	if path == "" {
		var err error
		if path, err = s.Socket(s.config); err != nil {
			return nil, err
		}
	}
	return NewClient(path, s.Name), nil
}
