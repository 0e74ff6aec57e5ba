package kill

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

var (
	rounds = flag.Int("kill.rounds", 4, "how often the gateway is killed")
	seed   = flag.Uint64("kill.seed", 1, "what the moments of killing are drawn from")
)

const clients = 4

// acknowledged is a certificate that the gateway said it had.
type acknowledged struct {
	key   string
	cert  client.NewCertificate
	id    string
	sdJWT string
}

// recorder notes acknowledgements in the order in which they came.
type recorder struct {
	mu   sync.Mutex
	list []acknowledged
}

func (r *recorder) add(a acknowledged) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, a)
	return len(r.list)
}

// TestKillUnderLoadLosesNothing: every certificate that was acknowledged is there after any number of kills, becomes
// anchored, and verifies with its receipt; asking again for it gives the same one.
func TestKillUnderLoadLosesNothing(t *testing.T) {
	s := newSite(t)
	random := rand.New(rand.NewPCG(*seed, 0))
	made := newMaker(t)
	all := &recorder{}
	for round := range *rounds {
		before := len(all.list)
		load(t, s, made, all, round, before+20+random.IntN(200))
		require.Greater(t, len(all.list), before, "round %d: nothing was acknowledged, so nothing was tested", round)
		s.run(t, "fsck", "--data", s.data)
	}
	server := s.start(t)
	checkAll(t, server, all.list)
	require.NoError(t, server.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, server.cmd.Wait(), "a drained gateway ends well")
	s.run(t, "fsck", "--data", s.data)
	t.Logf("%d kills, %d certificates acknowledged, none lost", *rounds, len(all.list))
}

// load issues from several clients and kills the gateway once so many certificates were acknowledged in all.
func load(t *testing.T, s *site, made *maker, all *recorder, round, until int) {
	t.Helper()
	server := s.start(t)
	reached := make(chan struct{})
	stop := sync.OnceFunc(func() { close(reached) })
	var group errgroup.Group
	for c := range clients {
		group.Go(func() error {
			defer stop()
			for n := 0; ; n++ {
				a, err := server.issue(made, fmt.Sprintf("kill-%d-%d-%06d", round, c, n))
				if a == nil || err != nil {
					return err // without an error it was killed: what was on its way may have happened
				}
				if all.add(*a) >= until {
					stop()
				}
			}
		})
	}
	<-reached
	server.kill(t)
	require.NoError(t, group.Wait())
}

// issue asks for one certificate; nil where no answer came.
func (s *server) issue(made *maker, key string) (*acknowledged, error) {
	cert, err := made.next()
	if err != nil {
		return nil, err
	}
	res, err := s.api.IssueCertificatesWithResponse(context.Background(), &client.IssueCertificatesParams{IdempotencyKey: key},
		client.IssueRequest{Certificates: []client.NewCertificate{cert}})
	if err != nil {
		return nil, nil //nolint:nilerr // no answer is what this test is about
	}
	if res.JSON201 == nil {
		return nil, fmt.Errorf("the gateway answered %d: %s", res.StatusCode(), res.Body)
	}
	answer := res.JSON201.Certificates[0]
	return &acknowledged{key: key, cert: cert, id: answer.ID, sdJWT: answer.SdJWT}, nil
}

// checkAll looks for every acknowledged certificate.
func checkAll(t *testing.T, server *server, list []acknowledged) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for i := range list {
		a := &list[i]
		again, err := server.api.IssueCertificatesWithResponse(ctx, &client.IssueCertificatesParams{IdempotencyKey: a.key},
			client.IssueRequest{Certificates: []client.NewCertificate{a.cert}})
		require.NoError(t, err)
		require.NotNil(t, again.JSON201, "%s", again.Body)
		assert.Equal(t, a.id, again.JSON201.Certificates[0].ID, "the same operation is the same certificate")
		assert.Equal(t, a.sdJWT, again.JSON201.Certificates[0].SdJWT)
		verdict := judge(ctx, t, server, a, awaitReceipt(ctx, t, server, a.id))
		require.Equal(t, client.Result("valid"), verdict.Result, "certificate %d of %d: %s", i, len(list), verdict.Code)
	}
}

// judge asks for a verdict until the region's own statement confirms the block that the certificate is anchored in.
func judge(ctx context.Context, t *testing.T, server *server, a *acknowledged, receipt json.RawMessage) *client.Verification {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		res, err := server.api.VerifyWithResponse(ctx, client.VerificationRequest{Presentation: a.sdJWT, Receipt: receipt,
			UseCause: "test", Scenario: "test"})
		require.NoError(t, err)
		require.NotNil(t, res.JSON200, "%s", res.Body)
		if code := attest.Code(res.JSON200.Code); code != attest.CodeWitnessTooFew && code != attest.CodeWitnessPending {
			return res.JSON200
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.Fail(t, "the certificate's block is never confirmed")
		}
	}
}

// awaitReceipt asks for a receipt until the certificate is anchored.
func awaitReceipt(ctx context.Context, t *testing.T, server *server, id string) json.RawMessage {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		res, err := server.api.GetCertificateReceiptWithResponse(ctx, id)
		require.NoError(t, err)
		if res.StatusCode() == http.StatusOK {
			return res.Body
		}
		require.Equal(t, http.StatusConflict, res.StatusCode(), "%s", res.Body)
		select {
		case <-tick.C:
		case <-ctx.Done():
			require.Fail(t, "the certificate is never anchored")
		}
	}
}

// maker makes certificates, no two alike.
type maker struct {
	generator *sample.Generator
	authority string
	n         atomic.Int64
}

func newMaker(t *testing.T) *maker {
	t.Helper()
	authorities, err := sample.Authorities(region)
	require.NoError(t, err)
	a := authorities[0]
	g, err := sample.New(1, a.Code, a.Name, a.Division)
	require.NoError(t, err)
	return &maker{generator: g.On(time.Now()), authority: string(a.Code)}
}

func (m *maker) next() (client.NewCertificate, error) {
	record, err := m.generator.Record(sample.TypeConstructor, int(m.n.Add(1)))
	if err != nil {
		return client.NewCertificate{}, err
	}
	fields, err := json.Marshal(record.Values())
	if err != nil {
		return client.NewCertificate{}, err
	}
	until, err := gbt.ParseDate(record.Get(gbt.FieldExpiringDate))
	return client.NewCertificate{Authority: m.authority, Type: string(sample.TypeConstructor), TypeVersion: 1, Fields: fields,
		ValidUntil: until.Unix()}, err
}
