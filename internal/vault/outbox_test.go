package vault

import (
	"context"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

func TestOutboxIsAQueueARegion(t *testing.T) {
	o := testOptions(t, vfs.NewCrashableMem(), "/")
	v := newVault(t, o)
	ctx := context.Background()
	regions := []string{"440000", "510000", "510000", "", "440000", "510000"}
	for i, region := range regions {
		e := testAudit(fmt.Sprint("receipt ", i))
		e.ReportTo, e.About = region, [32]byte{byte(i)}
		_, err := v.AppendAudit(ctx, e)
		require.NoError(t, err)
	}
	waiting := func(region string, from uint64, limit int) []uint64 {
		reports, err := v.Reports(region, from, limit)
		require.NoError(t, err)
		var seqs []uint64
		for _, r := range reports {
			e, err := v.Audit(r.Seq)
			require.NoError(t, err)
			require.Equal(t, custody.Report{Seq: r.Seq, About: [32]byte{byte(r.Seq)}, JWS: e.JWS}, r)
			seqs = append(seqs, r.Seq)
		}
		return seqs
	}
	check := func() {
		require.Equal(t, []string{"440000", "510000"}, v.ReportRegions())
		require.Equal(t, []uint64{0, 4}, waiting("440000", 0, 9))
		require.Equal(t, []uint64{1, 2, 5}, waiting("510000", 0, 9))
		require.Equal(t, []uint64{1, 2}, waiting("510000", 0, 2))
		require.Equal(t, []uint64{2, 5}, waiting("510000", 2, 9))
		require.Empty(t, waiting("510000", 6, 9))
		require.Empty(t, waiting("430000", 0, 9))
	}
	check()
	require.NoError(t, v.Close())
	v = openVault(t, o)
	check()
	require.NoError(t, v.Reported(ctx, "510000", 1, 2))
	require.Equal(t, []uint64{5}, waiting("510000", 0, 9))
	require.Equal(t, []uint64{0, 4}, waiting("440000", 0, 9), "another region's queue")
	require.Equal(t, attest.CodeRecordMissing, attest.CodeOf(v.Reported(ctx, "430000", 1)))
	require.NoError(t, v.Close())
}
