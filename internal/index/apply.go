package index

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Apply runs the valid transactions of the block through the rules and makes their effects, the positions, D(n) and the
// checkpoint visible and stored together. A block that was applied before, the same to the hash, changes nothing.
//
// CHAIN_GAP: the block is not the next. CHAIN_FORK: it is another than the one applied at that height, or continues
// another. RULES_DIVERGED: our rules refuse what the ledger calls valid. The last two freeze the index until it is opened
// again. A STORE code: the store has failed, open the index again.
func (x *Index) Apply(b registry.Block) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	if err := x.ready(); err != nil {
		return err
	}
	if b.Number < x.at.next { // only Apply and Reset change at, and both hold applying
		return x.repeated(&b)
	}
	if err := x.follows(&b); err != nil {
		return x.guard(err)
	}
	e := newEffects(x, b.Number)
	if err := e.run(b.Transactions); err != nil {
		return x.guard(err)
	}
	return x.commit(&b, e)
}

func (x *Index) ready() error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if err := x.usable(); err != nil {
		return err
	}
	return x.broken
}

// guard freezes the index where err says that the ledger shown to us cannot be the one we followed.
func (x *Index) guard(err error) error {
	code := attest.CodeOf(err)
	if code != attest.CodeChainFork && code != attest.CodeRulesDiverged {
		return err
	}
	x.mu.Lock()
	x.broken = err
	x.mu.Unlock()
	x.alarm(err)
	return err
}

func (x *Index) repeated(b *registry.Block) error {
	n, err := readNote(x.db, b.Number)
	if err != nil {
		return err
	}
	if !bytes.Equal(n.hash, b.Hash) {
		return x.guard(attest.Errorf(attest.CodeChainFork, "block %d is another than the one applied", b.Number))
	}
	return nil
}

func (x *Index) follows(b *registry.Block) error {
	switch {
	case b.Number > x.at.next:
		return attest.Errorf(attest.CodeChainGap, "block %d came where block %d is due", b.Number, x.at.next)
	case len(b.Hash) == 0:
		return attest.Errorf(attest.CodeChainBroken, "block %d has no hash", b.Number)
	case !bytes.Equal(b.Previous, x.at.hash):
		return attest.Errorf(attest.CodeChainFork, "block %d continues another chain", b.Number)
	case b.Number == 0 && x.o.Genesis != nil && !bytes.Equal(b.Hash, x.o.Genesis):
		return attest.Errorf(attest.CodeChainFork, "block 0 is not the one this index is pinned to")
	}
	return nil
}

// effects collects what a block does.
type effects struct {
	index   *Index
	number  uint64
	records map[string]record // read or written by this block, absent ones included
	written map[string]bool
	writes  []registry.Write // in order, for D(n)
	traffic bool
	batches uint64 // new ones
}

func newEffects(x *Index, number uint64) *effects {
	return &effects{index: x, number: number, records: map[string]record{}, written: map[string]bool{}}
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
	event, err := e.index.o.Rules(state, tx.Tx, tx.Command)
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
	e.written[w.Key] = true
	e.writes = append(e.writes, w)
	return nil
}

func (e *effects) find(key string) (record, error) {
	if r, ok := e.records[key]; ok {
		return r, nil
	}
	r, err := stored{e.index.db}.find(key)
	if err == nil {
		e.records[key] = r
	}
	return r, err
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

// commit makes a block's effects stored and visible.
func (x *Index) commit(b *registry.Block, e *effects) error {
	at := checkpoint{
		next:    b.Number + 1,
		digest:  registry.BlockDigest(x.at.digest, b.Number, e.writes),
		traffic: x.at.traffic,
		batches: x.at.batches + e.batches,
		hash:    bytes.Clone(b.Hash),
	}
	if e.traffic {
		at.traffic = at.next
	}
	n := note{digest: at.digest, applied: x.o.Clock().Unix(), traffic: e.traffic, hash: at.hash}
	batch := x.db.NewBatch()
	errs := []error{batch.Set(keyCheckpoint(), at.encode()), batch.Set(keyNote(b.Number), n.encode())}
	for key := range e.written {
		r := e.records[key]
		errs = append(errs, batch.Set(keyState(key), r.encode()))
	}
	if err := errors.Join(errs...); err != nil {
		return errors.Join(err, batch.Close())
	}

	x.mu.Lock()
	was := x.standing.frozen
	err := batch.CommitNoSync()
	if err == nil {
		x.at = at
		x.view.drop(e.written)
		err = x.standing.update(x, e, &n)
	}
	frozen := x.standing.frozen
	x.mu.Unlock()
	if frozen != nil && was == nil {
		x.alarm(frozen)
	}
	if err != nil {
		return fmt.Errorf("apply block %d: %w", b.Number, err)
	}
	return nil
}
