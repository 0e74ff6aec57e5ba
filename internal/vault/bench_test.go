package vault

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// BenchmarkEnqueue adds ready commitments in bulk, 4,096 a call, from four callers.
func BenchmarkEnqueue(b *testing.B) {
	o := testOptions(b, nil, b.TempDir())
	o.MemTableBytes = 0
	v := newVault(b, o)
	q := custody.Queue{Key: testQueue.Key, Kind: attest.KindDocument, Suite: attest.SuiteStd}
	leaves := make([][32]byte, 4096)
	for i := range leaves {
		binary.LittleEndian.PutUint64(leaves[i][:], uint64(i))
	}
	b.SetParallelism(2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := v.Enqueue(context.Background(), q, leaves); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)*4096/b.Elapsed().Seconds(), "leaves/s")
}

// BenchmarkAppendAudit writes receipts of 1.2 KB from 64 goroutines, each durable before the next.
func BenchmarkAppendAudit(b *testing.B) {
	o := testOptions(b, nil, b.TempDir())
	o.MemTableBytes = 0
	v := newVault(b, o)
	jws := make([]byte, 1200)
	var n atomic.Uint64
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := fmt.Sprint("receipt ", n.Add(1))
			own := append([]byte(id), jws...)
			if _, err := v.AppendAudit(context.Background(), &custody.AuditEntry{Queue: testReceipts, ID: id, JWS: own, Credential: "c", UseCause: "u"}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkAddCertificates stores certificates of 3 KB, each of a holder of its own: one a call from 64 goroutines, and
// 500 a call from 4.
func BenchmarkAddCertificates(b *testing.B) {
	for _, size := range []int{1, 500} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			o := testOptions(b, nil, b.TempDir())
			o.MemTableBytes = 0
			v := newVault(b, o)
			body := make([]byte, 3000)
			var n atomic.Uint64
			b.SetParallelism(max(2, 32/size))
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					addMany(b, v, n.Add(1), size, body)
				}
			})
			b.ReportMetric(float64(b.N)*float64(size)/b.Elapsed().Seconds(), "certificates/s")
		})
	}
}

func addMany(b *testing.B, v *Vault, id uint64, size int, body []byte) {
	slots, err := v.ReserveStatus(testAuthority, size, rand.Reader)
	if err != nil {
		b.Error(err)
		return
	}
	certs := make([]*custody.Certificate, size)
	for i := range certs {
		sum := sha256.Sum256(fmt.Append(nil, id, i))
		certs[i] = &custody.Certificate{Queue: testQueue, Authority: testAuthority, Type: testType, Version: 1, Subject: sum,
			Commitment: sum, Status: slots[i], SDJWT: body, HolderKey: body[:32]}
	}
	if _, err := v.AddCertificates(context.Background(), fmt.Sprint(id), certs); err != nil {
		b.Error(err)
	}
}

// BenchmarkReceipt proves random leaves of 100 batches of 4,096.
func BenchmarkReceipt(b *testing.B) {
	v := newVault(b, testOptions(b, nil, b.TempDir()))
	q := custody.Queue{Key: testQueue.Key, Kind: attest.KindDocument, Suite: attest.SuiteStd}
	at, err := v.Enqueue(context.Background(), q, make([][32]byte, 100*4096))
	require.NoError(b, err)
	anchorAll(b, v, 4096, 1)
	b.ResetTimer()
	for i := range uint64(b.N) {
		if _, err := v.ReceiptAt(custody.Place{Queue: at.Queue, Seq: i * 7919 % (40 * 4096)}); err != nil {
			b.Fatal(err)
		}
	}
}
