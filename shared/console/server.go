package console

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"carrier/shared/capture"
)

// A Server answers the commands that come through the socket.
type Server struct {
	socket  *socket
	name    string
	program Program
}

// Listen makes the socket at path, mode 0660, in place of one that a dead
// process left. When a living one has it the error says "already running". name
// is the program's, "pac": who asks for another one is refused.
func Listen(path, name string, p Program) (*Server, error) {
	s, err := listenSocket(path)
	if err != nil {
		return nil, err
	}
	return &Server{s, name, p}, nil
}

// Run answers until ctx ends; captures under way end then with a whole file.
// It must be called, or the socket stays.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler: s.handler(), BaseContext: func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(s.socket.UnixListener) }()
	var err error
	select {
	case err = <-ended:
		ended <- err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		server.Close() // a reader that does not read
	}
	<-ended
	s.socket.Close()
	return err
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.program.Status()) })
	mux.HandleFunc("GET /calls", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, s.program.Calls()) })
	mux.HandleFunc("POST /reload", s.reload)
	mux.HandleFunc("GET /pending", s.pending)
	mux.HandleFunc("POST /hangup", s.hangup)
	mux.HandleFunc("GET /capture", s.capture)
	if p, ok := s.program.(Lines); ok {
		handleLines(mux, p)
	}
	if p, ok := s.program.(Locks); ok {
		handleLocks(mux, p)
	}
	if p, ok := s.program.(Negotiation); ok {
		handleNegotiation(mux, p)
	}
	if p, ok := s.program.(Dialling); ok {
		handleDialling(mux, p)
	}
	return s.meant(mux)
}

// programHeader names the program that a client means to ask.
const programHeader = "Carrier-Program"

// meant hands on what is asked of this program, or of whichever is here.
func (s *Server) meant(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name := r.Header.Get(programHeader); name != "" && name != s.name {
			w.Header().Set(programHeader, s.name)
			reply(w, http.StatusMisdirectedRequest, failure{"this is " + s.name})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) hangup(w http.ResponseWriter, r *http.Request) {
	answer(w, s.program.Hangup(r.FormValue("call")))
}

// answer says what came of something done to a call.
func answer(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, ErrNoCall):
		reply(w, http.StatusNotFound, failure{err.Error()})
	case errors.Is(err, ErrNotOnline):
		reply(w, http.StatusConflict, failure{err.Error()})
	case err != nil:
		reply(w, http.StatusInternalServerError, failure{err.Error()})
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Server) capture(w http.ResponseWriter, r *http.Request) {
	f := capture.Filter{Call: r.FormValue("call"), User: r.FormValue("user"), Peer: r.FormValue("peer")}
	w.Header().Set("Content-Type", "application/x-pcapng")
	if s.program.Capture(r.Context(), f, &flushing{w, http.NewResponseController(w)}) != nil {
		panic(http.ErrAbortHandler) // the reader sees that the file is not whole
	}
}

// reloaded is the answer to a reload.
type reloaded struct {
	Restart []string `json:"restart"`
}

func (s *Server) reload(w http.ResponseWriter, _ *http.Request) {
	restart, err := s.program.Reload()
	if err != nil {
		reply(w, http.StatusConflict, failure{err.Error()})
		return
	}
	reply(w, http.StatusOK, reloaded{append([]string{}, restart...)})
}

func (s *Server) pending(w http.ResponseWriter, _ *http.Request) {
	p, err := s.program.Pending()
	if err != nil {
		reply(w, http.StatusConflict, failure{err.Error()})
		return
	}
	reply(w, http.StatusOK, p)
}

// flushing hands each Write on at once.
type flushing struct {
	w io.Writer
	c *http.ResponseController
}

func (f *flushing) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	return n, errors.Join(err, f.c.Flush())
}

// failure is the body of every answer that is not a success.
type failure struct {
	Error string `json:"error"`
}

func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error":"the answer does not become JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(b, '\n'))
}
