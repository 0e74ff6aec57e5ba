package gbt_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// TestAPeriodIsShownAsItWasWritten holds that a last day that was written down is the last day that is shown, in every month.
func TestAPeriodIsShownAsItWasWritten(t *testing.T) {
	days := 0
	for day := time.Date(2023, 12, 30, 0, 0, 0, 0, time.UTC); day.Year() < 2025; day = day.AddDate(0, 0, 1) {
		first, err := gbt.ParseDate(day.Format(time.DateOnly))
		require.NoError(t, err)
		from, until := gbt.PeriodOf(first, first)
		require.Equal(t, int64(24*60*60), until-from, "both days are part of the period")
		assert.Equal(t, day.Format(time.DateOnly), gbt.Day(from))
		assert.Equal(t, day.Format(time.DateOnly), gbt.LastDay(until))
		assert.NotEqual(t, gbt.Day(until), gbt.LastDay(until))
		days++
	}
	from, until := gbt.PeriodOf(time.Time{}, time.Time{})
	assert.Zero(t, from)
	assert.Zero(t, until, "an end that is not said")
	t.Logf("%d days", days)
}
