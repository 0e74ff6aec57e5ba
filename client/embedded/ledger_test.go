package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

func TestOpenWhatIsNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	_, err := Open(dir, quiet())
	require.Equal(t, attest.CodeStoreMissing, attest.CodeOf(err))
	_, err = os.Stat(dir)
	require.ErrorIs(t, err, os.ErrNotExist, "a missing store is not made")
}

func TestStoreIsHeldAndKept(t *testing.T) {
	l, dir := create(t, quiet())
	_, err := Open(dir, quiet())
	require.Equal(t, attest.CodeStoreLocked, attest.CodeOf(err))
	require.NoError(t, l.Close())
	_, err = Create(dir, quiet())
	require.Equal(t, attest.CodeStoreExists, attest.CodeOf(err))
	l, err = Open(dir, quiet())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.NoError(t, l.Close(), "closing twice is fine")
}

func TestEmptyLedger(t *testing.T) {
	l, _ := create(t, quiet())
	require.Zero(t, l.Next())
	require.Empty(t, dump(t, l))
	err := l.Blocks(t.Context(), 1, func(registry.Block) error { return nil })
	require.Equal(t, attest.CodeLedgerBehind, attest.CodeOf(err))
}

func TestOutcomes(t *testing.T) {
	l, dir := create(t, quiet())
	c := l.As("GuangdongMSP")

	first, err := c.Submit(t.Context(), add("a", "x"))
	require.NoError(t, err)
	require.Equal(t, registry.Position{}, first.Position)
	require.Equal(t, registry.Event{Name: "add", Key: "counter/x"}, first.Event)

	_, err = c.Submit(t.Context(), []byte("nonsense"))
	require.Equal(t, attest.CodeCommandFormat, attest.CodeOf(err))
	_, err = c.Submit(t.Context(), add("a", "y"))
	require.Equal(t, attest.CodeOperationConflict, attest.CodeOf(err))
	require.Equal(t, uint64(1), l.Next(), "what is refused is not recorded")

	second, err := c.Submit(t.Context(), add("b", "x"))
	require.NoError(t, err)
	require.Equal(t, registry.Position{Block: 1}, second.Position)
	require.NotEqual(t, first.TxID, second.TxID)

	require.NoError(t, l.Close())
	_, err = c.Submit(t.Context(), add("c", "x"))
	require.ErrorIs(t, err, ErrClosed)

	l, err = Open(dir, quiet())
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	again, err := l.As("GuangdongMSP").Submit(t.Context(), add("a", "x"))
	require.NoError(t, err)
	first.Event.Repeat = true
	require.Equal(t, first, again, "a repeat is answered with the first time")
	blocks := requireWhole(t, l)
	require.Len(t, blocks, 2)
	require.Equal(t, first.TxID, blocks[0].Transactions[0].ID)
	require.Equal(t, "GuangdongMSP", blocks[0].Transactions[0].Submitter)
	require.Equal(t, int64(1_700_000_000), blocks[0].Transactions[0].Time)
}

func TestLimits(t *testing.T) {
	o := quiet()
	o.CommandBytes = 10
	l, _ := create(t, o)
	_, err := l.As("M").Submit(t.Context(), add("abcdefgh", "x"))
	require.Equal(t, attest.CodeCommandTooLarge, attest.CodeOf(err))
	_, err = l.As(string(make([]byte, 256))).Submit(t.Context(), add("a", "x"))
	require.Equal(t, attest.CodeFieldInvalid, attest.CodeOf(err))
}

func TestTimeNeverGoesBack(t *testing.T) {
	o := quiet()
	var mu sync.Mutex
	now := int64(1000)
	o.Clock = func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Unix(now, 0) }
	set := func(s int64) { mu.Lock(); defer mu.Unlock(); now = s }
	l, dir := create(t, o)
	for i, s := range []int64{1000, 900, 1001} {
		set(s)
		if i == 1 { // the time is kept through a restart as well
			require.NoError(t, l.Close())
			var err error
			l, err = Open(dir, o)
			require.NoError(t, err)
		}
		_, err := l.As("M").Submit(t.Context(), add(fmt.Sprint(i), "x"))
		require.NoError(t, err)
	}
	defer func() { require.NoError(t, l.Close()) }()
	var times []int64
	for _, b := range collect(t, l, 0, 3) {
		times = append(times, b.Transactions[0].Time)
	}
	require.Equal(t, []int64{1000, 1000, 1001}, times)
}

// gated lets a test hold the orderer inside the rules.
type gated struct{ entered, release chan struct{} }

func newGated() *gated {
	return &gated{entered: make(chan struct{}, 1000), release: make(chan struct{})}
}

func (g *gated) rules(s registry.State, tx registry.Tx, c []byte) (registry.Event, error) {
	g.entered <- struct{}{}
	<-g.release
	return counting(s, tx, c)
}

func TestOverloadGivenUpAndClose(t *testing.T) {
	g := newGated()
	o := quiet()
	o.Rules, o.QueueCommands = g.rules, 3
	l, dir := create(t, o)
	c := l.As("M")

	results := make(chan error, 10)
	submit := func(op string) { _, err := c.Submit(context.Background(), add(op, "x")); results <- err }
	go submit("held")
	<-g.entered // the orderer is busy with it: what follows waits in the queue

	ctx, cancel := context.WithCancel(t.Context())
	gaveUp := make(chan error)
	go func() { _, err := c.Submit(ctx, add("left", "x")); gaveUp <- err }()
	require.Eventually(t, func() bool { n, _ := l.queue.state(); return n == 1 }, 10*time.Second, time.Millisecond)
	cancel()
	err := <-gaveUp
	require.ErrorIs(t, err, ErrOutcomeUnknown)
	require.ErrorIs(t, err, context.Canceled)
	_, err = c.Submit(ctx, add("never", "x"))
	require.Equal(t, context.Canceled, err, "not taken in: the outcome is known")

	go submit("second")
	go submit("third")
	require.Eventually(t, func() bool { n, _ := l.queue.state(); return n == 3 }, 10*time.Second, time.Millisecond)
	_, err = c.Submit(t.Context(), add("fourth", "x"))
	require.ErrorIs(t, err, ErrOverloaded)

	closed := make(chan error)
	go func() { closed <- l.Close() }()
	require.Eventually(t, func() bool { _, stopped := l.queue.state(); return stopped }, 10*time.Second, time.Millisecond)
	_, err = c.Submit(t.Context(), add("late", "x"))
	require.ErrorIs(t, err, ErrClosed)
	close(g.release)
	require.NoError(t, <-closed)
	for range 3 {
		require.NoError(t, <-results, "what was taken in before Close is ordered and answered")
	}

	l, err = Open(dir, quiet())
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	blocks := requireWhole(t, l)
	require.Equal(t, "4", dump(t, l)["counter/x"])
	require.Len(t, blocks, 2, "what waited went into one block")
}

func TestManySubmittersAndFollowers(t *testing.T) {
	const submitters, each, followers = 16, 40, 5
	o := quiet()
	o.BlockTransactions = 7
	l, dir := create(t, o)

	// A follower that never comes back from its first block must not hold up anything.
	stuck, release := make(chan struct{}), make(chan struct{})
	stuckDone := make(chan error, 1)
	go func() {
		stuckDone <- l.Blocks(context.Background(), 0, func(registry.Block) error {
			close(stuck)
			<-release
			return errors.New("done")
		})
	}()

	seen := make(chan int, followers)
	for range followers {
		go func() {
			n := 0
			err := l.Blocks(context.Background(), 0, func(b registry.Block) error { n += len(b.Transactions); return nil })
			if !errors.Is(err, ErrClosed) {
				n = -1
			}
			seen <- n
		}()
	}
	notes := newRecorder()
	var wg sync.WaitGroup
	for s := range submitters {
		wg.Go(func() {
			for i := range each {
				op := fmt.Sprintf("%d-%d", s, i)
				out, err := l.As("M").Submit(context.Background(), add(op, "x"))
				if err != nil {
					t.Errorf("%s: %v", op, err)
					return
				}
				notes.note(op, out.TxID)
			}
		})
	}
	wg.Wait()
	<-stuck
	blocks := requireWhole(t, l)
	notes.requireKept(t, blocks)
	require.Equal(t, fmt.Sprint(submitters*each), dump(t, l)["counter/x"])
	for _, b := range blocks {
		require.LessOrEqual(t, len(b.Transactions), 7)
	}
	require.Less(t, len(blocks), submitters*each, "commands that come together share blocks")

	// Followers drain what is durable and then learn that the ledger has closed.
	require.NoError(t, l.Close())
	for range followers {
		require.LessOrEqual(t, <-seen, submitters*each)
	}
	close(release)
	require.EqualError(t, <-stuckDone, "done")

	findings, err := Check(t.Context(), dir, quiet(), nil)
	require.NoError(t, err)
	require.Empty(t, findings)
}

func TestRepeatWithinABlock(t *testing.T) {
	g := newGated()
	o := quiet()
	o.Rules = g.rules
	l, _ := create(t, o)
	outs := make(chan registry.Outcome, 3)
	submit := func(c []byte) {
		out, err := l.As("M").Submit(context.Background(), c)
		if err != nil {
			t.Error(err)
		}
		outs <- out
	}
	go submit(add("held", "x"))
	<-g.entered
	go submit(add("twice", "x"))
	go submit(add("twice", "x"))
	require.Eventually(t, func() bool { n, _ := l.queue.state(); return n == 2 }, 10*time.Second, time.Millisecond)
	close(g.release)
	<-outs
	a, b := <-outs, <-outs
	require.NotEqual(t, a.Event.Repeat, b.Event.Repeat)
	require.Equal(t, a.TxID, b.TxID)
	require.Equal(t, registry.Position{Block: 1}, a.Position)
	require.Equal(t, a.Position, b.Position)
	require.Equal(t, "2", dump(t, l)["counter/x"])
}

func TestBlockWait(t *testing.T) {
	o := quiet()
	o.BlockWait, o.BlockTransactions = time.Hour, 2
	l, _ := create(t, o)
	done := make(chan error, 2)
	for _, op := range []string{"a", "b"} {
		go func() { _, err := l.As("M").Submit(context.Background(), add(op, "x")); done <- err }()
	}
	require.NoError(t, <-done)
	require.NoError(t, <-done, "a full block does not wait")
	require.Equal(t, uint64(1), l.Next())
	go func() { _, err := l.As("M").Submit(context.Background(), add("c", "x")); done <- err }()
	require.Eventually(t, func() bool { n, _ := l.queue.state(); return n == 1 }, 10*time.Second, time.Millisecond)
	require.NoError(t, l.Close(), "closing does not wait either")
	require.NoError(t, <-done)
}
