package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"
)

// Negotiation is what a Program has besides that speaks PPP with its callers as
// long as their calls last.
type Negotiation interface {
	// Renegotiate has a call's PPP negotiated afresh and does not wait for that. The
	// error is ErrNoCall when there is none of that name, ErrNotOnline when it
	// carries no data yet, or no more.
	Renegotiate(call string) error
}

// ErrNotOnline says that a call has not got so far, or is about to end.
var ErrNotOnline = errors.New("the call is not online")

// Renegotiate has a call's PPP negotiated afresh; the errors are those of
// Negotiation.
func (c *Client) Renegotiate(ctx context.Context, call string) error {
	r, err := c.do(ctx, "POST", "/renegotiate?"+url.Values{"call": {call}}.Encode())
	if err != nil {
		return err
	}
	return r.Body.Close()
}

func handleNegotiation(mux *http.ServeMux, p Negotiation) {
	mux.HandleFunc("POST /renegotiate", func(w http.ResponseWriter, r *http.Request) {
		answer(w, p.Renegotiate(r.FormValue("call")))
	})
}

func (s *session) renegotiate() *cobra.Command {
	return &cobra.Command{
		Use: "renegotiate CALL", Short: "Negotiate a call's PPP afresh, log-in and keys included", Args: s.oneCall,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			if err := c.Renegotiate(cmd.Context(), args[0]); err != nil {
				return s.about(args[0], err)
			}
			if s.asJSON {
				s.print(map[string]string{"renegotiated": args[0]})
			} else {
				fmt.Fprintf(s.std.Out, "%s is being negotiated afresh\n", args[0])
			}
			return nil
		},
	}
}
