package index

import (
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// effects collects what a block does.
type effects struct {
	group   *group
	number  uint64
	records map[string]record // written by this block
	writes  []registry.Write  // in order, for D(n)
	traffic bool
	batches uint64 // new ones

	after checkpoint // behind this block
	note  note
}

func (e *effects) run(txs []registry.Transaction) error {
	for i := range txs {
		if !txs[i].Valid {
			continue
		}
		place := registry.Position{Block: e.number, Tx: uint32(i)}
		if err := e.transaction(place, &txs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (e *effects) transaction(place registry.Position, tx *registry.Transaction) error {
	state := &txState{effects: e}
	event, err := e.group.index.rules(state, tx)
	if state.err != nil {
		return state.err // of our store, whatever the rules made of it
	}
	if err != nil {
		return attest.Errorf(attest.CodeRulesDiverged, "block %d transaction %d is valid for the ledger, refused by our rules with %s",
			place.Block, place.Tx, attest.CodeOf(err))
	}
	e.traffic = e.traffic || event.Name != registry.NameWitness
	for _, w := range state.writes {
		if err := e.put(place, w); err != nil {
			return err
		}
	}
	return nil
}

func (e *effects) put(place registry.Position, w registry.Write) error {
	old, err := e.find(w.Key)
	if err != nil {
		return err
	}
	r := record{first: place, last: place, value: w.Value}
	switch {
	case old.value != nil:
		r.first = old.first
	case strings.HasPrefix(w.Key, registry.KeyBatch("")):
		e.batches++
	}
	e.records[w.Key] = r
	e.writes = append(e.writes, w)
	return nil
}

func (e *effects) find(key string) (record, error) {
	if r, ok := e.records[key]; ok {
		return r, nil
	}
	return e.group.find(key)
}

// txState is the state that one transaction sees: everything before it. Its own writes count once it has succeeded.
type txState struct {
	effects *effects
	writes  []registry.Write
	err     error // of the first read that failed
}

// Get implements registry.State.
func (s *txState) Get(key string) ([]byte, error) {
	r, err := s.effects.find(key)
	if err != nil && s.err == nil {
		s.err = err
	}
	return r.value, err
}

// Put implements registry.State.
func (s *txState) Put(key string, value []byte) error {
	if value == nil {
		value = []byte{} // nil is how an absent record reads
	}
	s.writes = append(s.writes, registry.Write{Key: key, Value: value})
	return nil
}
