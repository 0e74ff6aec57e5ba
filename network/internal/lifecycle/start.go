package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/network/internal/node"
)

const (
	readyWithin    = 60 * time.Second // for a process to come up; a ledger that was killed is checked first
	stopGrace      = 25 * time.Second // a gateway answers what is under way first
	settle         = 90 * time.Second // for orderers or peers to agree on something
	otherOperators = 30 * time.Minute
	askAgain       = 100 * time.Millisecond
)

// start starts those of the nodes that do not run and were not stopped on purpose, all at once, and waits until each is ready.
func (n *Network) start(ctx context.Context, names []node.Name) error {
	var specs []node.Spec
	for _, name := range names {
		if n.state.isStopped(name) {
			continue
		}
		spec, err := n.spec(name)
		if err != nil {
			return err
		}
		started, err := n.supervisor.Start(ctx, spec)
		if err != nil {
			return err
		}
		if started {
			n.started = append(n.started, name)
		}
		specs = append(specs, spec)
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	for _, spec := range specs {
		group.Go(func() error { return n.supervisor.WaitReady(ctx, spec) })
	}
	return group.Wait()
}

// until asks again until the answer is yes, or too long has passed; then it says what was waited for and the last error.
func until(ctx context.Context, what string, within time.Duration, ask func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var last error
	for {
		yes, err := ask(ctx)
		if yes && err == nil {
			return nil
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			last = err
		}
		select {
		case <-ctx.Done():
			if last != nil {
				return fmt.Errorf("waiting until %s: %w; last: %w", what, ctx.Err(), last)
			}
			return fmt.Errorf("waiting until %s: %w", what, ctx.Err())
		case <-time.After(askAgain):
		}
	}
}

// patience is how long the network may take over something. On one machine nobody but the machine is waited for; in deployment
// the operators of other regions are.
func (n *Network) patience() time.Duration {
	if n.state.Local != "" {
		return otherOperators
	}
	return settle
}

// everyRegion does one thing for every region at once.
func (n *Network) everyRegion(codes []string, do func(code string) error) error {
	var group errgroup.Group
	for _, code := range codes {
		group.Go(func() error { return do(code) })
	}
	return group.Wait()
}
