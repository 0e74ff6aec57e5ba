package fabric

import (
	"crypto/sha256"
	"sync"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/block"
)

// seen is where a transaction was recorded, and what the peer that said so makes of it.
type seen struct {
	place registry.Position
	code  peer.TxValidationCode
}

// remembered is how many commands' positions are kept.
const remembered = 1 << 14

// pending brings together the transactions that are on their way and the blocks that come by, and remembers where the last
// commands were recorded.
type pending struct {
	mu      sync.Mutex
	waiting map[string]chan seen // by transaction id; each holds one
	placed  map[[32]byte]registry.Position
	order   [remembered][32]byte // ring of the keys of placed
	next    int
}

func newPending() *pending {
	return &pending{waiting: map[string]chan seen{}, placed: map[[32]byte]registry.Position{}}
}

// await announces a transaction. The channel gets what becomes of it, if a block brings it before forget.
func (p *pending) await(id string) <-chan seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := make(chan seen, 1)
	p.waiting[id] = w
	return w
}

func (p *pending) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, id)
}

// see notes an accepted block.
func (p *pending) see(b *block.Block) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range b.Transactions {
		t := &b.Transactions[i]
		place := registry.Position{Block: b.Number, Tx: uint32(i)}
		if t.Valid {
			p.remember(sha256.Sum256(t.Command), place)
		}
		if w := p.waiting[t.ID]; w != nil && settles(t.Code) {
			w <- seen{place, t.Code}
			delete(p.waiting, t.ID)
		}
	}
}

// settles reports whether a transaction with that code and id is the one that has the id. Anybody can have bytes ordered that
// claim the id of a stranger's transaction; they fail before they are compared with the state.
func settles(code peer.TxValidationCode) bool {
	switch code {
	case peer.TxValidationCode_VALID, peer.TxValidationCode_MVCC_READ_CONFLICT, peer.TxValidationCode_PHANTOM_READ_CONFLICT,
		peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE, peer.TxValidationCode_EXPIRED_CHAINCODE,
		peer.TxValidationCode_CHAINCODE_VERSION_CONFLICT:
		return true
	default:
		return false
	}
}

func (p *pending) remember(command [32]byte, place registry.Position) {
	if _, known := p.placed[command]; known {
		return // the first time counts
	}
	delete(p.placed, p.order[p.next])
	p.order[p.next] = command
	p.next = (p.next + 1) % remembered
	p.placed[command] = place
}

// place is where the command was recorded first, if a block of late brought it.
func (p *pending) place(command []byte) (registry.Position, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	place, ok := p.placed[sha256.Sum256(command)]
	return place, ok
}
