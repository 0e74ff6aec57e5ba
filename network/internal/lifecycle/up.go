package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
)

// Chaincode names the program of a chaincode server.
type Chaincode struct {
	Program string // path
	Version string // the beginning of the program's digest where empty
}

// Wanted is what the operator names for Up. What is empty stays as it is, or is not wanted yet.
type Wanted struct {
	Chaincode *Chaincode
	Gateway   string // path of the gateways' program
}

// Up brings the network to where it should be, from nothing or from wherever it was interrupted: every node that the operator
// has not stopped runs, the channel stands, the chaincode is committed, the gateways can do their work. Where only one region's keys are
// here, it ends with ErrExchange whenever the other operators have to act first. If Up fails or is interrupted, it ends the nodes that it has started; their logs stay.
func (n *Network) Up(ctx context.Context, wanted Wanted) (err error) {
	n.started = nil
	defer func() {
		if err != nil {
			err = errors.Join(err, n.undo())
		}
	}()
	if err := n.choose(wanted.Chaincode); err != nil {
		return err
	}
	if err := n.chooseGateway(wanted.Gateway); err != nil {
		return err
	}
	if err := n.ensureCertificates(ctx); err != nil {
		return err
	}
	if err := n.needOthers(); err != nil {
		return err
	}
	if err := n.configure(); err != nil {
		return err
	}
	if err := n.ensureGenesis(ctx); err != nil {
		return err
	}
	if err := n.openChannelAndMakeGateways(ctx); err != nil {
		return err
	}
	return n.openGateways(ctx)
}

// openChannelAndMakeGateways does both at once, where it can: a gateway is told which block the channel begins with, and a region that
// joined later learns that from its peer.
func (n *Network) openChannelAndMakeGateways(ctx context.Context) error {
	makeGateways := n.makeGateways(n.local())
	if !exists(n.files.Genesis()) {
		if err := n.openChannel(ctx); err != nil {
			return err
		}
		if err := n.fetchGenesis(ctx); err != nil {
			return err
		}
		return makeGateways(ctx)
	}
	together, ctx := errgroup.WithContext(ctx)
	together.Go(func() error { return makeGateways(ctx) })
	together.Go(func() error { return n.openChannel(ctx) })
	return together.Wait()
}

// fetchGenesis keeps the channel's first block as the own peer has it, which has followed the hashes back to it.
func (n *Network) fetchGenesis(ctx context.Context) error {
	if n.state.Gateway == nil {
		return nil
	}
	own := n.localCodes()[0]
	admin, err := n.Admin(own)
	if err != nil {
		return err
	}
	return until(ctx, "the peer of "+own+" has the channel's first block", settle, func(ctx context.Context) (bool, error) {
		block, err := admin.Block(ctx, own, 0)
		if err != nil {
			return false, err
		}
		return true, pki.WriteFile(n.files.Genesis(), block)
	})
}

// openChannel starts the nodes that keep the ledger, and has them take part in the channel and serve the chaincode.
func (n *Network) openChannel(ctx context.Context) error {
	if err := n.startLedger(ctx); err != nil {
		return err
	}
	if err := n.joinAll(ctx); err != nil {
		return err
	}
	if err := n.unstick(ctx, ""); err != nil {
		n.Log.Step("排序节点未归队", "going on without an orderer: "+err.Error())
	}
	return n.deployAll(ctx)
}

// choose notes the first chaincode. A network that has one changes it by an upgrade only.
func (n *Network) choose(cc *Chaincode) error {
	if cc == nil {
		return nil
	}
	d, err := n.deploymentOf(*cc)
	if err != nil {
		return err
	}
	if n.state.Chaincode != nil {
		if n.state.Chaincode.Digest != d.Digest {
			return fmt.Errorf("the network runs another chaincode, version %s: change it with huzheng-net upgrade-chaincode", n.state.Chaincode.Version)
		}
		return nil
	}
	d.Sequence, d.Slot = 1, node.ChaincodeA
	return n.change(func(s *state) { s.Chaincode = &d })
}

// deploymentOf keeps a chaincode's program.
func (n *Network) deploymentOf(cc Chaincode) (deployment, error) {
	digest, err := keepProgram(cc.Program, n.files.Chaincode)
	if err != nil {
		return deployment{}, fmt.Errorf("the chaincode server's program: %w", err)
	}
	d := deployment{Digest: digest, Version: cc.Version}
	if d.Version == "" {
		d.Version = digest[:12]
	}
	return d, nil
}

// deployAll deploys the chaincode, and finishes an upgrade that was interrupted.
func (n *Network) deployAll(ctx context.Context) error {
	if n.state.Chaincode == nil {
		n.Log.Step("未指定链码,网络就绪但无链码", "no chaincode named; the network is ready without one")
		return nil
	}
	if n.state.Local != "" {
		return n.deployApart(ctx)
	}
	if n.state.Next == nil {
		err := n.deploy(ctx, *n.state.Chaincode)
		if errors.Is(err, sdk.ErrApprovalLost) {
			return n.redefine(ctx)
		}
		if err != nil {
			return err
		}
		return n.waitDiscovery(ctx)
	}
	if err := n.start(ctx, n.servers(n.state.Chaincode.Slot)); err != nil {
		return err
	}
	return n.finishUpgrade(ctx)
}

// redefine commits the same program under the next sequence, which every region approves afresh.
func (n *Network) redefine(ctx context.Context) error {
	n.Log.Step("有省份的对等节点丢失了账本与批准记录,以新序号重新定义链码", "a region's peer has lost its ledger and its approval; defining the chaincode anew")
	next := *n.state.Chaincode
	next.Sequence++
	next.Slot = otherSlot(next.Slot)
	if err := n.change(func(s *state) { s.Next = &next }); err != nil {
		return err
	}
	return n.finishUpgrade(ctx)
}

// undo ends what this process has started.
func (n *Network) undo() error {
	if len(n.started) == 0 || n.state.Local != "" {
		return nil // in deployment the others may depend on what runs
	}
	n.Log.Step("未能完成,停止本次启动的节点", "not done; ending the nodes that were started")
	ctx, cancel := context.WithTimeout(context.Background(), 2*stopGrace)
	defer cancel()
	return n.supervisor.Stop(ctx, stopGrace, n.started...)
}

var errNoneYet = errors.New("the network has no chaincode yet: name it with huzheng-net up --chaincode")

// Apart reports whether this folder is one region's, and the others' are on hosts of their own.
func (n *Network) Apart() bool { return n.state.Local != "" }

// Redefine commits the present chaincode under the next sequence, in a network whose keys are all here.
func (n *Network) Redefine(ctx context.Context) error {
	if n.state.Chaincode == nil {
		return errNoneYet
	}
	if n.state.Next != nil {
		return n.finishUpgrade(ctx)
	}
	return n.redefine(ctx)
}

// UpgradeChaincode brings another chaincode program, or another version of its definition, to every region. The present servers go
// on until the new definition is committed.
func (n *Network) UpgradeChaincode(ctx context.Context, cc Chaincode) error {
	if n.state.Chaincode == nil {
		return errNoneYet
	}
	if n.state.Next == nil {
		next, err := n.deploymentOf(cc)
		if err != nil {
			return err
		}
		if next.Digest == n.state.Chaincode.Digest && next.Version == n.state.Chaincode.Version {
			return fmt.Errorf("the network runs this program, version %s, already", next.Version)
		}
		next.Sequence = n.state.Chaincode.Sequence + 1
		next.Slot = otherSlot(n.state.Chaincode.Slot)
		if err := n.change(func(s *state) { s.Next = &next }); err != nil {
			return err
		}
	}
	return n.finishUpgrade(ctx)
}

func otherSlot(slot node.Kind) node.Kind {
	if slot == node.ChaincodeA {
		return node.ChaincodeB
	}
	return node.ChaincodeA
}

// finishUpgrade deploys the next chaincode and ends the servers of the former one.
func (n *Network) finishUpgrade(ctx context.Context) error {
	if err := n.unstick(ctx, ""); err != nil {
		return err
	}
	if err := n.deploy(ctx, *n.state.Next); err != nil {
		return err
	}
	if err := n.waitDiscovery(ctx); err != nil {
		return err
	}
	former := n.state.Chaincode.Slot
	if err := n.change(func(s *state) { s.Chaincode, s.Next = s.Next, nil }); err != nil {
		return err
	}
	n.Log.Step("停止旧版链码服务", "ending the former chaincode's servers")
	return n.supervisor.Stop(ctx, stopGrace, n.servers(former)...)
}

// Down ends every node of the network, whatever it is, and with wipe removes the network and its data.
func (n *Network) Down(ctx context.Context, wipe bool) error {
	if err := n.stopAll(ctx); err != nil {
		return err
	}
	if !wipe {
		return n.change(func(s *state) { s.Stopped = nil })
	}
	n.Log.Step("删除网络及其数据 "+n.files.Dir, "removing the network and its data")
	return os.RemoveAll(n.files.Dir)
}

// EndStrays ends the nodes of a network whose folder holds none any more, as when it was removed under them, and returns how many
// there were.
func EndStrays(ctx context.Context, dir string) (int, error) {
	files, err := folder(dir)
	if err != nil {
		return 0, err
	}
	supervisor := node.NewSupervisor(files.Dir)
	running, err := supervisor.Running()
	if err != nil {
		return 0, err
	}
	return len(running), supervisor.Kill(ctx, slices.Collect(maps.Keys(running))...)
}

// stopAll ends what runs: all nodes at once, those of a topology that has changed since included.
func (n *Network) stopAll(ctx context.Context) error {
	running, err := n.supervisor.Running()
	if err != nil {
		return err
	}
	names := slices.Collect(maps.Keys(running))
	n.Log.Step(fmt.Sprintf("停止 %d 个节点", len(names)), fmt.Sprintf("stopping %d nodes", len(names)))
	return n.supervisor.Stop(ctx, stopGrace, names...)
}
