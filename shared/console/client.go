package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"

	"carrier/shared/capture"
	"carrier/shared/doctor"
	"carrier/shared/record"
)

// A Client asks the daemon whose socket is at a path.
type Client struct {
	path, program string
	http          http.Client
}

// NewClient returns a client of the program of that name, "pac", for whom every
// method fails with ErrNotRunning where nobody listens, and with ErrOther where
// another program does. Nothing is opened before the first question.
func NewClient(path, program string) *Client {
	c := &Client{path: path, program: program}
	c.http.Transport = &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}
	return c
}

// Status is the JSON of the program's Status.
func (c *Client) Status(ctx context.Context) (json.RawMessage, error) {
	var v json.RawMessage
	return v, c.get(ctx, "/status", &v)
}

// Calls lists the program's calls: those that run, then those that ended.
func (c *Client) Calls(ctx context.Context) ([]record.Call, error) {
	var v []record.Call
	return v, c.get(ctx, "/calls", &v)
}

// Reload has the program read its configuration again, and returns the keys
// that changed and need a restart.
func (c *Client) Reload(ctx context.Context) ([]string, error) {
	var v reloaded
	return v.Restart, c.ask(ctx, "POST", "/reload", &v)
}

// Pending is what a reload would change now.
func (c *Client) Pending(ctx context.Context) (doctor.Pending, error) {
	var v doctor.Pending
	return v, c.get(ctx, "/pending", &v)
}

// Hangup ends a call; the error is ErrNoCall when there is none of that name.
func (c *Client) Hangup(ctx context.Context, call string) error {
	r, err := c.do(ctx, "POST", "/hangup?"+url.Values{"call": {call}}.Encode())
	if err != nil {
		return err
	}
	return r.Body.Close()
}

// Capture copies a running capture to w until it ends, which is no error, or
// ctx does.
func (c *Client) Capture(ctx context.Context, f capture.Filter, w io.Writer) error {
	q := url.Values{"call": {f.Call}, "user": {f.User}, "peer": {f.Peer}}
	r, err := c.do(ctx, "GET", "/capture?"+q.Encode())
	if err != nil {
		return err
	}
	defer r.Body.Close()
	_, err = io.Copy(w, r.Body)
	return err
}

func (c *Client) get(ctx context.Context, path string, v any) error {
	return c.ask(ctx, "GET", path, v)
}

// ask is do for an answer in JSON.
func (c *Client) ask(ctx context.Context, method, path string, v any) error {
	r, err := c.do(ctx, method, path)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(v); err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	return nil
}

// do asks; what is not a success becomes an error.
func (c *Client) do(ctx context.Context, method, path string) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, method, "http://console"+path, nil)
	if err != nil {
		return nil, err
	}
	q.Header.Set(programHeader, c.program)
	r, err := c.http.Do(q)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("%w: nobody listens at %s", ErrNotRunning, c.path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: permission denied: its owner and group may use it", c.path)
	case err != nil:
		return nil, errors.Unwrap(err) // without the URL, which says nothing
	case r.StatusCode < 300:
		return r, nil
	}
	defer r.Body.Close()
	if r.StatusCode == http.StatusMisdirectedRequest {
		return nil, fmt.Errorf("%w: at %s listens %s, not %s", ErrOther, c.path, r.Header.Get(programHeader), c.program)
	}
	var f failure
	if json.NewDecoder(r.Body).Decode(&f) != nil || f.Error == "" {
		f.Error = r.Status
		if r.StatusCode == http.StatusNotFound {
			f.Error = "it does not know the question, for it is of an older version: restart it"
		}
	}
	for _, known := range []error{ErrNoCall, ErrNotOnline} {
		if f.Error == known.Error() {
			return nil, known
		}
	}
	return nil, errors.New(f.Error)
}
