package refusal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/refusal"
)

// book is a log in memory.
type book struct {
	mu   sync.Mutex
	list []custody.Refusal
	err  error
}

func (b *book) AppendRefusals(ctx context.Context, list ...*custody.Refusal) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range list {
		b.list = append(b.list, *r)
	}
	return errors.Join(b.err, ctx.Err())
}

func (b *book) count() (n uint64) {
	for _, r := range b.list {
		n += r.Count
	}
	return n
}

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func recorder() (*refusal.Recorder, *book, *clock) {
	b, c := &book{}, &clock{time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)}
	return refusal.New(b, c.now, slog.New(slog.DiscardHandler)), b, c
}

var anonymous = custody.Refusal{Caller: custody.CallerNobody, Route: "POST /verify", Reason: custody.RefusedRate}

func TestTheFirstIsOnRecordAtOnceAndTheRestAsASum(t *testing.T) {
	r, b, c := recorder()
	began := c.t.Unix()
	for range 40 {
		r.Note(t.Context(), anonymous)
		c.t = c.t.Add(time.Second)
	}
	first := anonymous
	first.Time, first.Until, first.Count = began, began, 1
	require.Equal(t, []custody.Refusal{first}, b.list)

	r.Flush(t.Context())
	assert.Len(t, b.list, 1, "the minute is not over")
	c.t = c.t.Add(refusal.Window)
	r.Flush(t.Context())
	rest := anonymous
	rest.Time, rest.Until, rest.Count = began+1, began+39, 39
	require.Equal(t, []custody.Refusal{first, rest}, b.list)
	r.Flush(t.Context())
	assert.Len(t, b.list, 2)

	r.Note(t.Context(), anonymous)
	assert.Len(t, b.list, 3, "another minute's first")
	r.Note(t.Context(), anonymous)
	c.t = c.t.Add(refusal.Window)
	r.Note(t.Context(), anonymous)
	assert.Len(t, b.list, 5, "a sum that is due goes with the next one")
	r.Note(t.Context(), anonymous)
	r.Close()
	assert.EqualValues(t, 44, b.count(), "none is lost")
}

func TestWhoeverIsRefusedWritesThoughTheyHaveGone(t *testing.T) {
	r, b, _ := recorder()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	r.Note(gone, anonymous)
	assert.Len(t, b.list, 1)
}

// TestAFloodStaysBounded sends refusals of every route, reason and caller.
func TestAFloodStaysBounded(t *testing.T) {
	r, b, c := recorder()
	reasons := custody.RefusalReasons()
	const sent = 200_000
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for n := range sent / 4 {
				r.Note(t.Context(), custody.Refusal{Caller: custody.CallerNobody, Route: fmt.Sprint("GET /", n%5000), Reason: reasons[n%len(reasons)],
					Code: fmt.Sprint(worker)})
			}
		})
	}
	group.Wait()
	c.t = c.t.Add(refusal.Window)
	r.Flush(t.Context())
	assert.EqualValues(t, sent, b.count(), "every one is counted")
	assert.LessOrEqual(t, len(b.list), refusal.MostOfCaller())
	t.Logf("%d refusals of nobody in a minute became %d records, of at most %d", sent, len(b.list), refusal.MostOfCaller())

	b.list = nil
	const callers = 20_000
	for n := range callers {
		r.Note(t.Context(), custody.Refusal{Caller: custody.CallerKey, Account: fmt.Sprint(n), Route: "GET /", Reason: custody.RefusedScope})
	}
	r.Close()
	assert.EqualValues(t, callers, b.count())
	assert.LessOrEqual(t, len(b.list), refusal.MaxCallers+2)
}

func TestALogThatFailsIsToldOf(t *testing.T) {
	var out bytes.Buffer
	b := &book{err: errors.New("the disk is full")}
	r := refusal.New(b, time.Now, slog.New(slog.NewTextHandler(&out, nil)))
	r.Note(t.Context(), anonymous)
	assert.Contains(t, out.String(), "the disk is full")
}
