package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
)

// worthTelling is how many blocks a peer may be behind without a word about it.
const worthTelling = 200

// unseen is how long a peer may deny its own region's administrator: until it has the block that admits the region, it knows
// nobody of it, and does not tell how far it is.
const unseen = time.Hour

// catchUp waits until a region's peer has the blocks that the others had when it was called: one that has just joined a long
// chain sees its own approvals only then. It waits as long as blocks come, however many; they may take hours.
func (n *Network) catchUp(ctx context.Context, admin *sdk.Admin, code string) error {
	target := n.othersHeight(ctx, admin, code)
	began := n.Now()
	var height uint64
	var told time.Time
	for height < target {
		before := height
		err := until(ctx, fmt.Sprintf("the peer of %s has block %d of %d", code, before, target), progressEvery, func(ctx context.Context) (bool, error) {
			head, err := admin.Head(ctx, code)
			height = max(height, head.Height)
			return height > before || height >= target, err
		})
		limit := n.patience()
		if isDenied(err) {
			limit = unseen
		}
		if err == nil {
			began = n.Now()
		} else if ctx.Err() != nil || n.Now().Sub(began) > limit {
			return err
		}
		if (err != nil || target-min(height, target) > worthTelling) && n.Now().Sub(told) > progressEvery {
			told = n.Now()
			n.Log.Step(fmt.Sprintf("%s 的对等节点正在取回账本:第 %d 块,共 %d 块", code, height, target),
				fmt.Sprintf("the peer of %s is fetching the chain: block %d of %d", code, height, target))
		}
	}
	return nil
}

func isDenied(err error) bool {
	return err != nil && strings.Contains(err.Error(), "access denied")
}

// progressEvery is how often a long wait is told of.
const progressEvery = 10 * time.Second

// othersHeight is what at least two of the other regions' peers have, so that none can hold a newcomer up by a claim; what the
// one has where only one answers.
func (n *Network) othersHeight(ctx context.Context, admin *sdk.Admin, code string) uint64 {
	var heights []uint64
	for _, other := range n.running(node.Peer, n.topology.Codes()) {
		if other == code {
			continue
		}
		asks := admin
		if own, err := n.Admin(other); err == nil { // where all regions' keys are here
			asks = own
		}
		if head, err := asks.Head(ctx, other); err == nil { // one that does not answer has no say
			heights = append(heights, head.Height)
		}
	}
	return byTwo(heights)
}

// byTwo is the height that at least two have reached; what the one has where there is only one.
func byTwo(heights []uint64) uint64 {
	slices.Sort(heights)
	switch len(heights) {
	case 0:
		return 0
	case 1:
		return heights[0]
	default:
		return heights[len(heights)-2]
	}
}
