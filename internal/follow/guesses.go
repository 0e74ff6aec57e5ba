package follow

import (
	"sync"

	"github.com/huzheng-ledger/huzheng/attest"
)

// KeyHolder is a Replica that can say which key its state has registered under an id; nil for none.
type KeyHolder interface {
	Key(id string) (*attest.Key, error)
}

// guesses are which key an id stands for when a command's turn comes: the one that the replica has, or else one that a
// command on its way asks to register. An id is given once, so what the replica had stays right.
type guesses struct {
	holder KeyHolder // nil: only what commands on their way register

	mu      sync.RWMutex
	held    map[string]*attest.PublicKey
	offered map[string]*attest.PublicKey
}

// maxGuesses bounds each of the two.
const maxGuesses = 16384

func newGuesses(replica Replica) *guesses {
	g := &guesses{held: map[string]*attest.PublicKey{}, offered: map[string]*attest.PublicKey{}}
	g.holder, _ = replica.(KeyHolder)
	return g
}

// offer notes a key that a command asks to register.
func (g *guesses) offer(id string, key *attest.PublicKey) { g.note(g.offered, id, key) }

func (g *guesses) note(in map[string]*attest.PublicKey, id string, key *attest.PublicKey) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(in) >= maxGuesses {
		clear(in)
	}
	in[id] = key
}

// key is nil where there is no guess.
func (g *guesses) key(id string) *attest.PublicKey {
	g.mu.RLock()
	held, offered := g.held[id], g.offered[id]
	g.mu.RUnlock()
	if held != nil || g.holder == nil || id == "" {
		return either(held, offered)
	}
	k, err := g.holder.Key(id)
	if err != nil || k == nil {
		return offered
	}
	g.note(g.held, id, k.Public)
	return k.Public
}

func either(a, b *attest.PublicKey) *attest.PublicKey {
	if a != nil {
		return a
	}
	return b
}
