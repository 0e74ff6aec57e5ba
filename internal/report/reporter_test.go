package report_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/report"
	"github.com/huzheng-ledger/huzheng/internal/vault"
)

// outbox is a vault's.
type outbox struct{ *vault.Vault }

func (o outbox) put(t *testing.T, region string, count int) (receipts []string) {
	t.Helper()
	for range count {
		id := fmt.Sprintf("receipt %d", o.AuditCount())
		_, err := o.AppendAudit(t.Context(), &custody.AuditEntry{Queue: custody.Queue{Key: "510000/w1", Kind: attest.KindReceipt, Suite: attest.SuiteStd},
			ID: id, JWS: []byte(id), Credential: "credential", UseCause: "办理", Time: 1, ReportTo: region})
		require.NoError(t, err)
		receipts = append(receipts, id)
	}
	return receipts
}

func newOutbox(t *testing.T) outbox {
	t.Helper()
	master, err := keys.NewMaster(make([]byte, keys.MasterSize))
	require.NoError(t, err)
	dir := t.TempDir()
	o := vault.Options{Dir: filepath.Join(dir, "vault"), Keyring: filepath.Join(dir, "keyring"), Master: master, Suite: attest.SuiteStd}
	require.NoError(t, vault.Create(o))
	v, err := vault.Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, v.Close()) })
	return outbox{v}
}

// homes are the regions that are told, of which some do not answer.
type homes struct {
	mu    sync.Mutex
	away  map[string]bool
	tries map[string]int
	told  map[string][]string
	most  int
}

func newHomes(away ...string) *homes {
	h := &homes{away: map[string]bool{}, tries: map[string]int{}, told: map[string][]string{}}
	for _, region := range away {
		h.away[region] = true
	}
	return h
}

func (h *homes) tell(_ context.Context, region string, reports []custody.Report) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tries[region]++
	h.most = max(h.most, len(reports))
	if h.away[region] {
		return errors.New("away")
	}
	for _, r := range reports {
		h.told[region] = append(h.told[region], string(r.JWS))
	}
	return nil
}

func (h *homes) heard(region string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.told[region]
}

func (h *homes) tried(region string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tries[region]
}

func (h *homes) back(region string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away[region] = false
}

// run starts a reporter and gives what wakes it and what ends it.
func run(t *testing.T, o outbox, h *homes, pause time.Duration) (r *report.Reporter, stop func()) {
	t.Helper()
	r = report.New(report.Options{Outbox: o, Tell: h.tell, Batch: 16, Log: slog.New(slog.DiscardHandler), Gather: time.Millisecond,
		Look: 5 * time.Millisecond, Pause: pause, Longest: pause})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	return r, func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	}
}

const soon, often = 20 * time.Second, time.Millisecond

func TestARegionThatIsAwayHoldsNoOtherUp(t *testing.T) {
	o, h := newOutbox(t), newHomes("440000")
	away := o.put(t, "440000", 100)
	r, stop := run(t, o, h, time.Hour)
	defer stop()
	var wanted []string
	for round := range 20 {
		wanted = append(wanted, o.put(t, "510000", 3)...)
		r.Wake()
		require.Eventually(t, func() bool { return len(h.heard("510000")) == len(wanted) }, soon, often, "round %d", round)
	}
	require.Equal(t, wanted, h.heard("510000"), "in order, each once")
	require.Equal(t, 1, h.tried("440000"), "it is left alone meanwhile, however often others are told")
	waiting, err := o.Reports("440000", 0, 1000)
	require.NoError(t, err)
	require.Len(t, waiting, len(away))
}

func TestARegionThatComesBackIsToldEverything(t *testing.T) {
	o, h := newOutbox(t), newHomes("440000")
	wanted := o.put(t, "440000", 100)
	_, stop := run(t, o, h, time.Millisecond)
	require.Eventually(t, func() bool { return h.tried("440000") > 2 }, soon, often)
	h.back("440000")
	require.Eventually(t, func() bool { return len(h.heard("440000")) == len(wanted) }, soon, often)
	stop()
	require.Equal(t, wanted, h.heard("440000"))
	require.Equal(t, 16, h.most, "receipts a message")

	later := o.put(t, "440000", 2)
	_, stop = run(t, o, h, time.Millisecond)
	defer stop()
	require.Eventually(t, func() bool { return len(h.heard("440000")) > len(wanted) }, soon, often)
	require.Equal(t, append(wanted, later...), h.heard("440000"), "another run tells only what was not told")
}
