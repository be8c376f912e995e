package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

// Locks is what a Program has besides that locks out who guesses passwords.
type Locks interface {
	// Unlock lets a user, or all from a source, try again. It returns how many
	// locks that ended.
	Unlock(who string) (locks int)
}

// unlocked is the answer to an unlock.
type unlocked struct {
	Locks int `json:"locks"`
}

// Unlock lets a user or a source try again, and returns how many locks ended.
func (c *Client) Unlock(ctx context.Context, who string) (locks int, err error) {
	var v unlocked
	return v.Locks, c.ask(ctx, "POST", "/unlock?"+url.Values{"who": {who}}.Encode(), &v)
}

func handleLocks(mux *http.ServeMux, p Locks) {
	mux.HandleFunc("POST /unlock", func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK, unlocked{p.Unlock(r.FormValue("who"))})
	})
}

func (s *session) unlock() *cobra.Command {
	return &cobra.Command{
		Use: "unlock USER|SOURCE", Short: "Let somebody who is locked out try again",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usageError{fmt.Sprintf("%s needs one user or source; `%s status` lists who is locked out", cmd.CommandPath(), s.Name)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			n, err := c.Unlock(cmd.Context(), args[0])
			switch {
			case err != nil:
				return err
			case s.asJSON:
				s.print(unlocked{n})
			default:
				fmt.Fprintf(s.std.Out, "%s: locks ended: %d\n", args[0], n)
			}
			return nil
		},
	}
}
