package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/internal/loadgen"
)

// clients is how many connections the load over HTTP comes from.
const clients = 32

// load asks one gateway for verdicts and does as little else as it can: bodies are made beforehand, answers are searched
// and not parsed. It shares the machine with what it measures.
type load struct {
	*loadgen.Pool
	bodies [][]byte
}

func (w *world) load(list []presented) (*load, error) {
	l := &load{Pool: loadgen.NewPool(w.door.URL+"/v1/verifications", w.door.Key)}
	for i := range list {
		body, err := json.Marshal(client.VerificationRequest{Presentation: string(list[i].text), Receipt: list[i].receipt,
			UseCause: "bench", Scenario: scenario})
		if err != nil {
			return nil, err
		}
		l.bodies = append(l.bodies, body)
	}
	return l, nil
}

var validAnswer = []byte(`"result":"valid"`)

// ask asks for the i-th presentation.
func (l *load) ask(ctx context.Context, i int) error {
	return l.Post(ctx, l.bodies[i%len(l.bodies)], func(status int, answer []byte) error {
		if status != http.StatusOK || !bytes.Contains(answer, validAnswer) {
			return fmt.Errorf("a presentation over HTTP: %d %.200s", status, answer)
		}
		return nil
	})
}

// throughput measures verdicts over HTTP, one presentation a request, the load on the same machine.
func (w *world) throughput(ctx context.Context, list []presented, during time.Duration) (*Row, error) {
	l, err := w.load(list)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	var done atomic.Int64
	start := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for c := range clients {
		group.Go(func() error {
			for i := c; time.Since(start) < during; i++ {
				if err := l.ask(ctx, i); err != nil {
					return err
				}
				done.Add(1)
			}
			return nil
		})
	}
	err = group.Wait()
	return &Row{Name: "http", Zh: "经 HTTP 核验（负载同机）", En: "the same over HTTP, the load on the same machine", Unit: "/s", Promise: 4000,
		Reached: perSecond(int(done.Load()), time.Since(start)),
		Note:    fmt.Sprintf("%d connections, one presentation a request, receipt signed and recorded", clients)}, err
}

// arrivals is how many requests a second come in for the latency.
const arrivals = 1000

// latency measures p99 while requests come in at a fixed rate, whatever becomes of the earlier ones: each counts from the
// moment at which it was due, so that a stall is not hidden by the load waiting for it.
func (w *world) latency(ctx context.Context, list []presented, during time.Duration) (*Row, error) {
	l, err := w.load(list)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	n := int(during.Seconds() * arrivals)
	taken := make([]time.Duration, n)
	var mu sync.Mutex
	var first error
	loadgen.Open(ctx, arrivals, n, 2*clients, func(i int, due time.Time) {
		err := l.ask(ctx, i)
		taken[i] = time.Since(due)
		if err != nil {
			mu.Lock()
			defer mu.Unlock()
			first = err
		}
	})
	if first != nil {
		return nil, first
	}
	p99 := quantile(taken, 0.99)
	return &Row{Name: "http_p99", Zh: "每秒 1000 次时的 p99", En: "p99 over HTTP at 1,000 requests a second", Unit: "ms", Promise: 10, AtMost: true,
		Reached: float64(p99.Microseconds()) / 1000, Note: fmt.Sprintf("p50 %.1f ms, %d requests", float64(quantile(taken, 0.5).Microseconds())/1000, n)}, nil
}
