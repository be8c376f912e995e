package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"text/template"
	"time"

	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	pac "carrier/pac/app"
	pns "carrier/pns/app"
	"carrier/shared/ppp/auth"
)

//go:embed *.toml
var configurations embed.FS

const (
	number     = "5551212"    // of the POP: four modems
	saras      = "4045550142" // her own telephone
	rate       = 28800
	popModems  = 4
	freeModems = 2 // for whoever tries the demo
	firstPort  = 5600
)

// page is what the intranet shows; it is fetched through the call.
const page = "<title>Sales, western region: the quarter so far</title>\n"

// A world is everything that runs in the demo.
type world struct {
	exchange *exchange.Exchange
	free     []*exchange.Line // modems that nobody uses
	pac      *pac.Program
	programs group // they end first
	network  group // what they stand on
}

// newWorld is empty; close ends what build starts.
func newWorld(ctx context.Context) *world {
	w := &world{}
	w.programs.begin(ctx)
	w.network.begin(context.WithoutCancel(ctx))
	return w
}

// close ends the programs, then the network on which they stand. The error is
// what failed in any of them.
func (w *world) close() error { return errors.Join(w.programs.close(), w.network.close()) }

// build starts it all, inside out: the telephone network, the companies, the
// POP between them.
func (w *world) build(s *story) error {
	intranet, err := w.intranet()
	if err != nil {
		return err
	}
	if w.exchange, err = newExchange(); err != nil {
		return err
	}
	w.network.run("exchange", func() error { return w.exchange.Run(w.network.ctx) })
	lines := w.exchange.Lines()
	w.free = lines[popModems : popModems+freeModems]
	dir, err := os.MkdirTemp("", "carrier-demo-")
	if err != nil {
		return err
	}
	w.network.run("folder", func() error {
		<-w.network.ctx.Done()
		return os.RemoveAll(dir)
	})
	data := struct {
		Modems        []string
		Intranet, Dir string
	}{Intranet: intranet, Dir: dir}
	for _, l := range lines[:popModems] {
		data.Modems = append(data.Modems, l.URL())
	}
	for _, name := range []string{"denver", "boston"} {
		server, err := pns.Start(w.programs.ctx, name+".toml", configuration(name, data), pns.Env{Log: s.logger(name)})
		if err != nil {
			return err
		}
		w.programs.run(name, server.Wait)
	}
	if w.pac, err = pac.Start(w.programs.ctx, "pac.toml", configuration("pac", data), pac.Env{Log: s.logger("atlanta")}); err != nil {
		return err
	}
	w.programs.run("atlanta", w.pac.Wait)
	return nil
}

func configuration(name string, data any) []byte {
	var b bytes.Buffer
	template.Must(template.ParseFS(configurations, name+".toml")).Execute(&b, data)
	return b.Bytes()
}

// newExchange has the POP's modems, Sara's, and some for visitors.
func newExchange() (*exchange.Exchange, error) {
	o := exchange.Options{Timing: exchange.Timing{CallerID: time.Second, RingEvery: 3 * time.Second}}
	line := exchange.Conditions{Rate: rate, Connect: "28800/ARQ/V34/LAPM/V42BIS"}
	for range popModems {
		o.Subscribers = append(o.Subscribers, exchange.Subscriber{Number: number, At: "tcp://127.0.0.1:0", Conditions: line})
	}
	for i := range freeModems {
		o.Subscribers = append(o.Subscribers, exchange.Subscriber{Number: fmt.Sprintf("404555016%d", i), Name: "VISITOR",
			At: freePort(firstPort + i), Conditions: line})
	}
	o.Subscribers = append(o.Subscribers, exchange.Subscriber{Number: saras, Name: "SARA N", Conditions: line})
	return exchange.New(o)
}

// freePort prefers the port that the documentation names.
func freePort(port int) string {
	at := fmt.Sprintf("127.0.0.1:%d", port)
	l, err := net.Listen("tcp", at)
	if err != nil {
		return "tcp://127.0.0.1:0"
	}
	l.Close()
	return "tcp://" + at
}

// intranet is the web server on the company's LAN.
func (w *world) intranet() (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(r http.ResponseWriter, _ *http.Request) { io.WriteString(r, page) })}
	context.AfterFunc(w.network.ctx, func() { server.Close() })
	w.network.run("intranet", func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return l.Addr().String(), nil
}

// tell makes Sara's call.
func (w *world) tell(ctx context.Context, s *story) error {
	told := func(message string, attrs map[string]string) { s.happened("sara", message, 0, attrs) }
	lines := w.exchange.Lines()
	hers, modem := net.Pipe()
	plugged := lines[len(lines)-1]
	w.network.run("sara's modem", func() error { return plugged.Plug(w.network.ctx, modem) })
	call, err := caller.Dial(ctx, hers, caller.Options{
		Number: number,
		Login:  auth.Login{Name: "saran", Secret: auth.NewPassword("blue moon")},
		Story: func(e caller.Event) {
			told(e.Kind.String(), map[string]string{"text": e.Text, "addr": e.Addr.String()})
		},
	})
	if err != nil {
		return err
	}
	text, err := get(ctx, call.Client(), "http://2.1.1.10/")
	if err == nil {
		told("page", map[string]string{"text": text})
	}
	if err = errors.Join(err, call.Close()); err != nil {
		return err
	}
	return s.wait(ctx)
}

func get(ctx context.Context, c *http.Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err == nil && string(b) != page {
		err = fmt.Errorf("the page was not what the intranet has: %q", b)
	}
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(b)), "<title>"), "</title>"), err
}

// invite says how to dial in oneself.
func (w *world) invite(out io.Writer) {
	fmt.Fprintf(out, "\nThe modems answer until Ctrl-C. Dial %s from one of these, which speak AT:\n", number)
	for _, l := range w.free {
		addr, _ := strings.CutPrefix(l.URL(), "tcp://")
		host, port, _ := net.SplitHostPort(addr)
		fmt.Fprintf(out, "  %-24s a terminal:  telnet %s %s   then  ATDT%s\n", l.URL(), host, port, number)
		fmt.Fprintf(out, "  %-24s our caller:  bin/caller -port %s -dial %s -user saran -password 'blue moon' -get http://2.1.1.10/\n", "", l.URL(), number)
	}
	fmt.Fprintf(out, "or point an emulator's modem (86Box, DOSBox-X) there. Users: saran 'blue moon' (Denver), tomw 'tea party' (Boston, http://10.9.0.10/).\n")
	fmt.Fprintf(out, "Metrics of the POP: http://%v/metrics\n", w.pac.Panel())
}
