package vault

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/custody"
)

func TestAuditRecordsAreFound(t *testing.T) {
	v := newVault(t, testOptions(t, vfs.NewMem(), "root"))
	const day = 24 * 60 * 60
	const noon = 20_000*day + 4*60*60 // in China
	put := func(credential, number string, at int64) {
		_, err := v.AppendAudit(t.Context(), &custody.AuditEntry{Queue: testReceipts, ID: fmt.Sprint(v.AuditCount()),
			JWS: []byte(fmt.Sprint("jws ", v.AuditCount())), Credential: credential, UseCause: "u", Time: at, CaseNumber: number})
		require.NoError(t, err)
	}
	put("a", "case 1", noon)
	put("a", "", noon+day)
	put("b", "case 1", noon+day)
	put("a", "case 1", noon+2*day)
	put("a", "case 2", noon+2*day)

	for name, c := range map[string]struct {
		credentials []string
		number      string
		from, until int64
		before      uint64
		limit       int
		want        []uint64
	}{
		"all of one":          {[]string{"a"}, "", noon, noon + 2*day, 0, 9, []uint64{4, 3, 1, 0}},
		"of two":              {[]string{"a", "b"}, "", noon, noon + 2*day, 0, 9, []uint64{4, 3, 2, 1, 0}},
		"a case of one":       {[]string{"a"}, "case 1", 0, noon + 9*day, 0, 9, []uint64{3, 0}},
		"a case of two":       {[]string{"a", "b"}, "case 1", 0, noon + 9*day, 0, 9, []uint64{3, 2, 0}},
		"a day":               {[]string{"a"}, "", noon + day - 60, noon + day + 60, 0, 9, []uint64{1}},
		"a case and a day":    {[]string{"a"}, "case 1", noon, noon, 0, 9, []uint64{0}},
		"one more than asked": {[]string{"a"}, "", noon, noon + 2*day, 0, 1, []uint64{4, 3}},
		"the next ones":       {[]string{"a"}, "", noon, noon + 2*day, 4, 1, []uint64{3, 1}},
		"nobody's":            {[]string{"c"}, "", 0, noon + 9*day, 0, 9, nil},
		"a case of nobody":    {[]string{"b"}, "case 2", 0, noon + 9*day, 0, 9, nil},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := v.FindAudit(c.credentials, c.number, c.from, c.until, c.before, c.limit)
			require.NoError(t, err)
			var got []uint64
			for _, e := range found {
				got = append(got, e.Seq)
			}
			assert.Equal(t, c.want, got)
		})
	}
}
