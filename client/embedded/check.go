package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// Finding is one thing that is wrong with a ledger.
type Finding struct {
	Code   attest.Code
	Where  string // "head", "block 12", "block 12 transaction 3", or a key of the state
	Detail string
}

// String renders "CODE where: detail".
func (f Finding) String() string { return fmt.Sprintf("%s %s: %s", f.Code, f.Where, f.Detail) }

// Check examines the ledger in dir from end to end: every block against its hash and the one before, every command through
// the rules again, the state that they lead to against the one that is stored, key by key. It opens the store for reading
// only, so it also works where Open refuses, and holds the whole state in memory. Progress (may be nil) is told the blocks
// done and to do.
//
// An error says that the check could not be made, and then the findings are those so far. Damage that keeps the store
// itself from opening is one finding.
func Check(ctx context.Context, dir string, o Options, progress func(done, total uint64)) ([]Finding, error) {
	o = o.withDefaults()
	o.Store.Create, o.Store.ReadOnly = false, true
	db, err := pebblekv.Open(dir, o.Store)
	if attest.CodeOf(err) == attest.CodeStoreCorrupt {
		return []Finding{{Code: attest.CodeStoreCorrupt, Where: "store", Detail: err.Error()}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("check ledger: %w", err)
	}
	c := &checker{
		db: db, rules: o.Rules, progress: progress,
		state: map[string][]byte{}, replaying: true,
	}
	err = c.run(ctx)
	return c.findings, errors.Join(err, db.Close())
}

type checker struct {
	db       *pebblekv.Store
	rules    Rules
	progress func(done, total uint64)

	findings  []Finding
	state     map[string][]byte // what the blocks lead to
	replaying bool              // false once a block is lost: the state behind it cannot be known
	previous  hash
	time      int64
}

func (c *checker) found(code attest.Code, where, format string, args ...any) {
	c.findings = append(c.findings, Finding{Code: code, Where: where, Detail: fmt.Sprintf(format, args...)})
}

// damage turns an error that speaks of damage into a finding; any other ends the check.
func (c *checker) damage(where string, err error) error {
	switch code := attest.CodeOf(err); code {
	case attest.CodeStoreCorrupt, attest.CodeStoreFormat, attest.CodeBlockFormat,
		attest.CodeChainGap, attest.CodeChainFork, attest.CodeChainBroken:
		c.found(code, where, "%v", err)
		return nil
	default:
		return err
	}
}

func (c *checker) run(ctx context.Context) error {
	h, err := c.head()
	if err != nil {
		return c.damage("head", err)
	}
	for number := range h.next {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.block(number); err != nil {
			return err
		}
		if c.progress != nil {
			c.progress(number+1, h.next)
		}
	}
	if c.previous != h.hash || c.time != h.time {
		c.found(attest.CodeChainBroken, "head", "the chain does not lead to the head")
	}
	if err := c.beyond(h.next); err != nil {
		return c.damage("blocks", err)
	}
	if !c.replaying {
		return nil
	}
	return c.damage("state", c.compare())
}

// head reads the head without the comfort of readHead, which refuses where there is something to find.
func (c *checker) head() (head, error) {
	marker, err := c.db.Get(keyMarker())
	if err != nil {
		return head{}, err
	}
	if !bytes.Equal(marker, []byte(formatMarker)) {
		return head{}, attest.Errorf(attest.CodeStoreFormat, "the folder does not hold a ledger of this version")
	}
	b, err := c.db.Get(keyHead())
	if err != nil {
		return head{}, err
	}
	return decodeHead(b)
}

func (c *checker) block(number uint64) error {
	where := fmt.Sprintf("block %d", number)
	s, err := readBlock(c.db, number)
	if err != nil {
		c.replaying, c.previous = false, hash{}
		return c.damage(where, err)
	}
	// Behind a lost block the chain starts anew: what follows is judged by itself.
	lost := !c.replaying && c.previous == hash{}
	if s.previous != c.previous && !lost {
		c.found(attest.CodeChainBroken, where, "it does not continue the block before")
	}
	if s.time < c.time {
		c.found(attest.CodeChainBroken, where, "its time is before that of the block before")
	}
	c.previous, c.time = s.hash, s.time
	if !c.replaying {
		return nil
	}
	return c.replay(&s)
}

func (c *checker) replay(s *stored) error {
	for i := range s.entries {
		place := registry.Position{Block: s.number, Tx: uint32(i)}
		where := fmt.Sprintf("block %d transaction %d", place.Block, place.Tx)
		o := &replayed{under: c.state, writes: map[string][]byte{}}
		event, err := c.rules(o, s.tx(place.Tx), s.entries[i].command)
		switch {
		case err != nil:
			c.found(attest.CodeRulesDiverged, where, "recorded, but refused now: %v", err)
			continue
		case event.Repeat:
			c.found(attest.CodeRulesDiverged, where, "recorded, but a repeat")
		}
		maps.Copy(c.state, o.writes)
		if err := c.damage(where, c.recorded(where, place, s.entries[i].command)); err != nil {
			return err
		}
	}
	return nil
}

// recorded checks the note of where a command stands.
func (c *checker) recorded(where string, place registry.Position, command []byte) error {
	b, err := c.db.Get(keyCommand(command))
	if err != nil {
		return err
	}
	if got, err := decodePosition(b); err != nil || got != place {
		c.found(attest.CodeStateDiffers, where, "the note of its position is missing or wrong")
	}
	return nil
}

// beyond looks for blocks behind the head.
func (c *checker) beyond(next uint64) error {
	count := uint64(0)
	err := ranged(c.db, prefixBlock, func(_, _ []byte) error {
		count++
		return nil
	})
	if err == nil && count > next {
		c.found(attest.CodeChainBroken, "blocks", "%d blocks stand behind the head", count-next)
	}
	return err
}

// compare walks the stored and the replayed state side by side.
func (c *checker) compare() error {
	keys := slices.Sorted(maps.Keys(c.state))
	err := ranged(c.db, prefixState, func(k, v []byte) error {
		key := string(k)
		for len(keys) > 0 && keys[0] < key {
			c.found(attest.CodeStateDiffers, keys[0], "missing from the state")
			keys = keys[1:]
		}
		if len(keys) == 0 || keys[0] != key {
			c.found(attest.CodeStateDiffers, key, "in the state, but no block wrote it")
			return nil
		}
		if !bytes.Equal(c.state[key], v) {
			c.found(attest.CodeStateDiffers, key, "not the value that the blocks lead to")
		}
		keys = keys[1:]
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range keys {
		c.found(attest.CodeStateDiffers, key, "missing from the state")
	}
	return nil
}

// replayed is the state during a replay: one command's writes over what the blocks so far lead to.
type replayed struct {
	under, writes map[string][]byte
}

// Get implements registry.State.
func (r *replayed) Get(key string) ([]byte, error) {
	if v, ok := r.writes[key]; ok {
		return v, nil
	}
	return r.under[key], nil
}

// Put implements registry.State.
func (r *replayed) Put(key string, value []byte) error {
	r.writes[key] = value
	return nil
}
