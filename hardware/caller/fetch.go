package caller

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"carrier/shared/netstack"
)

var errNoNetwork = errors.New("the call has no network")

// network is the stack while there is one.
func (c *Call) network() (*netstack.Stack, error) {
	if s := c.stack.Load(); s != nil {
		return s, nil
	}
	return nil, errNoNetwork
}

// DialContext connects through the call, as netstack.Stack.DialContext does.
func (c *Call) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	s, err := c.network()
	if err != nil {
		return nil, err
	}
	return s.DialContext(ctx, network, address)
}

// Client fetches pages through the call.
func (c *Call) Client() *http.Client { return c.client }

// Ping sends one ICMP Echo with 56 octets of data and waits for its answer,
// as netstack.Stack.Ping does.
func (c *Call) Ping(ctx context.Context, addr netip.Addr) (time.Duration, error) {
	s, err := c.network()
	if err != nil {
		return 0, err
	}
	return s.Ping(ctx, addr, 56)
}

// Send puts one IP packet on the line as it is, with whatever source it has: as
// a broken host does, or a hostile one. It is lost when the call ends. The caller
// keeps packet.
func (c *Call) Send(packet []byte) { c.wire.data([][]byte{packet}) }

// A Transfer is what was carried in one direction of a request.
type Transfer struct {
	Octets int64
	SHA256 [sha256.Size]byte
	Took   time.Duration
}

// Rate is bit/s.
func (t Transfer) Rate() float64 { return float64(t.Octets) * 8 / t.Took.Seconds() }

func (t Transfer) String() string {
	return fmt.Sprintf("%d octets in %.1f s, %.0f bit/s, SHA-256 %x", t.Octets, t.Took.Seconds(), t.Rate(), t.SHA256)
}

// maxPage is the largest page that Get holds.
const maxPage = 16 << 20

// Get fetches a page of at most 16 MiB. An answer but 200 is an error.
func (c *Call) Get(ctx context.Context, url string) ([]byte, error) {
	var page bytes.Buffer
	_, err := c.Download(ctx, url, &limited{w: &page, left: maxPage})
	return page.Bytes(), err
}

// Download fetches url into w and measures it, from the request to the last
// octet.
func (c *Call) Download(ctx context.Context, url string, w io.Writer) (Transfer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Transfer{}, err
	}
	m := measure(w)
	err = c.do(r, m)
	return m.transfer(), err
}

// Upload posts what r gives, size octets, and returns the answer's body. It is
// measured until the answer is there, so that nothing is under way any more.
func (c *Call) Upload(ctx context.Context, url string, r io.Reader, size int64) (Transfer, []byte, error) {
	m, answer := measure(io.Discard), new(bytes.Buffer)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, io.TeeReader(io.LimitReader(r, size), m))
	if err != nil {
		return Transfer{}, nil, err
	}
	req.ContentLength = size
	err = c.do(req, &limited{w: answer, left: maxPage})
	return m.transfer(), answer.Bytes(), err
}

// do makes a request and copies the body of its answer.
func (c *Call) do(r *http.Request, body io.Writer) error {
	resp, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: the server says %s", r.URL, resp.Status)
	}
	if _, err := io.Copy(body, resp.Body); err != nil {
		return fmt.Errorf("%s: %w", r.URL, err)
	}
	return nil
}
