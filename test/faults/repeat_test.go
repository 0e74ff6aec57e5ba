package faults_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// forgotten: promise 3. A client that remembers nothing submits bytes that are on the ledger already: it is told where they are,
// by the region's index, and nothing is recorded. That holds at the own peer and at another region's.
func (w *world) forgotten(t *testing.T) {
	issuer, _ := w.picked(t)
	c := w.issue(t, issuer)
	raw, err := registry.Sign(fabricnet.NetworkID, &registry.SetStatus{Op: fmt.Sprintf("again-%08d", serial.Add(1)), Authority: c.authority(),
		Entries: []registry.StatusEntry{{List: uint32(c.StatusList), Index: uint32(c.StatusIndex), State: "suspended", Reason: "02",
			From: time.Now().Unix()}}}, issuer.Signer(registry.KeyID(c.authority(), "1")))
	require.NoError(t, err)
	first, err := issuer.Ledger.Submit(t.Context(), raw)
	require.NoError(t, err)
	require.False(t, first.Event.Repeat)
	c.set(t, "reinstated", "01") // the record has been written since, its mark has not
	require.NoError(t, issuer.Gateway.WaitFor(t.Context(), first.Position.Block))
	again := func(about string) {
		connection := w.Connection(issuer.Code)
		w.connect(w.Network, &connection)
		connection.Locate = func(key string) (registry.Position, bool) {
			place, known, err := issuer.Gateway.Index().First(key)
			return place, known && err == nil
		}
		client, err := fabric.Dial(connection.Config)
		require.NoError(t, err)
		out, err := client.Submit(t.Context(), raw)
		require.NoError(t, err, about)
		require.True(t, out.Event.Repeat, about)
		require.Equal(t, first.Position, out.Position, about)
		require.NoError(t, client.Close())
	}
	again("a new client")
	issuer.Reopen()
	again("the gateway was closed and opened")
	issuer.Rebuild()
	require.NoError(t, issuer.Gateway.WaitFor(t.Context(), first.Position.Block))
	again("the index was made anew")
	w.own(issuer.Code).Close()
	again("another region's peer")
	w.own(issuer.Code).Open()
	t.Logf("the command of block %d was submitted 5 times and recorded once", first.Position.Block)
	w.Settle()
}
