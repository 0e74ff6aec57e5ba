package fsck

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
)

func TestFindingsAlikeAreCountedAfterTheFirstFew(t *testing.T) {
	var found []Finding
	for i := range 500 {
		found = append(found, Finding{Error, "vault 440000", attest.CodeKeyringDamaged, strconv.Itoa(i), "damaged", "restore"})
	}
	found = append(found, Finding{Warning, "vault 440000", attest.CodeKeyringDamaged, "w", "damaged", "restore"},
		Finding{Error, "vault 440000", attest.CodeRecordMissing, "r", "missing", "restore"})
	r := &Result{}
	r.addAlike(found)
	require.Len(t, r.Findings, maxAlike+3)
	assert.Equal(t, found[:maxAlike], r.Findings[:maxAlike])
	assert.Equal(t, found[500:], r.Findings[maxAlike:maxAlike+2], "other sorts are not held back")
	assert.Equal(t, Finding{Error, "vault 440000", attest.CodeKeyringDamaged, "", "and 480 more", "restore"}, r.Findings[maxAlike+2])
}
