package fabric

import (
	"context"
	"slices"
	"sync"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/block"
	"github.com/huzheng-ledger/huzheng/client/fabric/internal/channel"
)

// configs holds the channel's configurations that were verified, each from the one before, the first by its pinned hash. It
// holds them for every peer: whichever peer a configuration came from, its orderers vouch for it.
type configs struct {
	mu     sync.Mutex
	blocks map[uint64]*block.Block // of the configurations, by number
}

func (c *configs) get(number uint64) *block.Block {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.blocks[number]
}

// note keeps b if it holds a configuration. b was accepted.
func (c *configs) note(b *block.Block) {
	if b.Config.Number != b.Number {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.blocks == nil {
		c.blocks = map[uint64]*block.Block{}
	}
	c.blocks[b.Number] = b
}

// maxConfigs bounds how many configurations are looked for behind one that is not known: each costs a peer's answer.
const maxConfigs = 100_000

// configAt is the verified configuration block of that number, with the help of a peer where it is not known yet: the peer's
// blocks tell where the configuration before stands, back to one that is known, and from there forward each is verified.
func (c *Client) configAt(ctx context.Context, s *source, number uint64) (*block.Block, error) {
	unknown, known, err := c.configsBefore(ctx, s, number)
	if err != nil {
		return nil, err
	}
	for _, raw := range slices.Backward(unknown) {
		b, err := block.Open(c.scope, known.Config, raw)
		if err != nil {
			return nil, err
		}
		if b.Config.Number != b.Number {
			return nil, attest.Errorf(attest.CodeChainBroken, "block %d holds no configuration", b.Number)
		}
		c.configs.note(b)
		known = b
	}
	return known, nil
}

// configsBefore follows the configurations back from number to one that is known.
func (c *Client) configsBefore(ctx context.Context, s *source, number uint64) (unknown []*common.Block, known *block.Block, err error) {
	for len(unknown) < maxConfigs {
		if known = c.configs.get(number); known != nil {
			return unknown, known, nil
		}
		b, err := s.block(ctx, number, false)
		if err != nil {
			return nil, nil, err
		}
		if number == 0 {
			known, err = c.genesis(b)
			return unknown, known, err
		}
		unknown = append(unknown, b)
		if number, err = c.configBefore(ctx, s, number); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, attest.Errorf(attest.CodeChainBroken, "more than %d configurations behind block %d", maxConfigs, number)
}

// configBefore is where the peer says that the configuration in force before a block stands. Nothing of it is verified.
func (c *Client) configBefore(ctx context.Context, s *source, number uint64) (uint64, error) {
	if number == 1 {
		return 0, nil
	}
	b, err := s.block(ctx, number-1, true)
	if err != nil {
		return 0, err
	}
	said, _, err := channel.Read(b.GetMetadata())
	if err == nil && said.LastConfig >= number {
		err = attest.Errorf(attest.CodeChainBroken, "block %d names a configuration behind itself", number-1)
	}
	return said.LastConfig, err
}

func (c *Client) genesis(b *common.Block) (*block.Block, error) {
	_, first, err := block.Genesis(c.scope, c.o.Genesis, b)
	if err == nil {
		c.configs.note(first)
	}
	return first, err
}

// resume is the chain behind block from−1, once that block is verified.
func (c *Client) resume(ctx context.Context, s *source, from uint64) (*block.Chain, error) {
	last, err := s.block(ctx, from-1, true)
	if err != nil {
		return nil, err
	}
	var in uint64
	if from > 1 {
		said, _, err := channel.Read(last.GetMetadata())
		if err != nil {
			return nil, err
		}
		in = said.LastConfig
	}
	config, err := c.configAt(ctx, s, in)
	if err != nil {
		return nil, err
	}
	if in == from-1 {
		return block.Resume(c.scope, config.Config, in, config.Hash), nil
	}
	hash, said, err := block.Header(config.Config, last)
	if err == nil && said.LastConfig != in {
		err = attest.Errorf(attest.CodeChainBroken, "block %d has two last configurations", from-1)
	}
	return block.Resume(c.scope, config.Config, from-1, hash[:]), err
}
