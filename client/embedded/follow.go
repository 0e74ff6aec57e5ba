package embedded

import (
	"context"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Blocks visits the blocks from number from on, in order, and goes on with new ones as they become durable. It returns when
// ctx ends (its error), visit fails (its error) or the ledger closes or stops. Each call follows on its own: a slow visitor
// holds nothing up. A block that does not hash to its place in the chain is never visited: CHAIN_BROKEN, BLOCK_FORMAT.
//
// LEDGER_BEHIND: the ledger ends before from; the follower has seen blocks that this ledger does not have.
func (l *Ledger) Blocks(ctx context.Context, from uint64, visit func(registry.Block) error) error {
	if next := l.Next(); from > next {
		return attest.Errorf(attest.CodeLedgerBehind, "the ledger has %d blocks, block %d was asked for", next, from)
	}
	previous, err := l.hashBefore(from)
	if err != nil {
		return err
	}
	for number := from; ; number++ {
		if err := l.tip.wait(ctx, number); err != nil {
			return err
		}
		s, err := l.read(number)
		if err != nil {
			return err
		}
		if s.previous != previous {
			return attest.Errorf(attest.CodeChainBroken, "block %d does not continue the block before", number)
		}
		if err := visit(s.block()); err != nil {
			return err
		}
		previous = s.hash
	}
}

func (l *Ledger) hashBefore(number uint64) (hash, error) {
	if number == 0 {
		return hash{}, nil
	}
	s, err := l.read(number - 1)
	return s.hash, err
}

func (l *Ledger) read(number uint64) (s stored, err error) {
	err = l.guarded(func() error {
		s, err = readBlock(l.db, number)
		return err
	})
	return s, err
}

// State visits the registry's state in the order of its keys, as of one moment. The ledger does not close meanwhile; the
// value must not be kept.
func (l *Ledger) State(visit func(key string, value []byte) error) error {
	return l.guarded(func() error {
		return ranged(l.db, prefixState, func(k, v []byte) error { return visit(string(k), v) })
	})
}

// guarded reads the store while it is open.
func (l *Ledger) guarded(read func() error) error {
	l.reading.RLock()
	defer l.reading.RUnlock()
	if l.closed {
		return attest.Errorf(attest.CodeStoreClosed, "the ledger is closed")
	}
	return read()
}
