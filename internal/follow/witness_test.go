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
	"github.com/huzheng-ledger/huzheng/client/embedded"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/index/indextest"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// consortium is four gateways on one ledger: each with its own index, follower and witness.
type consortium struct {
	t       *testing.T
	ledger  *embedded.Ledger
	regions []indextest.Region
	indexes []*index.Index
	follow  []*Follower
	stop    func()
}

func gateways(t *testing.T, w WitnessOptions) *consortium {
	t.Helper()
	dir := t.TempDir()
	quietLog := slog.New(slog.DiscardHandler)
	store := pebblekv.Options{MemTableBytes: 1 << 20, CacheBytes: 1 << 20, Logger: quietLog}
	l, err := embedded.Create(dir+"/ledger", embedded.Options{Store: store})
	require.NoError(t, err)
	c := &consortium{t: t, ledger: l}
	var found []byte
	c.regions, found = indextest.Consortium(t, 4)

	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for i := range c.regions {
		r := &c.regions[i]
		x, err := index.Create(dir+"/"+r.Code, index.Options{Store: store, Logger: quietLog})
		require.NoError(t, err)
		f := New(Options{Source: l, Replica: x, Logger: quietLog})
		o := w
		o.Network, o.Submitter = indextest.Network, l.As(r.MSP)
		o.Signer = func() attest.Signer { return r.Gateway }
		o.Progress, o.Changed, o.Logger = x.Progress, f.Changed, quietLog
		running.Go(func() { _ = f.Run(ctx) })             // until the end of the test
		running.Go(func() { _ = NewWitness(o).Run(ctx) }) // until the end of the test
		c.indexes, c.follow = append(c.indexes, x), append(c.follow, f)
	}
	c.stop = func() {
		cancel()
		running.Wait()
		for _, x := range c.indexes {
			require.NoError(t, x.Close())
		}
		require.NoError(t, l.Close())
	}
	c.submit(0, found)
	return c
}

func (c *consortium) submit(i int, command []byte) {
	c.t.Helper()
	out, err := c.ledger.As(c.regions[i].MSP).Submit(c.t.Context(), command)
	require.NoError(c.t, err)
	for _, f := range c.follow {
		require.NoError(c.t, f.WaitFor(c.t.Context(), out.Position.Block))
	}
}

func (c *consortium) requireAgreed() {
	c.t.Helper()
	for _, x := range c.indexes {
		l, err := x.Ledger(time.Now().Unix())
		require.NoError(c.t, err)
		require.False(c.t, l.Frozen)
		require.Equal(c.t, 4, l.Regions)
		require.GreaterOrEqual(c.t, len(l.Agreeing), 2)
		require.Zero(c.t, l.Lag, "everything with content is agreed on")
		require.LessOrEqual(c.t, l.Age, int64(1))
	}
}

// TestAnIdleConsortiumSettles: statements follow traffic, and nothing follows statements.
func TestAnIdleConsortiumSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := gateways(t, WitnessOptions{Idle: 24 * time.Hour})
		defer c.stop()
		c.submit(1, c.regions[1].Anchor(t, 1))
		l, err := c.indexes[2].Ledger(time.Now().Unix())
		require.NoError(t, err)
		require.Empty(t, l.Agreeing, "nobody has stated anything yet")

		pass(t, DefaultInterval+time.Second)
		c.requireAgreed()
		settled := c.ledger.Next()
		require.LessOrEqual(t, settled, uint64(2+4), "at most one block a statement")
		pass(t, 12*time.Hour)
		require.Equal(t, settled, c.ledger.Next(), "no statement answers a statement")
		c.requireAgreed()

		c.submit(2, c.regions[2].Anchor(t, 2))
		pass(t, DefaultInterval+time.Second)
		require.Greater(t, c.ledger.Next(), settled+1, "traffic is stated again")
		c.requireAgreed()
	})
}

// TestIdleStatements: without traffic each region states once in Idle.
func TestIdleStatements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := gateways(t, WitnessOptions{})
		defer c.stop()
		pass(t, DefaultInterval+time.Second)
		before := statements(t, c.ledger)
		pass(t, 10*DefaultIdle)
		for region, n := range statements(t, c.ledger) {
			require.InDelta(t, 10, n-before[region], 1, region)
		}
		c.requireAgreed()
	})
}

// statements counts them by submitter.
func statements(t *testing.T, l *embedded.Ledger) map[string]int {
	t.Helper()
	counts := map[string]int{}
	enough := errors.New("enough")
	last := l.Next() - 1
	err := l.Blocks(t.Context(), 0, func(b registry.Block) error {
		for _, tx := range b.Transactions {
			s, err := registry.Parse(tx.Command)
			if err != nil {
				return err
			}
			if s.Command.Name() == registry.NameWitness {
				counts[tx.Submitter]++
			}
		}
		if b.Number == last {
			return enough
		}
		return nil
	})
	require.ErrorIs(t, err, enough)
	require.Len(t, counts, 4)
	return counts
}

// TestDue is the table of when a statement is made.
func TestDue(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	w := NewWitness(WitnessOptions{EveryBlocks: 10, Interval: 5 * time.Second, Idle: 30 * time.Second})
	w.posted = start
	due := func(next, traffic uint64, now time.Time) time.Duration {
		t.Helper()
		d, timed := w.due(Progress{Next: next, Traffic: traffic}, now)
		require.True(t, timed)
		return d
	}
	_, timed := w.due(Progress{}, at(time.Hour))
	require.False(t, timed, "an empty index has nothing to state")

	w.begun, w.stated = true, 5
	require.Equal(t, 29*time.Second, due(14, 5, at(time.Second)), "statements of others wait for Idle")
	require.Equal(t, 29*time.Second, due(99, 5, at(time.Second)), "however many they are")
	require.Equal(t, 5*time.Second, due(6, 6, at(2*time.Second)), "traffic waits for Interval")
	require.Equal(t, 4*time.Second, due(7, 7, at(3*time.Second)), "from the first that was seen")
	require.Zero(t, due(15, 7, at(3*time.Second)), "or for EveryBlocks")
	require.Equal(t, 2*time.Second, due(6, 6, at(5*time.Second)), "it does not start anew")
	w.retry = at(40 * time.Second)
	require.Equal(t, 10*time.Second, due(15, 7, at(30*time.Second)), "but not before another attempt may be made")
}

// TestTheFirstStatementOfARunIsMadeAtOnce: once the replica stands still, if the region has not stated what is there.
func TestTheFirstStatementOfARunIsMadeAtOnce(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	ledger := uint64(0) // the region's last statement on it
	run := func() func(next, traffic uint64, now time.Time) time.Duration {
		w := NewWitness(WitnessOptions{Stated: func() uint64 { return ledger }})
		w.posted = start
		return func(next, traffic uint64, now time.Time) time.Duration {
			d, timed := w.due(Progress{Next: next, Traffic: traffic}, now)
			require.True(t, timed)
			return d
		}
	}
	due := run()
	require.Equal(t, still, due(5, 5, at(time.Second)), "never stated")
	require.Equal(t, still, due(9, 9, at(time.Second+still/2)), "but not while the replica moves")
	require.Zero(t, due(9, 9, at(time.Second+still/2+still)))
	require.Equal(t, 100*time.Millisecond, due(99, 99, at(time.Second+DefaultInterval-100*time.Millisecond)), "nor later than after Interval")

	ledger = 99
	due = run()
	require.Equal(t, DefaultIdle, due(103, 99, at(0)), "an earlier run has stated all of it: nothing is due")
	require.Equal(t, still, due(104, 104, at(time.Second)), "until there is traffic")
}

// TestABeginningIsAgreedOnAtOnce: four regions that have never stated anything wait for nobody.
func TestABeginningIsAgreedOnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := gateways(t, WitnessOptions{Idle: 24 * time.Hour})
		defer c.stop()
		pass(t, time.Second)
		c.requireAgreed()
		require.Equal(t, map[string]int{c.regions[0].MSP: 1, c.regions[1].MSP: 1, c.regions[2].MSP: 1, c.regions[3].MSP: 1}, statements(t, c.ledger))
	})
}

// failing is a submitter that refuses.
type failing struct {
	mu    sync.Mutex
	times []time.Time
}

func (f *failing) Submit(context.Context, []byte) (registry.Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.times = append(f.times, time.Now())
	return registry.Outcome{}, attest.Errorf(attest.CodeKeyUnknown, "not a member yet")
}

// TestFailuresAreSpaced: a statement that fails is tried again after Interval.
func TestFailuresAreSpaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		regions, _ := indextest.Consortium(t, 1)
		s := &failing{}
		ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
		defer cancel()
		tried := 0
		err := NewWitness(WitnessOptions{
			Network: indextest.Network, Signer: func() attest.Signer { return regions[0].Gateway }, Submitter: s,
			Progress: func() Progress { return Progress{Next: 100, Traffic: 100} },
			Changed:  func() <-chan struct{} { return nil },
			Logger:   slog.New(slog.DiscardHandler),
			OnState:  func(uint64, [32]byte, error) { tried++ },
		}).Run(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, s.times, 12)
		require.Equal(t, 12, tried)
		for i := 1; i < len(s.times); i++ {
			require.Equal(t, DefaultInterval, s.times[i].Sub(s.times[i-1]))
		}
	})
}
