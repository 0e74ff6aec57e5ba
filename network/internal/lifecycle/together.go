package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/osn"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// together waits until the orderers order together, those that were stopped on purpose and the one excepted aside, so that one can
// be taken out for a moment and no more than that one fails: each has the blocks that there were when it was called, and none
// of the local ones is stuck in asking for another leader.
func (n *Network) together(ctx context.Context, except string) error {
	others := slices.DeleteFunc(n.running(node.Orderer, n.topology.Codes()), func(code string) bool { return code == except })
	n.Log.Step("等待其他排序节点齐步", "waiting until the other orderers order together")
	running, err := n.supervisor.Running()
	if err != nil {
		return err
	}
	target := n.ordered(ctx)
	for _, code := range others {
		local := slices.Contains(n.localCodes(), code)
		if _, runs := running[node.Name{Kind: node.Orderer, Region: code}]; local && !runs {
			return fmt.Errorf("the orderer of %s does not run: start it (huzheng-net up), or say that it shall stay away: huzheng-net stop orderer.%s", code, code)
		}
		err := n.hasBlocks(ctx, code, target)
		if err == nil {
			continue
		}
		if local {
			return err
		}
		n.Log.Step(code+" 的排序节点落后或无应答,本次将有两个排序节点同时缺席", "going on, though without it there may be too few orderers for a while: "+err.Error())
	}
	return n.unstick(ctx, except)
}

// Unstick brings the local orderers back that ask alone for another leader, and returns whether there was one. With end it ends
// them, as a crash does, and leaves it to whoever keeps the nodes to start them again.
func (n *Network) Unstick(ctx context.Context, end bool) (found bool, err error) {
	patience := n.changeTakes()
	if end { // nobody looks on: rather late than in the middle of a change that takes long
		patience *= 3
	}
	stuck, err := n.stuck(ctx, "", patience)
	if err != nil || len(stuck) == 0 {
		return false, err
	}
	if end {
		return true, n.KillNodes(ctx, stuck...)
	}
	return true, n.takeBack(ctx, stuck)
}

// changeTakes is how long a change of the leader may take that concerns all.
func (n *Network) changeTakes() time.Duration {
	return time.Duration(n.topology.BFT.ViewChange) + time.Second
}

// ordered is how many blocks at least two orderers claim to have.
func (n *Network) ordered(ctx context.Context) uint64 {
	var heights []uint64
	for _, code := range n.running(node.Orderer, n.topology.Codes()) {
		if height, err := n.claims(ctx, code); err == nil { // one that does not answer has no say
			heights = append(heights, height)
		}
	}
	return byTwo(heights)
}

// claims asks a region's orderer, as the region's own administrator where that one is here, how many blocks it has.
func (n *Network) claims(ctx context.Context, code string) (uint64, error) {
	asker := n.localCodes()[0]
	if slices.Contains(n.localCodes(), code) {
		asker = code
	}
	admin, err := n.Admin(asker)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin/6)
	defer cancel()
	return admin.OrdererHeight(ctx, code)
}

// hasBlocks waits until a region's orderer has so many blocks, or one less: where nothing is ordered, SmartBFT does not tell an orderer
// of the last one that it has missed; with the next one it fetches both.
func (n *Network) hasBlocks(ctx context.Context, code string, target uint64) error {
	var height uint64
	return until(ctx, fmt.Sprintf("the orderer of %s has the %d blocks of the others", code, target), settle, func(ctx context.Context) (bool, error) {
		var err error
		if height, err = n.claims(ctx, code); err == nil && height+1 < target {
			err = fmt.Errorf("it has %d", height)
		}
		return err == nil, err
	})
}

// unstick brings the local orderers back that ask alone for another leader, the one excepted aside.
func (n *Network) unstick(ctx context.Context, except string) error {
	stuck, err := n.stuck(ctx, except, n.changeTakes())
	if err != nil {
		return err
	}
	return n.takeBack(ctx, stuck)
}

// stuck lists those local orderers that run, the one excepted aside, and go on asking for another leader for longer than a change
// may take, though there are enough of them to agree on one: they ask alone, and would for ever. Where there are too few, as before
// the other provinces have come, all ask, and rightly.
func (n *Network) stuck(ctx context.Context, except string, patience time.Duration) ([]node.Name, error) {
	running, err := n.supervisor.Running()
	if err != nil {
		return nil, err
	}
	var stuck []node.Name
	for _, r := range n.local() {
		name := node.Name{Kind: node.Orderer, Region: r.Code}
		if _, runs := running[name]; !runs || r.Code == except {
			continue
		}
		err := n.inView(ctx, r, patience)
		if ctx.Err() != nil || (err != nil && !errors.Is(err, errAsks)) {
			return nil, err
		}
		if err != nil && n.canAgree(ctx) {
			stuck = append(stuck, name)
		}
	}
	return stuck, nil
}

// canAgree reports whether so many orderers answer that they can agree on a leader.
func (n *Network) canAgree(ctx context.Context) bool {
	all := n.topology.Codes()
	answer := 0
	for _, code := range all {
		if _, err := n.claims(ctx, code); err == nil {
			answer++
		}
	}
	fail := (len(all) - 1) / 3
	return answer >= (len(all)+fail)/2+1
}

// takeBack restarts orderers, one after the other, and waits until each orders with the others.
func (n *Network) takeBack(ctx context.Context, stuck []node.Name) error {
	for _, name := range stuck {
		n.Log.Step(name.Region+" 的排序节点独自要求更换主节点,重启它", "the orderer of "+name.Region+" asks alone for another leader; restarting it")
		if err := n.restart(ctx, name); err != nil {
			return err
		}
		r, _ := n.topology.Region(name.Region)
		if err := errors.Join(n.hasBlocks(ctx, r.Code, n.ordered(ctx)), n.inView(ctx, r, settle)); err != nil {
			return err
		}
	}
	return nil
}

var errAsks = errors.New("it asks for another leader")

// inView waits until a region's orderer asks for no other leader.
func (n *Network) inView(ctx context.Context, r topology.Region, within time.Duration) error {
	o, err := osn.Open(r, n.files.Region(r.Code))
	if err != nil {
		return err
	}
	defer o.Close()
	return until(ctx, "the orderer of "+r.Code+" takes its part", within, func(ctx context.Context) (bool, error) {
		v, err := o.View(ctx, n.topology.Channel)
		if err == nil && v.Asks() {
			err = fmt.Errorf("%w: view %d → %d", errAsks, v.Current, v.Next)
		}
		return err == nil, err
	})
}
