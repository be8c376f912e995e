package daemon

import (
	"context"
	"errors"
	"fmt"
)

// Services are the parts of a program that run side by side. What is added
// first ends last: a part may rely on those added before it until it has ended.
type Services struct {
	parts []*part
}

type part struct {
	name string
	run  func(context.Context) error
	stop context.CancelCauseFunc
	done chan struct{}
	err  error // once done
}

// Add adds a part. run works until its context ends and then returns nil or the
// context's error; if it returns before, with an error or not, all parts end.
func (s *Services) Add(name string, run func(context.Context) error) {
	s.parts = append(s.parts, &part{name: name, run: run})
}

// Run starts all parts in the order of Add, calls ready, and waits until ctx
// ends or a part returns. Then it ends them one after the other, the last one
// first. The error joins those of all parts, each with its name; it is nil when
// all ended because ctx did. Run may be called once.
func (s *Services) Run(ctx context.Context, ready func()) error {
	all, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	for _, p := range s.parts {
		var own context.Context
		own, p.stop = context.WithCancelCause(context.WithoutCancel(ctx))
		p.done = make(chan struct{})
		go func() {
			defer close(p.done)
			if p.err = p.outcome(own, p.run(own)); p.err != nil {
				fail(p.err)
			}
		}()
	}
	ready()
	<-all.Done()
	var errs []error
	for i := len(s.parts) - 1; i >= 0; i-- {
		s.parts[i].stop(context.Cause(all))
		<-s.parts[i].done
		errs = append(errs, s.parts[i].err)
	}
	return errors.Join(errs...)
}

// outcome is what a part's return says of it.
func (p *part) outcome(own context.Context, err error) error {
	switch told := own.Err() != nil; {
	case told && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(own))):
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", p.name, err)
	case !told:
		return fmt.Errorf("%s: ended unexpectedly", p.name)
	}
	return nil
}
