package index

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/index/indextest"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// loaded is an index with the records of a million certificates: 250 batches, 10^5 status records, 20 agreements. The
// rules are bypassed: "key value", one record a line.
func loaded(b *testing.B, certificates int) (x *Index, batches []string) {
	o := options(nil)
	o.Store = pebblekv.Options{}
	o.Rules = func(s registry.State, _ registry.Tx, c []byte) (registry.Event, error) {
		for line := range strings.Lines(string(c)) {
			key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if err := s.Put(key, []byte(value)); err != nil {
				return registry.Event{}, err
			}
		}
		return registry.Event{}, nil
	}
	x = create(b, o)
	var chain indextest.Chain
	var text strings.Builder
	flush := func() {
		require.NoError(b, x.Apply(chain.Add(registry.Transaction{Command: []byte(text.String()), Valid: true})))
		text.Reset()
	}
	add := func(key, format string, args ...any) { fmt.Fprintf(&text, key+" "+format+"\n", args...) }

	regions, found := indextest.Consortium(b, 4)
	genuine := create(b, Options{Rules: nil})
	require.NoError(b, genuine.Apply((&indextest.Chain{}).Add(regions[0].By(found))))
	require.NoError(b, genuine.Dump(func(k string, v []byte) error { add(k, "%s", v); return nil }))
	add(registry.KeyAuthority("A"), `{"code":"A","name":"n","region":"440000","division":"440100","parent":"","issuer":"https://x","types":["T"],"state":"active","cmd":""}`)
	for i := range certificates/4096 + 1 {
		id := fmt.Sprintf("batch%d", i)
		batches = append(batches, id)
		add(registry.KeyBatch(id), `{"id":"%s","kind":"certificate","suite":"std","key":"k","root":"%s","size":4096,"types":["T"],"cmd":"%s"}`,
			id, strings.Repeat("A", 43), strings.Repeat("A", 43))
	}
	flush()
	for i := range certificates / 10 {
		add(registry.KeyStatus("A", 1, uint32(i)*10), `{"intervals":[{"state":"revoked","from":%d,"until":0,"reason":"04"}]}`, i)
		if i%1000 == 999 {
			flush()
		}
	}
	flush()
	return x, batches
}

// BenchmarkLookups makes every lookup of one verification, as one Read, with caches warm: one status in ten is there.
func BenchmarkLookups(b *testing.B) {
	for _, certificates := range []int{10_000, 1_000_000} {
		x, batches := loaded(b, certificates)
		require.NoError(b, x.db.Flush())
		key := "440000#gateway"
		b.Run(fmt.Sprintf("certificates=%d", certificates), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 1))
			lookups := func(v registry.View) error {
				var errs [7]error
				_, errs[0] = v.Ledger(0)
				_, errs[1] = v.Batch(batches[rng.IntN(len(batches))])
				_, errs[2] = v.Authority("A")
				_, errs[3] = v.Key(key)
				_, errs[4] = v.Type("T", 1)
				_, errs[5] = v.Status("A", 1, uint32(rng.IntN(certificates)))
				_, errs[6] = v.Agreements()
				return errors.Join(errs[:]...)
			}
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, x.Read(lookups))
			}
		})
	}
}

// BenchmarkApply measures following: blocks of 100 anchors under the real rules, signatures and all.
func BenchmarkApply(b *testing.B) {
	x := create(b, Options{Rules: nil})
	regions, found := indextest.Consortium(b, 4)
	var chain indextest.Chain
	require.NoError(b, x.Apply(chain.Add(regions[0].By(found))))
	const each = 100
	blocks := make([]registry.Block, b.N)
	for i := range blocks {
		var txs []registry.Transaction
		for j := range each {
			txs = append(txs, regions[1].By(regions[1].Anchor(b, uint64(i*each+j)+1)))
		}
		blocks[i] = chain.Add(txs...)
	}
	b.ResetTimer()
	for i := range blocks {
		if err := x.Apply(blocks[i]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*each)/b.Elapsed().Seconds(), "anchors/s")
}
