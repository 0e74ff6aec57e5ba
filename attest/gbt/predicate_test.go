package gbt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

func TestPredicates(t *testing.T) {
	at := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	person := map[string]string{
		gbt.FieldHolderTypeCode: gbt.HolderCodeCitizen, gbt.FieldHolderCode: "11010519491231002X",
		gbt.FieldEffectiveDate: "2025-12-31", gbt.FieldExpiringDate: "20270101",
	}
	organisation := map[string]string{gbt.FieldHolderTypeCode: gbt.HolderCodeUSCC, gbt.FieldEffectiveDate: "2026-01-01"}
	for _, c := range []struct {
		name           string
		fields         map[string]string
		value, applies bool
	}{
		{"age_over_60", person, true, true},
		{"age_over_76", person, true, true},
		{"age_over_77", person, false, true},
		{"age_over_60", organisation, false, false},
		{"valid_in_2024", person, false, true},
		{"valid_in_2025", person, true, true},
		{"valid_in_2026", person, true, true},
		{"valid_in_2027", person, true, true},
		{"valid_in_2028", person, false, true},
		{"valid_in_2025", organisation, false, true},
		{"valid_in_2999", organisation, true, true},
		{"valid_in_2026", nil, false, false},
	} {
		value, applies, err := gbt.Predicate(c.name, c.fields, at)
		require.NoError(t, err, c.name)
		assert.Equal(t, c.value, value, c.name)
		assert.Equal(t, c.applies, applies, c.name)
	}
	for _, name := range []string{"", "age_over_", "age_over_060", "age_over_1000", "age_over_6x", "valid_in_26", "valid_in_20260", "adult"} {
		_, _, err := gbt.Predicate(name, person, at)
		assert.Equal(t, attest.CodePredicateUnknown, attest.CodeOf(err), name)
	}
	_, _, err := gbt.Predicate("age_over_60", map[string]string{gbt.FieldHolderTypeCode: gbt.HolderCodeCitizen}, at)
	assert.Equal(t, attest.CodeCitizenNumber, attest.CodeOf(err))
	for _, bad := range []string{"1.7.2026", "2026-02-30", "2026-7-1", "20260230"} {
		_, _, err := gbt.Predicate("valid_in_2026", map[string]string{gbt.FieldEffectiveDate: bad}, at)
		require.Equal(t, attest.CodeDateFormat, attest.CodeOf(err), bad)
		assert.NotContains(t, err.Error(), bad)
	}
}
