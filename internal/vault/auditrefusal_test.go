package vault

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

func testRefusal(account string, at int64) *custody.Refusal {
	return &custody.Refusal{Time: at, Until: at, Count: 1, Caller: custody.CallerStaff, Account: account, ID: "pseudonym", Route: "POST /office/verify",
		Reason: custody.RefusedAccess}
}

func TestARefusalIsNoVerification(t *testing.T) {
	v := newVault(t, testOptions(t, vfs.NewMem(), "/"))
	refused := testRefusal(testAudit("x").Credential, 1)
	require.NoError(t, v.AppendRefusals(t.Context(), refused))
	seq, err := v.AppendAudit(t.Context(), testAudit("receipt"))
	require.NoError(t, err)
	require.Equal(t, refused.Seq+1, seq, "one chain")

	_, err = v.Audit(refused.Seq)
	assert.Equal(t, attest.CodeRecordMissing, attest.CodeOf(err))
	found, err := v.FindAudit([]string{refused.Account}, "", 0, 1, 0, 9)
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, "receipt", found[0].ID)
	_, err = v.refusal(seq)
	assert.Equal(t, attest.CodeRecordMissing, attest.CodeOf(err))

	// What reads verifications and knows no refusals takes it for a record of another form.
	plain, err := v.get(keyNumber(prefixAudit, refused.Seq))
	require.NoError(t, err)
	_, _, err = decodeAudit(refused.Seq, plain)
	assert.Equal(t, attest.CodeRecordUnreadable, attest.CodeOf(err))

	findings, err := v.Check(t.Context(), nil)
	require.NoError(t, err)
	assert.Empty(t, findings)
}

func TestRefusalsAreFoundByAccountAndDay(t *testing.T) {
	v := newVault(t, testOptions(t, vfs.NewMem(), "/"))
	const day = 24 * 60 * 60
	const noon = 20_000*day + 4*60*60 // in China
	for _, r := range []*custody.Refusal{testRefusal("a", noon), testRefusal("a", noon+day), testRefusal("", noon+day), testRefusal("b", noon+2*day)} {
		require.NoError(t, v.AppendRefusals(t.Context(), r))
	}
	for name, c := range map[string]struct {
		accounts    []string
		from, until int64
		before      uint64
		limit       int
		want        []uint64
	}{
		"of one":              {[]string{"a"}, noon, noon + 2*day, 0, 9, []uint64{1, 0}},
		"of one and nobody's": {[]string{"a", ""}, noon, noon + 2*day, 0, 9, []uint64{2, 1, 0}},
		"a day":               {[]string{"a", "b"}, noon + day, noon + day, 0, 9, []uint64{1}},
		"one more than asked": {[]string{"a", "b", ""}, noon, noon + 2*day, 0, 1, []uint64{3, 2}},
		"the next ones":       {[]string{"a", "b", ""}, noon, noon + 2*day, 2, 9, []uint64{1, 0}},
		"another's":           {[]string{"c"}, noon, noon + 2*day, 0, 9, nil},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := v.FindRefusals(c.accounts, c.from, c.until, c.before, c.limit)
			require.NoError(t, err)
			var got []uint64
			for _, r := range found {
				got = append(got, r.Seq)
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestStaffHavePseudonyms(t *testing.T) {
	v := newVault(t, testOptions(t, vfs.NewMem(), "/"))
	id := v.StaffID("https://idp.example", "zhang")
	assert.Len(t, id, 16)
	assert.Equal(t, id, v.StaffID("https://idp.example", "zhang"))
	assert.NotEqual(t, id, v.StaffID("https://other.example", "zhang"))
	assert.NotEqual(t, id, v.StaffID("https://idp.example", "li"))
	assert.NotContains(t, id, "zhang")
}
