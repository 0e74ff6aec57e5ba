package chaincode

import (
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// EncodeEvent is an event as Submit answers it: {"name":…,"key":…}, and "repeat":true where the operation had been applied
// before. Frozen: gateways of another version read it.
func EncodeEvent(e registry.Event) string {
	w := attest.NewObjectWriter(nil)
	w.String("name", e.Name)
	w.String("key", e.Key)
	if e.Repeat {
		w.Bool("repeat", true)
	}
	return string(w.Close())
}
