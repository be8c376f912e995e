package app

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"carrier/shared/console"
)

// The log says in one line at the start, and after each reload, that there are
// weak points; the command that it names tells them all. What is mended or
// accepted is not told.
func TestWeakPointsAreToldInTheLog(t *testing.T) {
	file, socket, write := place(t)
	write(least)
	ctx, end := context.WithCancel(t.Context())
	log := &journal{wrote: make(chan struct{})}
	ended := make(chan int)
	go func() {
		ended <- Run(ctx, []string{"run", "-c", file}, console.Stdio{Out: new(bytes.Buffer), Err: log})
	}()
	const told = `"msg":"the configuration has weak points"`
	log.has(t, told+`,"findings":3,"heaviest":"open-tunnel atlanta","see":"pns check --security -c `+file+`"`, 1)
	log.has(t, `"msg":"ready"`, 1)
	check := func() (int, string) {
		var out bytes.Buffer
		return Run(ctx, []string{"check", "--security", "-c", file}, console.Stdio{Out: &out, Err: &out}), out.String()
	}
	if status, said := check(); status != 1 || !strings.HasPrefix(said, "open-tunnel atlanta: ") || !strings.Contains(said, "\npap: ") ||
		!strings.Contains(said, "\nno-encryption atlanta: ") || !strings.HasSuffix(said, "\n3 weak points, the heaviest first\n") {
		t.Errorf("status %d: %s", status, said)
	}

	client := console.NewClient(socket, "pns")
	reload := func(text string) {
		t.Helper()
		write(text)
		if _, err := client.Reload(ctx); err != nil {
			t.Fatal(err)
		}
	}
	reload(least + "[security]\naccept = [\"open-tunnel atlanta\"]\n")
	log.has(t, told+`,"findings":2,"heaviest":"pap"`, 1)
	reload(strings.Replace(least, "192.0.2.0/24", "192.168.1.0/24", 1) + "[auth]\nmethods = [\"mschap-v2\"]\n")
	if status, said := check(); status != 0 || said != "nothing weak was found\n" {
		t.Errorf("status %d: %s", status, said)
	}
	end()
	<-ended
	if strings.Count(log.text, told) != 2 {
		t.Errorf("told of weak points other than twice:\n%s", log.text)
	}
}
