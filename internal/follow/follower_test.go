package follow

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// memory is a ledger of empty blocks in memory, which breaks off when it is told to.
type memory struct {
	mu      sync.Mutex
	blocks  uint64
	broken  error // what Blocks returns at once
	calls   []time.Time
	changed chan struct{}
}

func newMemory() *memory { return &memory{changed: make(chan struct{})} }

func (m *memory) set(blocks uint64, broken error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blocks, m.broken = blocks, broken
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *memory) state() (blocks uint64, changed chan struct{}, broken error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.blocks, m.changed, m.broken
}

func (m *memory) Blocks(ctx context.Context, from uint64, visit func(registry.Block) error) error {
	m.mu.Lock()
	m.calls = append(m.calls, time.Now())
	m.mu.Unlock()
	for {
		blocks, changed, broken := m.state()
		switch {
		case broken != nil:
			return broken
		case from < blocks:
			if err := visit(registry.Block{Number: from}); err != nil {
				return err
			}
			from++
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// probed is a memory that can say how far it is.
type probed struct{ *memory }

func (p probed) Head(context.Context) (uint64, error) {
	blocks, _, broken := p.state()
	return blocks, broken
}

// counter is a replica that counts blocks and may refuse one.
type counter struct {
	mu      sync.Mutex
	next    uint64
	heard   int64
	refuse  map[uint64]error
	refused int
	hold    chan struct{} // Apply waits for it, if there is one
}

func (c *counter) Next() uint64 { c.mu.Lock(); defer c.mu.Unlock(); return c.next }

func (c *counter) Heard(now int64) { c.mu.Lock(); defer c.mu.Unlock(); c.heard = now }

func (c *counter) last() int64 { c.mu.Lock(); defer c.mu.Unlock(); return c.heard }

func (c *counter) Apply(blocks ...registry.Block) error {
	for i := range blocks {
		if err := c.apply(&blocks[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *counter) apply(b *registry.Block) error {
	if c.hold != nil {
		<-c.hold
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refuse[b.Number]; err != nil {
		c.refused++
		return err
	}
	if b.Number != c.next {
		return attest.Errorf(attest.CodeChainGap, "block %d came where %d is due", b.Number, c.next)
	}
	c.next++
	return nil
}

func start(t *testing.T, f *Follower) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	return func() error { cancel(); return <-done }
}

func quiet(s Source, r Replica) Options {
	return Options{Source: s, Replica: r, Logger: slog.New(slog.DiscardHandler)}
}

func TestFollowsAndWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := newMemory(), &counter{}
		f := New(quiet(m, c))
		waited := make(chan error, 1)
		go func() { waited <- f.WaitFor(t.Context(), 2) }() // before Run as well
		stop := start(t, f)
		m.set(2, nil)
		synctest.Wait()
		require.Equal(t, uint64(2), c.Next())
		require.Empty(t, waited, "block 2 is not there yet")
		m.set(3, nil)
		require.NoError(t, <-waited)
		require.NoError(t, f.WaitFor(t.Context(), 0), "what is there is not waited for")

		given, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, f.WaitFor(given, 10), context.DeadlineExceeded)
		require.ErrorIs(t, stop(), context.Canceled)
		require.ErrorContains(t, f.WaitFor(t.Context(), 10), "stopped")
	})
}

// TestPausesGrow: a source that is down is not hammered, and one that is back is followed on.
func TestPausesGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := newMemory(), &counter{}
		m.set(0, errors.New("down"))
		o := quiet(m, c)
		restarts := 0
		o.OnRestart = func(error) { restarts++ }
		f := New(o)
		stop := start(t, f)
		pass(t, 2*time.Minute)
		tries := len(m.calls)
		require.Less(t, tries, 40)
		require.Greater(t, tries, 10)
		for i := 1; i < tries; i++ {
			gap := m.calls[i].Sub(m.calls[i-1])
			require.LessOrEqual(t, gap, DefaultMaxPause)
			require.GreaterOrEqual(t, gap, min(DefaultMaxPause, DefaultMinPause<<(i-1))/2, "try %d", i)
		}
		m.set(5, nil)
		require.NoError(t, f.WaitFor(t.Context(), 4))
		require.ErrorIs(t, stop(), context.Canceled)
		require.Equal(t, tries, restarts)
	})
}

// TestRefusals: what the replica says against a block ends the following, unless the source alone is at fault.
func TestRefusals(t *testing.T) {
	for code, final := range map[attest.Code]bool{
		attest.CodeRulesDiverged: true, attest.CodeChainFork: true, attest.CodeStoreFailed: true,
		attest.CodeChainGap: false, attest.CodeChainBroken: false,
	} {
		t.Run(string(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, c := newMemory(), &counter{refuse: map[uint64]error{1: attest.Errorf(code, "refused")}}
				m.set(3, nil)
				f := New(quiet(m, c))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := f.Run(ctx)
				if !final {
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.Greater(t, c.refused, 3, "it goes on trying")
					return
				}
				require.Equal(t, code, attest.CodeOf(err))
				require.Equal(t, 1, c.refused)
				require.Equal(t, code, attest.CodeOf(f.WaitFor(t.Context(), 2)), "who waits is told")
			})
		})
	}
}

// TestFreshness: with a source that can be asked, a replica that is behind is not fresh, however many blocks arrive.
func TestFreshness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := newMemory(), &counter{hold: make(chan struct{})}
		m.set(3, nil)
		began := time.Now().Unix()
		f := New(quiet(probed{m}, c))
		stop := start(t, f)
		pass(t, time.Minute)
		c.hold <- struct{}{}
		c.hold <- struct{}{}
		synctest.Wait()
		require.Equal(t, uint64(2), c.Next())
		require.Zero(t, c.last(), "one block is missing")
		close(c.hold)
		synctest.Wait()
		require.Equal(t, began, c.last(), "fresh as of when it was asked, not of now")
		pass(t, 10*time.Second)
		require.InDelta(t, time.Now().Unix(), c.last(), 1, "an idle ledger that answers keeps it fresh")
		m.set(3, errors.New("down"))
		at := c.last()
		pass(t, time.Minute)
		require.InDelta(t, at, c.last(), 1, "one that does not answer does not")
		require.ErrorIs(t, stop(), context.Canceled)
	})
}

// TestFreshnessWithoutProbe: each block counts.
func TestFreshnessWithoutProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := newMemory(), &counter{}
		stop := start(t, New(quiet(m, c)))
		pass(t, time.Minute)
		require.Zero(t, c.last())
		m.set(1, nil)
		synctest.Wait()
		require.Equal(t, time.Now().Unix(), c.last())
		require.ErrorIs(t, stop(), context.Canceled)
	})
}

// pass lets the time of the bubble pass, and everything that falls due in it happen.
func pass(t *testing.T, d time.Duration) {
	t.Helper()
	require.NoError(t, sleep(t.Context(), d))
	synctest.Wait()
}
