package benchnet_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/loadgen"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// leaves are in each batch.
const leaves = 4096

// certificates issues a number of them at a gateway.
func certificates(b *testing.B, g *fabricnet.Gateway, key string, first, count int) []api.IssuedCertificate {
	b.Helper()
	wanted := make([]api.NewCertificate, count)
	for i := range wanted {
		wanted[i] = g.NewCertificate(sample.TypeConstructor, first+i)
	}
	return g.Issue(key, wanted...)
}

// door is a gateway's route for verdicts, asked with as little else as can be: bodies are made beforehand, answers are searched.
type door struct{ *loadgen.Pool }

func doorOf(b *testing.B, g *fabricnet.Gateway) *door {
	b.Helper()
	d := &door{loadgen.NewPool(g.URL+"/v1/verifications", g.Token)}
	b.Cleanup(d.Close)
	return d
}

// ask posts a body and reports whether the answer holds a text.
func (d *door) ask(ctx context.Context, body, text []byte) (holds bool, err error) {
	err = d.Post(ctx, body, func(status int, answer []byte) error {
		if holds = bytes.Contains(answer, text); status != http.StatusOK {
			return fmt.Errorf("%d %.200s", status, answer)
		}
		return nil
	})
	return holds, err
}

var (
	isValid   = []byte(`"result":"valid"`)
	isRevoked = []byte(`"result":"revoked"`)
)

// verdicts asks for valid ones in turn.
func (d *door) verdicts(bodies [][]byte) request {
	return func(ctx context.Context, _, n int) error {
		ok, err := d.ask(ctx, bodies[n%len(bodies)], isValid)
		if err == nil && !ok {
			err = fmt.Errorf("presentation %d is not called valid", n%len(bodies))
		}
		return err
	}
}

// presentations are requests for verdicts on certificates, without and with key binding.
func presentations(b *testing.B, from, to *fabricnet.Gateway, issued []api.IssuedCertificate) (plainBodies, bound [][]byte) {
	b.Helper()
	for i, c := range issued {
		request := from.Present(c.ID, to.Region, fmt.Sprintf("nonce-%016d", i))
		bound = append(bound, encode(b, request))
		sd, err := attest.ParseSDJWT([]byte(c.SdJWT), attest.DefaultLimits())
		require.NoError(b, err)
		text, err := sd.Present(gatewaytest.Disclosed()...)
		require.NoError(b, err)
		request.Presentation, request.Audience, request.Nonce = string(text), "", ""
		plainBodies = append(plainBodies, encode(b, request))
	}
	return plainBodies, bound
}

func encode(b *testing.B, v any) []byte {
	b.Helper()
	body, err := json.Marshal(v)
	require.NoError(b, err)
	return body
}

// anchors hands ready commitments to gateways, in batches of 4,096, until every gateway has them in its index.
type anchors struct {
	w      *fabricnet.World
	places map[*fabricnet.Gateway][]custody.Place // of every batch
}

// enqueue hands batches to a gateway, some at a time, and returns once they are on the ledger.
func (a *anchors) enqueue(ctx context.Context, g *fabricnet.Gateway, batches int) error {
	q := custody.Queue{Key: registry.KeyID(string(g.Authority(sample.TypeConstructor).Code), "1"), Kind: attest.KindDocument, Suite: attest.SuiteStd}
	for left := batches; left > 0; {
		now := min(left, 4)
		left -= now
		commitments := make([][32]byte, now*leaves)
		for i := range commitments {
			_, _ = rand.Read(commitments[i][:]) // never fails
		}
		first, err := g.Gateway.Vault().Enqueue(ctx, q, commitments)
		if err != nil {
			return err
		}
		for i := range now {
			a.places[g] = append(a.places[g], custody.Place{Queue: first.Queue, Seq: first.Seq + uint64(i*leaves)})
		}
	}
	return g.Gateway.Notary().Flush(ctx)
}

// indexed returns once every gateway has applied the last block with one of the batches.
func (a *anchors) indexed(ctx context.Context) (last uint64, err error) {
	for g, places := range a.places {
		for _, place := range places {
			batch, err := g.Gateway.Vault().BatchOf(place)
			if err != nil {
				return 0, err
			}
			if batch == nil || batch.State != custody.BatchAnchored || batch.Size != leaves {
				return 0, fmt.Errorf("a batch of %s is not anchored whole: %+v", g.Code, batch)
			}
			last = max(last, batch.Block)
		}
	}
	for _, g := range a.w.Gateways {
		if err := g.Gateway.WaitFor(ctx, last); err != nil {
			return 0, err
		}
	}
	return last, nil
}

// many anchors batches at all gateways at once and returns how long that took.
func many(ctx context.Context, w *fabricnet.World, each int) (took time.Duration, err error) {
	var all []*anchors
	began := time.Now()
	group, grouped := errgroup.WithContext(ctx)
	for _, g := range w.Gateways {
		a := &anchors{w, map[*fabricnet.Gateway][]custody.Place{}}
		all = append(all, a)
		group.Go(func() error { return a.enqueue(grouped, g, each) })
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	for _, a := range all {
		if _, err := a.indexed(ctx); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

// lone anchors one batch after the other, the gateways in turn, and returns the blocks.
func lone(ctx context.Context, w *fabricnet.World, count int) (took []time.Duration, blocks []uint64, err error) {
	for i := range count {
		a := &anchors{w, map[*fabricnet.Gateway][]custody.Place{}}
		began := time.Now()
		if err := a.enqueue(ctx, w.Gateways[i%len(w.Gateways)], 1); err != nil {
			return nil, nil, err
		}
		block, err := a.indexed(ctx)
		if err != nil {
			return nil, nil, err
		}
		took, blocks = append(took, time.Since(began)), append(blocks, block)
	}
	slices.Sort(took)
	return took, blocks, nil
}

// victim is a certificate that is to be revoked, with a request for a verdict at every gateway.
type victim struct {
	issuer *fabricnet.Gateway
	entry  api.StatusRequest
	bodies [][]byte
}

func victims(b *testing.B, w *fabricnet.World, g *fabricnet.Gateway, first, count int) []victim {
	b.Helper()
	var list []victim
	for _, c := range certificates(b, g, fmt.Sprintf("victims-%s", g.Code), first, count) {
		v := victim{issuer: g, entry: api.StatusRequest{Authority: string(g.Authority(sample.TypeConstructor).Code),
			Entries: []api.StatusEntry{{Certificate: c.ID, State: "revoked", Reason: "04"}}}}
		for _, to := range w.Gateways {
			v.bodies = append(v.bodies, encode(b, g.Present(c.ID, to.Region, "nonce-"+c.ID)))
		}
		list = append(list, v)
	}
	return list
}

// revoke revokes the certificate and returns how long after the acknowledgement every gateway had refused it.
func (v *victim) revoke(ctx context.Context, doors []*door) (time.Duration, error) {
	for i, d := range doors {
		if ok, err := d.ask(ctx, v.bodies[i], isValid); err != nil || !ok {
			return 0, fmt.Errorf("before its revocation gateway %d does not call a certificate valid: %w", i, err)
		}
	}
	if err := v.submit(ctx); err != nil {
		return 0, err
	}
	acknowledged := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for i, d := range doors {
		group.Go(func() error {
			for {
				if refused, err := d.ask(ctx, v.bodies[i], isRevoked); err != nil || refused {
					return err
				}
			}
		})
	}
	err := group.Wait()
	return time.Since(acknowledged), err
}

// submit returns once the issuer's gateway has acknowledged the revocation.
func (v *victim) submit(ctx context.Context) error {
	body, err := json.Marshal(v.entry)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, v.issuer.URL+"/v1/status", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+v.issuer.Token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "revoke-"+v.entry.Entries[0].Certificate)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("a revocation is answered with %s", res.Status)
	}
	return nil
}

// revocations revokes some at every gateway, one after the other at each.
func revocations(b *testing.B, w *fabricnet.World, first, each int) *load {
	b.Helper()
	var lists [][]victim
	var doors []*door
	for i, g := range w.Gateways {
		lists = append(lists, victims(b, w, g, first+i*each, each))
		doors = append(doors, doorOf(b, g))
	}
	w.Settle()
	var l load
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(b.Context())
	for _, list := range lists {
		group.Go(func() error {
			for i := range list {
				took, err := list[i].revoke(ctx, doors)
				if err != nil {
					return err
				}
				mu.Lock()
				l.took = append(l.took, took)
				mu.Unlock()
			}
			return nil
		})
	}
	require.NoError(b, group.Wait())
	slices.Sort(l.took)
	return &l
}
