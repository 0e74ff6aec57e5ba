package testledger

import (
	"fmt"

	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Overlay is the state that one command sees: what is below, and what the command writes, in order. It holds the rules
// to their word: a key that is written twice, or read after it was written, is a Violation.
type Overlay struct {
	Below      func(key string) []byte
	ReadOwn    bool // Get shows the command its own writes, as Pebble does and a Fabric stub does not
	Writes     []registry.Write
	Violations []string
}

// Get implements registry.State.
func (o *Overlay) Get(key string) ([]byte, error) {
	if i := o.written(key); i >= 0 {
		o.Violations = append(o.Violations, fmt.Sprintf("read of %q after its write", key))
		if o.ReadOwn {
			return o.Writes[i].Value, nil
		}
	}
	return o.Below(key), nil
}

// Put implements registry.State.
func (o *Overlay) Put(key string, value []byte) error {
	if o.written(key) >= 0 {
		o.Violations = append(o.Violations, fmt.Sprintf("second write of %q", key))
	}
	o.Writes = append(o.Writes, registry.Write{Key: key, Value: value})
	return nil
}

func (o *Overlay) written(key string) int {
	for i := range o.Writes {
		if o.Writes[i].Key == key {
			return i
		}
	}
	return -1
}
