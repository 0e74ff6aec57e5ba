package notary

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/embedded"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/internal/testcpu"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
	"github.com/huzheng-ledger/huzheng/internal/vault"
)

// newEmbeddedOffice is an office whose commands go to the embedded ledger on the disk. The view is that of the rules in
// memory, to which the same founding commands were applied.
func newEmbeddedOffice(b *testing.B, suite attest.Suite, o Options) (*office, *embedded.Ledger) {
	b.Helper()
	f := newOffice(b, suite, o)
	ledger, err := embedded.Create(filepath.Join(b.TempDir(), "ledger"), embedded.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { _ = ledger.Close() })
	client := ledger.As(testledger.MSP(testRegion))
	founding := func(msp string, key string, c registry.Command) {
		_, err := ledger.As(msp).Submit(context.Background(), f.chain.Sign(key, c))
		require.NoError(b, err)
	}
	govern := registry.KeyID(testRegion, "g1")
	first := f.chain.Regions[0]
	_, found := testledger.Charter(b, f.chain.Network, suite, f.chain.Regions)
	founding(testledger.MSP(first), registry.KeyID(first, "g1"), found)
	founding(testledger.MSP(testRegion), govern, &registry.RegisterType{Type: f.sample.CertificateType()})
	twelve := &registry.RegisterType{Type: twelveFields(b, f.sample)}
	f.chain.Do(govern, twelve)
	founding(testledger.MSP(testRegion), govern, twelve)
	founding(testledger.MSP(testRegion), govern, f.chain.NewAuthority(testRegion, 1, f.sample.CertificateType().Code))
	f.close()
	master, err := keys.NewMaster(make([]byte, keys.MasterSize))
	require.NoError(b, err)
	dir := b.TempDir()
	f.vault = vault.Options{Dir: filepath.Join(dir, "vault"), Keyring: filepath.Join(dir, "keyring"), Master: master, Suite: suite}
	require.NoError(b, vault.Create(f.vault))
	f.store, err = vault.Open(f.vault)
	require.NoError(b, err)
	signers := registerBenchKey(b, f, func(key string, c registry.Command) { founding(testledger.MSP(testRegion), key, c) })
	f.notary, err = New(Deps{Store: f.store, Submitter: client, Signers: signers, View: f.chain, Network: f.chain.Network,
		Region: testRegion, Salts: rand.Reader, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}, o)
	require.NoError(b, err)
	return f, ledger
}

// twelveFields is a version of a type with its first twelve fields and nothing that is derived.
func twelveFields(b *testing.B, t *sample.Type) attest.CertificateType {
	b.Helper()
	ct := t.CertificateType()
	var schema map[string]json.RawMessage
	require.NoError(b, json.Unmarshal(ct.Schema, &schema))
	var properties, kept = map[string]json.RawMessage{}, map[string]json.RawMessage{}
	require.NoError(b, json.Unmarshal(schema["properties"], &properties))
	grades := map[string]attest.Grade{}
	var names []string
	for _, c := range t.Fields[:benchFields] {
		names = append(names, c.English)
		kept[c.English], grades[c.English] = properties[c.English], c.Grade
	}
	var err error
	schema["properties"], err = json.Marshal(kept)
	require.NoError(b, err)
	schema["required"], err = json.Marshal(names)
	require.NoError(b, err)
	ct.Version, ct.Grades, ct.Predicates = 2, grades, nil
	ct.Schema, err = json.Marshal(schema)
	require.NoError(b, err)
	return ct
}

const benchFields = 12

// benchSigners signs as a folder of keys does, with one key for all.
type benchSigners struct {
	testSigners
	authority attest.Signer
}

func (s *benchSigners) Signer(string) (attest.Signer, error) { return s.authority, nil }

// registerBenchKey gives the authority a key that signs at full speed.
func registerBenchKey(b *testing.B, f *office, submit func(key string, c registry.Command)) *benchSigners {
	b.Helper()
	id := registry.KeyID(f.authority, "k2")
	signer, _, err := keys.Generate(f.chain.Suite, id)
	require.NoError(b, err)
	add := &registry.RotateKey{Op: "operation-of-bench-0001", Owner: f.authority,
		Add: &registry.NewKey{Name: "k2", Use: attest.UseIssue, Public: signer.Public()}}
	govern := registry.KeyID(testRegion, "g1")
	f.chain.Do(govern, add)
	submit(govern, add)
	return &benchSigners{testSigners{b, f.chain.Suite}, signer}
}

func (s *benchSigners) Owned(string) ([]string, error) { return []string{s.authority.KeyID()}, nil }

// BenchmarkIssue signs, commits, stores and anchors certificates of 12 fields with a holder key each in custody, on the
// embedded ledger, end to end: the clock stops when the last one is anchored.
func BenchmarkIssue(b *testing.B) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		for _, size := range []int{1, 500} {
			b.Run(fmt.Sprintf("%s/%d", suite, size), func(b *testing.B) { benchmarkIssue(b, suite, size) })
		}
	}
}

func benchmarkIssue(b *testing.B, suite attest.Suite, size int) {
	f, _ := newEmbeddedOffice(b, suite, Options{})
	requests := f.benchRequests(4000)
	var n atomic.Int64
	b.SetParallelism(max(2, 64/size))
	b.ResetTimer()
	before := testcpu.Used(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := n.Add(1)
			at := int(id) * size % (len(requests) - size)
			if _, err := f.notary.Issue(context.Background(), fmt.Sprint("op", id), requests[at:at+size]); err != nil {
				b.Error(err)
			}
		}
	})
	if err := f.notary.Flush(context.Background()); err != nil {
		b.Error(err)
	}
	b.StopTimer()
	requireAllAnchored(b, f)
	certificates := float64(b.N) * float64(size)
	b.ReportMetric(certificates/b.Elapsed().Seconds(), "certificates/s")
	b.ReportMetric(float64((testcpu.Used(b)-before).Microseconds())/certificates, "cpu-µs/certificate") // on a shared machine the truer figure
}

// benchRequests are n requests for certificates of twelve fields.
func (f *office) benchRequests(n int) []IssueRequest {
	requests := f.requests(0, n)
	for i := range requests {
		requests[i].Version, requests[i].Fields = 2, requests[i].Fields[:benchFields]
	}
	return requests
}

// requireAllAnchored keeps the figures honest.
func requireAllAnchored(b *testing.B, f *office) {
	b.Helper()
	open, err := f.store.Unsettled()
	require.NoError(b, err)
	require.Empty(b, open)
	for _, q := range f.store.Queues() {
		require.Equal(b, q.Durable, q.Sealed)
		_, err := f.store.ReceiptAt(custody.Place{Queue: q.Number, Seq: q.Durable - 1})
		require.NoError(b, err)
	}
}

// BenchmarkAnchorReady anchors commitments that are ready, end to end on the embedded ledger, 4,096 a call.
func BenchmarkAnchorReady(b *testing.B) {
	f, _ := newEmbeddedOffice(b, attest.SuiteStd, Options{})
	q := custody.Queue{Key: registry.KeyID(f.authority, "k2"), Kind: attest.KindDocument, Suite: attest.SuiteStd}
	var n atomic.Uint64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		leaves := make([][32]byte, 4096)
		for pb.Next() {
			call := n.Add(1)
			for i := range leaves {
				binary.LittleEndian.PutUint64(leaves[i][:], call<<16|uint64(i))
			}
			if _, err := f.store.Enqueue(context.Background(), q, leaves); err != nil {
				b.Error(err)
			}
		}
	})
	if err := f.notary.Flush(context.Background()); err != nil {
		b.Error(err)
	}
	b.StopTimer()
	requireAllAnchored(b, f)
	b.ReportMetric(float64(b.N)*4096/b.Elapsed().Seconds(), "commitments/s")
}

// BenchmarkChainBytes anchors one batch of 4,096 certificates and counts what the ledger holds of it: the command alone,
// and the whole block that carries it, with its hashes and the transaction's frame.
func BenchmarkChainBytes(b *testing.B) {
	for b.Loop() {
		f, ledger := newEmbeddedOffice(b, attest.SuiteStd, Options{MaxRequests: DefaultBatchSize})
		first := ledger.Next()
		_, err := f.notary.Issue(context.Background(), "op", f.benchRequests(DefaultBatchSize))
		require.NoError(b, err)
		require.NoError(b, f.notary.Flush(context.Background()))
		requireAllAnchored(b, f)
		require.Equal(b, first+1, ledger.Next(), "one batch is one block")
		var command, frame int
		errRead := errors.New("the block was read")
		err = ledger.Blocks(context.Background(), first, func(block registry.Block) error {
			require.Len(b, block.Transactions, 1)
			t := &block.Transactions[0]
			command = len(t.Command)
			frame = len(t.ID) + len(t.Submitter) + len(block.Hash) + len(block.Previous)
			return errRead
		})
		require.ErrorIs(b, err, errRead)
		b.ReportMetric(float64(command)/DefaultBatchSize, "command-B/certificate")
		b.ReportMetric(float64(command+frame)/DefaultBatchSize, "block-B/certificate")
	}
}
