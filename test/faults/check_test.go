package faults_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/api"
)

// readers read back what was acknowledged.
const readers = 8

// check ends the load and holds what was acknowledged to the promises: nothing lost (1), nothing twice (3), no revocation later
// than the bound (7).
func (l *load) check(t *testing.T) {
	t.Helper()
	l.end()
	l.w.Settle()
	l.readBack(t)
	l.w.onceEach(t)
	l.w.sameEverywhere(t)
	slices.Sort(l.late)
	slices.Sort(l.took)
	t.Logf("%d certificates acknowledged (p50 %v, p99 %v), %d revoked, %d writes tried again, verdicts %v: 0 lost, 0 twice; "+
		"last valid after a revocation p50 %v p99 %v max %v", len(l.issued), quantile(l.took, 50), quantile(l.took, 99), len(l.revoked),
		l.asked, l.verdicts, quantile(l.late, 50), quantile(l.late, 99), quantile(l.late, 100))
	require.NotEmpty(t, l.issued, "no traffic")
	require.NotEmpty(t, l.late, "no revocations")
	if onTime(t) {
		require.LessOrEqual(t, quantile(l.late, 99), usual)
	}
	require.LessOrEqual(t, quantile(l.late, 100), hard)
}

// readBack asks for a verdict on everything that was acknowledged, each at one gateway.
func (l *load) readBack(t *testing.T) {
	t.Helper()
	var reading errgroup.Group
	reading.SetLimit(readers)
	again := &load{ctx: t.Context()}
	for i, c := range l.issued {
		g := l.w.Gateways[i%len(l.w.Gateways)]
		reading.Go(func() error {
			request, err := again.present(c, g)
			if err != nil {
				return fmt.Errorf("%s is lost by its issuer %s: %w", c.ID, c.issuer.Code, err)
			}
			v, err := at(g).verify(t.Context(), request)
			if err != nil {
				return err
			}
			if want := l.due(c, v.Result); v.Result != want {
				return fmt.Errorf("%s of %s at %s is %s, not %s: %s %+v", c.ID, c.issuer.Code, g.Code, v.Result, want, v.Code, v.Checks)
			}
			return nil
		})
	}
	require.NoError(t, reading.Wait())
}

// due is what a verdict has to be.
func (l *load) due(c certificate, said api.Result) api.Result {
	if _, ok := l.revoked[c.ID]; ok {
		return "revoked"
	}
	if said == "revoked" && c.n%everyRevoke == 0 {
		return said // its revocation was on its way when the load ended
	}
	return "valid"
}
