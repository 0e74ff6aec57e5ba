package lifecycle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/huzheng-ledger/huzheng/network/internal/builder"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// ErrNoChaincode means that the network has none yet and none was named.
var ErrNoChaincode = errors.New("no chaincode: name its server's program with --chaincode")

// keepProgram copies a program into the network's folder, to where its digest says, and returns that.
func keepProgram(path string, place func(digest string) string) (digest string, err error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the program
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	digest = hex.EncodeToString(sum[:])
	kept := place(digest)
	if exists(kept) {
		return digest, nil
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		return "", err
	}
	partial := kept + ".partial"
	if err := os.WriteFile(partial, data, 0o700); err != nil { //nolint:gosec // a program must be executable
		return "", err
	}
	return digest, os.Rename(partial, kept)
}

// pack makes the package that a region installs for a deployment. It is the same whenever it is made, as long as the region keeps
// its address and its root.
func (n *Network) pack(r topology.Region, d deployment) (pkg []byte, id string, err error) {
	root, err := os.ReadFile(n.files.Region(r.Code).Root())
	if err != nil {
		return nil, "", err
	}
	label := n.label(d)
	pkg, err = builder.Package(label, builder.Connection{
		Address: r.Address(slotPort(r, d.Slot)), DialTimeout: "10s", TLSRequired: true, ClientAuthRequired: true, RootCert: string(root),
	}, d.Digest)
	return pkg, sdk.PackageID(label, pkg), err
}

func (n *Network) label(d deployment) string {
	return fmt.Sprintf("%s_%s_%d", n.topology.Chaincode.Name, d.Version, d.Sequence)
}

func (n *Network) definition(d deployment) sdk.Definition {
	return sdk.Definition{Name: n.topology.Chaincode.Name, Version: d.Version, Sequence: d.Sequence}
}

// deploy brings a definition to the channel: servers, packages, every region's approval, the commit.
func (n *Network) deploy(ctx context.Context, d deployment) error {
	n.Log.Step(fmt.Sprintf("启动链码服务 %s(版本 %s,序号 %d)", n.topology.Chaincode.Name, d.Version, d.Sequence),
		fmt.Sprintf("starting the chaincode servers, version %s, sequence %d", d.Version, d.Sequence))
	if err := n.start(ctx, n.servers(d.Slot)); err != nil {
		return err
	}
	codes := n.running(node.Peer, n.localCodes())
	if len(codes) == 0 {
		return nil
	}
	n.Log.Step("各省安装并批准链码", "installing and approving the chaincode, every region")
	if _, err := n.Client(); err != nil { // opened before it is shared
		return err
	}
	if err := n.everyRegion(codes, func(code string) error { return n.approve(ctx, code, d) }); err != nil {
		return err
	}
	return n.commit(ctx, codes, d)
}

// servers names the local chaincode servers of a slot.
func (n *Network) servers(slot node.Kind) []node.Name {
	var names []node.Name
	for _, code := range n.localCodes() {
		names = append(names, node.Name{Kind: slot, Region: code})
	}
	return names
}

// approve installs the package at one region's peer and approves the definition for the region, where that is not done.
func (n *Network) approve(ctx context.Context, code string, d deployment) error {
	admin, err := n.Admin(code)
	if err != nil {
		return err
	}
	r, _ := n.topology.Region(code)
	pkg, id, err := n.pack(r, d)
	if err != nil {
		return err
	}
	installed, err := n.isInstalled(ctx, admin, id)
	if err != nil {
		return err
	}
	if !installed {
		if _, err := admin.Install(ctx, n.label(d), pkg); err != nil {
			return err
		}
	}
	// An approval whose outcome is unknown, because an orderer went away or no event came, may have been ordered all the same.
	var lost error
	err = until(ctx, "the chaincode is approved for "+code, n.patience(), func(ctx context.Context) (bool, error) {
		packageID, approved, err := admin.Approved(ctx, n.definition(d))
		if errors.Is(err, sdk.ErrApprovalLost) {
			lost = err
			return true, nil
		}
		if err != nil || (approved && packageID == id) {
			return err == nil, err
		}
		return false, admin.Approve(ctx, n.definition(d), id)
	})
	return errors.Join(lost, err)
}

func (n *Network) isInstalled(ctx context.Context, admin *sdk.Admin, id string) (bool, error) {
	installed, err := admin.Installed(ctx)
	if err != nil {
		return false, err
	}
	for _, cc := range installed {
		if cc.PackageID == id {
			return true, nil
		}
	}
	return false, nil
}

// commit commits a definition once a majority of regions has approved it, whoever comes first, and waits until the local peers
// know it.
func (n *Network) commit(ctx context.Context, codes []string, d deployment) error {
	n.Log.Step("提交链码定义", "committing the chaincode's definition")
	admin, err := n.Admin(codes[0])
	if err != nil {
		return err
	}
	wanted := n.definition(d)
	err = until(ctx, "the chaincode's definition is committed", n.patience(), func(ctx context.Context) (bool, error) {
		committed, err := isCommitted(ctx, admin, codes[0], wanted)
		if committed || err != nil {
			return committed, err
		}
		approved, err := n.approvedByMajority(ctx, admin, wanted)
		if err != nil {
			return false, err
		}
		return false, admin.Commit(ctx, wanted, n.answering(ctx, admin, approved))
	})
	if err != nil {
		return err
	}
	return n.everyRegion(codes, func(code string) error {
		return until(ctx, "the peer of "+code+" knows the chaincode", settle, func(ctx context.Context) (bool, error) {
			return isCommitted(ctx, admin, code, wanted)
		})
	})
}

// approvedByMajority lists the regions that have approved the definition, once they are more than half. The peers of the others
// refuse to endorse its commit.
func (n *Network) approvedByMajority(ctx context.Context, admin *sdk.Admin, d sdk.Definition) ([]string, error) {
	approvals, err := admin.Approvals(ctx, d)
	if err != nil {
		return nil, err
	}
	var approved []string
	for _, r := range n.topology.Regions {
		if approvals[r.MSPID] {
			approved = append(approved, r.Code)
		}
	}
	if len(approved) <= len(n.topology.Regions)/2 {
		return nil, fmt.Errorf("%d of %d regions have approved it", len(approved), len(n.topology.Regions))
	}
	return approved, nil
}

// answering lists those of the regions whose peers answer at the moment.
func (n *Network) answering(ctx context.Context, admin *sdk.Admin, codes []string) []string {
	answers := make([]bool, len(codes))
	ctx, cancel := context.WithTimeout(ctx, readyWithin/12)
	defer cancel()
	var wait sync.WaitGroup
	for i, code := range codes {
		wait.Go(func() {
			_, err := admin.Head(ctx, code)
			answers[i] = err == nil
		})
	}
	wait.Wait()
	var list []string
	for i, code := range codes {
		if answers[i] {
			list = append(list, code)
		}
	}
	return list
}

func isCommitted(ctx context.Context, admin *sdk.Admin, region string, wanted sdk.Definition) (bool, error) {
	definitions, err := admin.Committed(ctx, region)
	if err != nil {
		return false, err
	}
	for _, d := range definitions {
		if d.Name == wanted.Name && d.Sequence > wanted.Sequence {
			return false, fmt.Errorf("the channel has sequence %d of %s already, which this folder does not know", d.Sequence, d.Name)
		}
		if d == wanted {
			return true, nil
		}
	}
	return false, nil
}

// waitDiscovery waits until every local peer has met every other region's that answers, so that a gateway at it finds its
// endorsers.
func (n *Network) waitDiscovery(ctx context.Context) error {
	n.Log.Step("等待各省对等节点彼此发现", "waiting until every peer has met the others")
	return n.everyRegion(n.running(node.Peer, n.localCodes()), func(code string) error {
		admin, err := n.Admin(code)
		if err != nil {
			return err
		}
		others := n.answering(ctx, admin, n.topology.Codes())
		if n.state.Local != "" { // some may not have approved it yet; as many as endorse a transaction are enough
			others = others[:min(len(others), len(n.topology.Regions)/2+1)]
		}
		return until(ctx, "the peer of "+code+" has met the others", n.patience(), func(ctx context.Context) (bool, error) {
			met, err := admin.Peers(ctx)
			if err == nil && len(met) < len(others) {
				err = fmt.Errorf("it has met %v", met)
			}
			return len(met) >= len(others), err
		})
	})
}
