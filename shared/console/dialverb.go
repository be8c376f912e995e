package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"
)

// Dialling is what a Program has besides that can have telephone numbers dialled.
type Dialling interface {
	// Dial has a number dialled and waits until the line is connected; it gives the
	// call up when ctx ends first. It returns the call's name, or why there is none.
	Dial(ctx context.Context, n Number) (call string, err error)
}

// A Number is what is to be dialled.
type Number struct {
	Phone, Subaddress string
	Through           string // who dials; empty: the only one who can
	User              string // who alone may log in there; empty: everybody
	MinimumBPS        uint32 // the lowest speed of the line in bit/s; 0: any
}

// Dial is Dialling's.
func (c *Client) Dial(ctx context.Context, n Number) (call string, err error) {
	q := url.Values{"phone": {n.Phone}, "subaddress": {n.Subaddress}, "through": {n.Through}, "user": {n.User},
		"minimum": {strconv.FormatUint(uint64(n.MinimumBPS), 10)}}
	var v dialled
	return v.Call, c.ask(ctx, "POST", "/dial?"+q.Encode(), &v)
}

// dialled is the answer to a number.
type dialled struct {
	Call string `json:"call"`
}

func handleDialling(mux *http.ServeMux, p Dialling) {
	mux.HandleFunc("POST /dial", func(w http.ResponseWriter, r *http.Request) {
		minimum, err := strconv.ParseUint(r.FormValue("minimum"), 10, 32)
		if err != nil {
			reply(w, http.StatusBadRequest, failure{"the lowest speed is no number"})
			return
		}
		call, err := p.Dial(r.Context(), Number{Phone: r.FormValue("phone"), Subaddress: r.FormValue("subaddress"),
			Through: r.FormValue("through"), User: r.FormValue("user"), MinimumBPS: uint32(minimum)})
		if err != nil {
			reply(w, http.StatusConflict, failure{err.Error()})
			return
		}
		reply(w, http.StatusOK, dialled{call})
	})
}

func (s *session) dial() *cobra.Command {
	var n Number
	cmd := &cobra.Command{
		Use: "dial NUMBER", Short: "Have a PAC dial a number, and serve who answers as a caller",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Sprintf("%s needs one telephone number", cmd.CommandPath())}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.client()
			if err != nil {
				return err
			}
			n.Phone = args[0]
			call, err := c.Dial(cmd.Context(), n)
			switch {
			case err != nil:
				return err
			case s.asJSON:
				s.print(dialled{call})
			default:
				fmt.Fprintf(s.std.Out, "%s is connected\n", call)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&n.Through, "through", "", "the PAC that dials (default: the only one that is configured)")
	cmd.Flags().StringVar(&n.User, "user", "", "the only user who may log in there (default: every user)")
	cmd.Flags().StringVar(&n.Subaddress, "subaddress", "", "what the PAC's line is to be given besides the number")
	cmd.Flags().Uint32Var(&n.MinimumBPS, "min-speed", 0, "the lowest speed of the line in bit/s (default: any)")
	return cmd
}
