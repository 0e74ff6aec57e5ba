package block

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/channel"
)

// Block is a block that was accepted.
type Block struct {
	Number       uint64
	Previous     []byte // empty for block 0
	Hash         []byte
	Transactions []Transaction
	Config       *channel.Config // in force behind the block
}

// Registry is the block as the registry's followers take it.
func (b *Block) Registry() registry.Block {
	out := registry.Block{Number: b.Number, Previous: b.Previous, Hash: b.Hash, Transactions: make([]registry.Transaction, len(b.Transactions))}
	for i := range b.Transactions {
		out.Transactions[i] = b.Transactions[i].Transaction
	}
	return out
}

// Chain accepts the blocks of a channel one after the other. Use it from one goroutine.
type Chain struct {
	scope    Scope
	config   *channel.Config // in force
	next     uint64
	previous []byte // hash of block next−1
}

// Genesis begins a chain with its first block, whose hash is pinned. CHAIN_FORK: it is another block.
func Genesis(scope Scope, pinned [32]byte, b *common.Block) (*Chain, *Block, error) {
	hash, err := Hash(b.GetHeader())
	if err != nil {
		return nil, nil, malformed("header: %v", err)
	}
	if hash != pinned || b.GetHeader().GetNumber() != 0 {
		return nil, nil, attest.Errorf(attest.CodeChainFork, "block 0 is not the pinned one")
	}
	if err := checkData(b); err != nil {
		return nil, nil, err
	}
	config, err := configOf(scope, b)
	if err == nil && config == nil {
		err = malformed("block 0 holds no configuration")
	}
	if err != nil {
		return nil, nil, err
	}
	c := &Chain{scope: scope, config: config, next: 1, previous: hash[:]}
	return c, &Block{Hash: hash[:], Transactions: []Transaction{{}}, Config: config}, nil
}

// Resume continues a chain behind a block that was accepted before, with the configuration in force behind it.
func Resume(scope Scope, config *channel.Config, number uint64, hash []byte) *Chain {
	return &Chain{scope: scope, config: config, next: number + 1, previous: hash}
}

// Accept takes the next block. CHAIN_GAP, CHAIN_BROKEN: it does not continue the chain, or its transactions are not its own.
// SIGNATURE_INVALID: too few orderers vouch for it. BLOCK_FORMAT: it, or a transaction that the peer calls valid, has not its
// form. After an error the chain is where it was.
func (c *Chain) Accept(b *common.Block) (*Block, error) {
	number := b.GetHeader().GetNumber()
	if number != c.next {
		return nil, attest.Errorf(attest.CodeChainGap, "block %d came where block %d is due", number, c.next)
	}
	if !bytes.Equal(b.GetHeader().GetPreviousHash(), c.previous) {
		return nil, attest.Errorf(attest.CodeChainBroken, "block %d does not continue the block before", number)
	}
	out, err := Open(c.scope, c.config, b)
	if err != nil {
		return nil, err
	}
	c.config, c.next, c.previous = out.Config, number+1, out.Hash
	return out, nil
}

// Header checks the header of a block that came without its transactions, under the configuration in force before it, and
// returns its hash and what the orderers say beside it.
func Header(config *channel.Config, b *common.Block) (hash [32]byte, said channel.Orderer, err error) {
	der, err := HeaderBytes(b.GetHeader())
	if err != nil {
		return hash, said, malformed("header: %v", err)
	}
	said, err = config.Verify(der, b.GetMetadata())
	return sha256.Sum256(der), said, err
}

// Open checks and reads a block under the configuration in force before it, whatever block came before.
func Open(scope Scope, config *channel.Config, b *common.Block) (*Block, error) {
	out, err := open(scope, config, b)
	if err != nil {
		return nil, fmt.Errorf("block %d: %w", b.GetHeader().GetNumber(), err)
	}
	return out, nil
}

func open(scope Scope, config *channel.Config, b *common.Block) (*Block, error) {
	if err := checkData(b); err != nil {
		return nil, err
	}
	hash, said, err := Header(config, b)
	if err != nil {
		return nil, err
	}
	out := &Block{Number: b.GetHeader().GetNumber(), Previous: b.GetHeader().GetPreviousHash(), Hash: hash[:], Config: config}
	next, err := configOf(scope, b)
	switch {
	case err != nil:
		return nil, err
	case next != nil:
		return out, out.configure(next, said)
	case said.LastConfig != config.Number:
		return nil, attest.Errorf(attest.CodeChainGap, "the orderers' configuration is of block %d, ours of block %d", said.LastConfig, config.Number)
	}
	out.Transactions, err = transactions(scope, b)
	return out, err
}

// configure takes over a changed configuration. Its transaction is none of ours.
func (b *Block) configure(next *channel.Config, said channel.Orderer) error {
	if next.Sequence != b.Config.Sequence+1 || said.LastConfig != next.Number {
		return attest.Errorf(attest.CodeChainGap, "configuration %d came after configuration %d", next.Sequence, b.Config.Sequence)
	}
	b.Config, b.Transactions = next, []Transaction{{}}
	return nil
}

func configOf(scope Scope, b *common.Block) (*channel.Config, error) {
	config, ok, err := channel.Parse(b)
	switch {
	case err != nil:
		return nil, err
	case ok && config.Channel != scope.Channel:
		return nil, malformed("a configuration of another channel")
	}
	return config, nil
}

// transactions reads the envelopes with the peer's word about each.
func transactions(scope Scope, b *common.Block) ([]Transaction, error) {
	envelopes := b.GetData().GetData()
	var flags []byte
	if metadata := b.GetMetadata().GetMetadata(); len(metadata) > int(common.BlockMetadataIndex_TRANSACTIONS_FILTER) {
		flags = metadata[common.BlockMetadataIndex_TRANSACTIONS_FILTER]
	}
	if len(flags) != len(envelopes) {
		return nil, malformed("%d transactions with %d flags", len(envelopes), len(flags))
	}
	out := make([]Transaction, len(envelopes))
	for i, raw := range envelopes {
		e, err := checkWhole(raw)
		if err == nil {
			out[i], err = scope.transaction(e, peer.TxValidationCode(flags[i]))
		}
		if err != nil {
			return nil, fmt.Errorf("transaction %d: %w", i, err)
		}
	}
	return out, nil
}
