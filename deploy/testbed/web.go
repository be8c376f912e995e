package testbed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Page is what the root of Pages shows.
const Page = "Sales, western region: the quarter so far\n"

// Web serves Pages on a host, at port 80 of addr, until the test ends. Its TCP is
// Linux's usual one: this machine's may be another, which makes pauses to measure
// (BBR).
func Web(h *Host, addr string) {
	h.t.Helper()
	config := net.ListenConfig{Control: cubic}
	config.SetMultipathTCP(false)
	var l net.Listener
	err := h.Do(func() (err error) {
		l, err = config.Listen(context.Background(), "tcp", net.JoinHostPort(addr, "80"))
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	server := &http.Server{Handler: Pages()}
	go server.Serve(l)
	h.t.Cleanup(func() { server.Close() })
}

// cubic has a listener's connections control congestion so.
func cubic(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "cubic")
	})
	return errors.Join(err, failed)
}

// Pages are the company's intranet:
//
//	/           Page
//	/from       the address that the server was asked from
//	/data?n=N   Data of N octets
//	/hash       the SHA-256 of what is posted, in hexadecimal
func Pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, Page) })
	mux.HandleFunc("GET /from", func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprintln(w, host)
	})
	mux.HandleFunc("GET /data", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		w.Header().Set("Content-Length", strconv.Itoa(n))
		w.Write(Data(n))
	})
	mux.HandleFunc("POST /hash", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		if n, err := io.Copy(sum, r.Body); err != nil {
			http.Error(w, fmt.Sprintf("after %d octets: %v", n, err), http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%x\n", sum.Sum(nil))
	})
	return mux
}

// Data is n octets that look random and are always the same. Every 1000 there
// is a run of FF, Telnet's IAC: of one octet, then of two, up to 64.
func Data(n int) []byte {
	b := make([]byte, n)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(b)
	for at := 0; at < n; at += 1000 {
		run := b[at:min(n, at+1+at/1000%64)]
		copy(run, bytes.Repeat([]byte{0xFF}, len(run)))
	}
	return b
}

// Hash is the SHA-256 of b as sha256sum prints it.
func Hash(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
