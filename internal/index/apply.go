package index

import (
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Apply runs the valid transactions of the block through the rules and makes their effects, the positions, D(n) and the
// checkpoint visible and stored together. A block that was applied before, the same to the hash, changes nothing. Of several
// blocks, which continue each other, all become visible and stored at once: it is cheaper, and for catching up. Where one is
// refused, those before it are applied.
//
// CHAIN_GAP: the block is not the next. CHAIN_FORK: it is another than the one applied at that height, or continues
// another. RULES_DIVERGED: our rules refuse what the ledger calls valid. The last two freeze the index until it is opened
// again. A STORE code: the store has failed, open the index again.
func (x *Index) Apply(blocks ...registry.Block) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	if err := x.ready(); err != nil {
		return err
	}
	g := newGroup(x)
	refused := g.run(blocks)
	if err := g.commit(); err != nil {
		return err
	}
	return x.guard(refused)
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
	if err == nil {
		return nil
	}
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
