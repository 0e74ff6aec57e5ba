package faults_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric/peertest"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// races are how often two commands are set against each other, until one thwarts the other.
const races = 10

// revived: of two commands about one certificate the ledger takes the first and records the second without effect. The peer
// shows the second as valid, too.
func (w *world) revived(t *testing.T) {
	issuer, verifier := w.picked(t)
	c := w.issue(t, issuer)
	w.becomes(t, c, verifier, "valid")
	proxy := w.own(verifier.Code)
	told := proxy.Told()
	w.lied(t, c, verifier, peertest.FlipToValid(c.about), contradicted, func() time.Time {
		for range races {
			c.race(t)
			err := verifier.Gateway.WaitFor(t.Context(), w.height(t))
			if proxy.Told() > told {
				break // the rules may have refused what was shown, which ends following
			}
			require.NoError(t, err)
			c.set(t, "reinstated", "01")
		}
		return c.revoke(t)
	})
}

// race submits two suspensions of the certificate at once.
func (c certificate) race(t *testing.T) {
	t.Helper()
	signer := c.issuer.Signer(registry.KeyID(c.authority(), "1"))
	var running sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		command := &registry.SetStatus{Op: fmt.Sprintf("race-%08d", serial.Add(1)), Authority: c.authority(),
			Entries: []registry.StatusEntry{{List: uint32(c.StatusList), Index: uint32(c.StatusIndex), State: "suspended", Reason: "02",
				From: time.Now().Unix()}}}
		raw, err := registry.Sign(fabricnet.NetworkID, command, signer)
		require.NoError(t, err)
		running.Go(func() { _, errs[i] = c.issuer.Ledger.Submit(t.Context(), raw) })
	}
	running.Wait()
	for _, err := range errs {
		if err != nil { // the one that came second is refused, once it is tried again
			var no *attest.Error
			require.ErrorAs(t, err, &no)
		}
	}
}
