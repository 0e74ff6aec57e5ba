package index

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// group is blocks that become visible and stored together, mostly one.
type group struct {
	index   *Index
	at      checkpoint        // behind the last block that was run
	records map[string]record // read or written by these blocks, absent ones included
	written map[string]bool
	blocks  []*effects
}

func newGroup(x *Index) *group {
	return &group{index: x, at: x.at, records: map[string]record{}, written: map[string]bool{}}
}

// run runs one block after the other, until one is refused.
func (g *group) run(blocks []registry.Block) error {
	for i := range blocks {
		if err := g.block(&blocks[i]); err != nil {
			return err
		}
	}
	return nil
}

func (g *group) block(b *registry.Block) error {
	if b.Number < g.at.next {
		return g.repeated(b)
	}
	if err := g.follows(b); err != nil {
		return err
	}
	e := &effects{group: g, number: b.Number, records: map[string]record{}}
	if err := e.run(b.Transactions); err != nil {
		return err
	}
	g.add(b, e)
	return nil
}

func (g *group) repeated(b *registry.Block) error {
	n, err := g.note(b.Number)
	if err != nil {
		return err
	}
	if !bytes.Equal(n.hash, b.Hash) {
		return attest.Errorf(attest.CodeChainFork, "block %d is another than the one applied", b.Number)
	}
	return nil
}

// note is what was noted of a block that was run.
func (g *group) note(number uint64) (note, error) {
	if stored := g.index.at.next; number >= stored {
		return g.blocks[number-stored].note, nil
	}
	return readNote(g.index.db, number)
}

func (g *group) follows(b *registry.Block) error {
	switch {
	case b.Number > g.at.next:
		return attest.Errorf(attest.CodeChainGap, "block %d came where block %d is due", b.Number, g.at.next)
	case len(b.Hash) == 0:
		return attest.Errorf(attest.CodeChainBroken, "block %d has no hash", b.Number)
	case !bytes.Equal(b.Previous, g.at.hash):
		return attest.Errorf(attest.CodeChainFork, "block %d continues another chain", b.Number)
	case b.Number == 0 && g.index.o.Genesis != nil && !bytes.Equal(b.Hash, g.index.o.Genesis):
		return attest.Errorf(attest.CodeChainFork, "block 0 is not the one this index is pinned to")
	}
	return nil
}

// add takes in what a block did, once all of it has succeeded.
func (g *group) add(b *registry.Block, e *effects) {
	for key, r := range e.records {
		g.records[key] = r
		g.written[key] = true
	}
	g.at.next = b.Number + 1
	g.at.digest = registry.BlockDigest(g.at.digest, b.Number, e.writes)
	g.at.batches += e.batches
	g.at.hash = bytes.Clone(b.Hash)
	if e.traffic {
		g.at.traffic = g.at.next
	}
	e.after = g.at
	e.note = note{digest: g.at.digest, applied: g.index.o.Clock().Unix(), traffic: e.traffic, hash: g.at.hash}
	g.blocks = append(g.blocks, e)
}

// find is a record before the block that is being run.
func (g *group) find(key string) (record, error) {
	if r, ok := g.records[key]; ok {
		return r, nil
	}
	if r, ok := g.index.hot[key]; ok {
		return r, nil
	}
	r, err := stored{g.index.db}.find(key)
	if err == nil {
		g.records[key] = r
	}
	return r, err
}

// commit makes the blocks' effects stored and visible.
func (g *group) commit() error {
	if len(g.blocks) == 0 {
		return nil
	}
	x := g.index
	batch := x.db.NewBatch()
	if err := g.write(batch.Set); err != nil {
		return errors.Join(err, batch.Close())
	}
	alarm, err := g.show(batch.CommitNoSync)
	if alarm != nil {
		x.alarm(alarm)
	}
	if err != nil {
		return fmt.Errorf("apply block %d: %w", g.blocks[0].number, err)
	}
	g.keep()
	return nil
}

// write hands over what is to be stored.
func (g *group) write(set func(key, value []byte) error) error {
	errs := []error{set(keyCheckpoint(), g.at.encode())}
	for _, e := range g.blocks {
		errs = append(errs, set(keyNote(e.number), e.note.encode()))
	}
	var k, v []byte
	for key := range g.written {
		r := g.records[key]
		k, v = appendKeyState(k[:0], key), r.append(v[:0])
		errs = append(errs, set(k, v))
	}
	return errors.Join(errs...)
}

// show makes the blocks visible, all at once for those who read, one after the other for the regions' statements: each is
// compared with what stood when it was made. alarm is why the index froze by it.
func (g *group) show(commit func() error) (alarm, err error) {
	x := g.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := commit(); err != nil {
		return nil, err
	}
	x.view.drop(g.written)
	for _, e := range g.blocks {
		was := x.standing.frozen
		x.at = e.after
		if err := x.standing.update(x, e); err != nil {
			x.at = g.at // what is stored
			return alarm, err
		}
		if was == nil && alarm == nil {
			alarm = x.standing.frozen
		}
	}
	return alarm, nil
}

// maxHot bounds the records that are kept at hand.
const maxHot = 16384

// keep keeps the records at hand that almost every command reads. Guarded by Index.applying.
func (g *group) keep() {
	hot := g.index.hot
	if len(hot) > maxHot {
		clear(hot)
	}
	for key, r := range g.records {
		if r.value != nil && isHot(key) {
			hot[key] = r
		}
	}
}

func isHot(key string) bool {
	kind, _, _ := strings.Cut(key, "/")
	switch kind + "/" {
	case registry.KeyConsortium + "/", registry.KeyRegion(""), registry.KeyKey(""), registry.KeyAuthority(""):
		return true
	}
	return false
}
