package embedded

import (
	"errors"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// builder runs the commands of one block, one after the other, over what the blocks before left.
type builder struct {
	db       *pebblekv.Store
	rules    Rules
	head     head // of the chain before this block
	time     int64
	writes   map[string][]byte
	entries  []entry
	recorded map[string]registry.Position // by command key, those of this block
}

func newBuilder(db *pebblekv.Store, rules Rules, h head, now int64) *builder {
	return &builder{
		db: db, rules: rules, head: h, time: max(now, h.time),
		writes: map[string][]byte{}, recorded: map[string]registry.Position{},
	}
}

// execute runs one command. A refused one leaves no trace, and so does one that repeats an earlier.
func (b *builder) execute(e entry) (registry.Outcome, error) {
	place := registry.Position{Block: b.head.next, Tx: uint32(len(b.entries))} //nolint:gosec // bounded by Options.BlockTransactions
	tx := registry.Tx{ID: txID(place, e.command), Time: b.time, Submitter: e.submitter}
	state := &overlay{block: b, writes: map[string][]byte{}}
	event, err := b.rules(state, tx, e.command)
	if state.err != nil {
		return registry.Outcome{}, state.err // whatever the rules made of it
	}
	if err != nil {
		return registry.Outcome{}, err
	}
	if event.Repeat {
		return b.repeated(e, event)
	}
	for k, v := range state.writes {
		b.writes[k] = v
	}
	b.entries = append(b.entries, e)
	b.recorded[string(keyCommand(e.command))] = place
	return registry.Outcome{TxID: tx.ID, Position: place, Event: event}, nil
}

// repeated answers with where the same bytes were recorded; other bytes of the same operation have no place of their own.
func (b *builder) repeated(e entry, event registry.Event) (registry.Outcome, error) {
	key := keyCommand(e.command)
	place, ok := b.recorded[string(key)]
	if !ok {
		value, err := b.db.Get(key)
		if err != nil {
			return registry.Outcome{}, err
		}
		if value == nil {
			return registry.Outcome{Event: event}, nil
		}
		if place, err = decodePosition(value); err != nil {
			return registry.Outcome{}, err
		}
	}
	return registry.Outcome{TxID: txID(place, e.command), Position: place, Event: event}, nil
}

// commit makes the block durable and returns the head behind it. A block without commands is not made.
func (b *builder) commit() (head, error) {
	if len(b.entries) == 0 {
		return b.head, nil
	}
	block, h := encodeBlock(b.head.next, b.head.hash, b.time, b.entries)
	next := head{next: b.head.next + 1, hash: h, time: b.time}
	batch := b.db.NewBatch()
	errs := []error{batch.Set(keyBlock(b.head.next), block), batch.Set(keyHead(), next.encode())}
	for k, v := range b.writes {
		errs = append(errs, batch.Set(keyState(k), v))
	}
	for k, p := range b.recorded {
		errs = append(errs, batch.Set([]byte(k), encodePosition(p)))
	}
	if err := errors.Join(errs...); err != nil {
		return b.head, errors.Join(err, batch.Close())
	}
	if err := batch.Commit(); err != nil {
		return b.head, err
	}
	return next, nil
}

// overlay is the state that one command sees: the store, the block's earlier commands and its own writes.
type overlay struct {
	block  *builder
	writes map[string][]byte
	err    error // of the first read that failed: a rule that overlooked it must not have decided on it
}

// Get implements registry.State.
func (o *overlay) Get(key string) ([]byte, error) {
	if v, ok := o.writes[key]; ok {
		return v, nil
	}
	if v, ok := o.block.writes[key]; ok {
		return v, nil
	}
	v, err := o.block.db.Get(keyState(key))
	if err != nil && o.err == nil {
		o.err = err
	}
	return v, err
}

// Put implements registry.State.
func (o *overlay) Put(key string, value []byte) error {
	o.writes[key] = value
	return nil
}
