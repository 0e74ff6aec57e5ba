package consortium_test

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/huzheng-ledger/huzheng/internal/consortium"
)

func TestTuneLeavesWhatTheUserHasSet(t *testing.T) {
	settings := func() [2]int {
		percent := debug.SetGCPercent(100)
		debug.SetGCPercent(percent)
		return [2]int{percent, runtime.GOMAXPROCS(0)}
	}
	before := settings()
	for _, set := range []struct {
		variables map[string]string
		wanted    [2]int
	}{
		{nil, [2]int{400, 2 * before[1]}},
		{map[string]string{"GOGC": "50"}, [2]int{before[0], 2 * before[1]}},
		{map[string]string{"GOMAXPROCS": "1"}, [2]int{400, before[1]}},
	} {
		undo := consortium.Tune(func(name string) string { return set.variables[name] })
		assert.Equal(t, set.wanted, settings(), "%v", set.variables)
		undo()
		assert.Equal(t, before, settings())
	}
}
