package peertest

import (
	"crypto/sha256"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/client/fabric/internal/block"
)

// Lie is what a peer shows of the chain instead of what there is. A lie is told from the moment that Proxy.Lie begins it, in
// streams that are open as well, and may be told through one proxy at a time.
type Lie struct {
	Name string
	// block is what is shown in the place of a block; nil: the block itself.
	block func(b *common.Block) []*common.Block
	// height is what is said in the place of how many blocks there are; nil: the truth.
	height func(next uint64) uint64
	// below hides every block from that number on; 0: none.
	below uint64
}

// About picks transactions by the command that they bring.
type About func(command []byte) bool

// Lie begins to tell a lie; nil: the truth.
func (p *Proxy) Lie(l *Lie) { p.lie.Store(l) }

// Told is how many answers were not what the peer said.
func (p *Proxy) Told() int64 { return p.told.Load() }

// FlipToInvalid flags transactions as thwarted by others: they seem to have had no effect.
func FlipToInvalid(about About) *Lie {
	return &Lie{Name: "flips valid to invalid", block: func(b *common.Block) []*common.Block {
		return flip(b, about, peer.TxValidationCode_VALID, peer.TxValidationCode_MVCC_READ_CONFLICT)
	}}
}

// FlipToValid flags transactions as valid that others have thwarted.
func FlipToValid(about About) *Lie {
	return &Lie{Name: "flips invalid to valid", block: func(b *common.Block) []*common.Block {
		return flip(b, about, peer.TxValidationCode_MVCC_READ_CONFLICT, peer.TxValidationCode_VALID)
	}}
}

func flip(b *common.Block, about About, is, shown peer.TxValidationCode) []*common.Block {
	from, to := byte(is), byte(shown) //nolint:gosec // the codes are bytes in a block
	at := found(b, about)
	if len(at) == 0 {
		return nil
	}
	changed := clone(b)
	flags := changed.GetMetadata().GetMetadata()[common.BlockMetadataIndex_TRANSACTIONS_FILTER]
	for _, i := range at {
		if i < len(flags) && flags[i] == from {
			flags[i] = to
		}
	}
	return []*common.Block{changed}
}

// Drop leaves out blocks with such transactions.
func Drop(about About) *Lie {
	return &Lie{Name: "drops a block", block: func(b *common.Block) []*common.Block {
		if len(found(b, about)) > 0 {
			return []*common.Block{}
		}
		return nil
	}}
}

// Reorder shows a block with such a transaction behind the one that follows it.
func Reorder(about About) *Lie {
	var held *common.Block
	return &Lie{Name: "reorders blocks", block: func(b *common.Block) []*common.Block {
		if held != nil {
			first := held
			held = nil
			return []*common.Block{b, first}
		}
		if len(found(b, about)) > 0 {
			held = b
			return []*common.Block{}
		}
		return nil
	}}
}

// Fork shows, in the place of a block with such transactions, one without them whose hashes are right. Nobody has signed it.
func Fork(about About) *Lie {
	var last *common.Block
	return &Lie{Name: "serves a fork", block: func(b *common.Block) []*common.Block {
		before := last
		last = b
		at := found(b, about)
		if len(at) == 0 {
			return nil
		}
		changed := clone(b)
		envelopes, flags := changed.GetData().GetData(), changed.GetMetadata().GetMetadata()[common.BlockMetadataIndex_TRANSACTIONS_FILTER]
		for _, i := range slices.Backward(at) {
			envelopes, flags = slices.Delete(envelopes, i, i+1), slices.Delete(flags, i, i+1)
		}
		if len(envelopes) == 0 && before != nil {
			envelopes, flags = before.GetData().GetData(), before.GetMetadata().GetMetadata()[common.BlockMetadataIndex_TRANSACTIONS_FILTER]
		}
		changed.Data.Data = envelopes
		changed.Metadata.Metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER] = flags
		return []*common.Block{rehash(changed)}
	}}
}

// Alter changes a byte of such a transaction's command. rehashed: the block's header is made to fit.
func Alter(about About, rehashed bool) *Lie {
	name := "alters a command"
	if rehashed {
		name += ", and the block's hash"
	}
	return &Lie{Name: name, block: func(b *common.Block) []*common.Block {
		at := found(b, about)
		if len(at) == 0 {
			return nil
		}
		changed := clone(b)
		for _, i := range at {
			envelope := changed.GetData().GetData()[i]
			envelope[len(envelope)/2] ^= 1
		}
		if rehashed {
			changed = rehash(changed)
		}
		return []*common.Block{changed}
	}}
}

// Freeze shows no block any more. denied: heights are what they were at the first question.
func Freeze(denied bool) *Lie {
	l := &Lie{Name: "freezes", block: func(*common.Block) []*common.Block { return []*common.Block{} }}
	if denied {
		l.Name += ", and denies that there is more"
		var first uint64
		l.height = func(next uint64) uint64 {
			if first == 0 {
				first = next
			}
			return first
		}
	}
	return l
}

// RollBack pretends that there are only so many blocks.
func RollBack(next uint64) *Lie {
	return &Lie{Name: "rolls back", below: next, height: func(uint64) uint64 { return next }}
}

// Exaggerate claims more blocks than there are.
func Exaggerate(by uint64) *Lie {
	return &Lie{Name: "claims more blocks", height: func(next uint64) uint64 { return next + by }}
}

func clone(b *common.Block) *common.Block {
	c, _ := proto.Clone(b).(*common.Block)
	return c
}

// rehash makes the header fit the envelopes.
func rehash(b *common.Block) *common.Block {
	hash := sha256.New()
	for _, envelope := range b.GetData().GetData() {
		hash.Write(envelope)
	}
	b.Header.DataHash = hash.Sum(nil)
	return b
}

// found are the places of the transactions that bring such a command, valid or not.
func found(b *common.Block, about About) (at []int) {
	for i, raw := range b.GetData().GetData() {
		if command := block.Command(raw); command != nil && about(command) {
			at = append(at, i)
		}
	}
	return at
}
