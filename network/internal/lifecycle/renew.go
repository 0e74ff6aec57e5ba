package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/huzheng-ledger/huzheng/network/internal/exchange"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// Renew gives a holder of certificates new ones with new keys, and restarts the node that shows them. The holder is a node
// (ca, orderer, peer, chaincode) or a person or program (admin, gateway), with its region, as in "peer.440000". The present
// certificate may have expired already. An orderer is known to the channel by its certificates, so that the channel's configuration
// is changed before the orderer is.
func (n *Network) Renew(ctx context.Context, name string) error {
	kind, code, _ := strings.Cut(name, ".")
	r, ok := n.topology.Region(code)
	if !ok {
		return fmt.Errorf("%q names nobody with certificates: it is ca, orderer, peer, chaincode, admin or gateway, a dot and one of %v", name, n.localCodes())
	}
	if kind == string(node.CA) {
		if err := n.issueCATLS(r); err != nil {
			return err
		}
		return n.restart(ctx, node.Name{Kind: node.CA, Region: code})
	}
	if _, ok := holders(r)[kind]; !ok {
		return fmt.Errorf("%q has no certificates of its own", name)
	}
	if err := n.start(ctx, []node.Name{{Kind: node.CA, Region: code}}); err != nil {
		return err
	}
	id := n.files.Region(code).Identity(kind)
	if kind == string(node.Orderer) {
		return n.renewOrderer(ctx, r)
	}
	if err := n.renewInto(r, kind, id, id); err != nil {
		return err
	}
	n.disconnect() // it may hold the former administrator's certificate
	return n.restart(ctx, n.shows(kind, code)...)
}

// shows lists the nodes that show the certificates of a holder.
func (n *Network) shows(kind, code string) []node.Name {
	switch kind {
	case "peer":
		return []node.Name{{Kind: node.Peer, Region: code}}
	case "chaincode":
		var names []node.Name
		for _, d := range n.state.deployments() {
			names = append(names, node.Name{Kind: d.Slot, Region: code})
		}
		return names
	case "gateway":
		return []node.Name{gatewayOf(code)}
	}
	return nil
}

// renewInto asks the CA for certificates on the strength of those in present, and writes them to next.
func (n *Network) renewInto(r topology.Region, kind string, present, next layout.Identity) error {
	n.Log.Step("换发证书 "+kind+"."+r.Code, "renewing the certificates of "+kind+"."+r.Code)
	pair, err := pki.ReadPair(present.Cert(), present.Key())
	if err != nil {
		return err
	}
	ca, root, err := n.openCA(r)
	if err != nil {
		return err
	}
	defer ca.Close()
	member, tls, err := ca.Renew(holders(r)[kind], pair)
	if err != nil {
		return err
	}
	return pki.WriteIdentity(next, root, member, tls)
}

// nextOrderer makes an orderer's new certificates, beside the present ones until the channel knows them.
func (n *Network) nextOrderer(ctx context.Context, r topology.Region) (exchange.Change, error) {
	id := n.orderer(r.Code)
	next := nextTo(id)
	if !exists(next.Cert()) {
		if err := n.start(ctx, []node.Name{{Kind: node.CA, Region: r.Code}}); err != nil {
			return exchange.Change{}, err
		}
		if err := n.renewInto(r, "orderer", id, next); err != nil {
			return exchange.Change{}, err
		}
	}
	b, err := exchange.Gather(r, n.files.Region(r.Code), next)
	return exchange.Change{Kind: exchange.Renew, Code: r.Code, MSPID: r.MSPID, Bundle: &b}, err
}

func nextTo(id layout.Identity) layout.Identity { return layout.Identity{Dir: id.Dir + ".next"} }

// renewOrderer has the channel know the orderer by new certificates, and then the orderer show them. Interrupted, it goes on from
// there. Where only one region's keys are here, the others have to sign in between.
func (n *Network) renewOrderer(ctx context.Context, r topology.Region) error {
	change, err := n.nextOrderer(ctx, r)
	if err != nil {
		return err
	}
	if n.state.Local != "" {
		return n.renewApart(ctx, r, change)
	}
	if err := n.together(ctx, r.Code); err != nil {
		return err
	}
	n.Log.Step("更新通道配置中的排序节点证书", "changing the orderer's certificates in the channel's configuration")
	if err := n.enact(ctx, change, n.topology.Codes()); err != nil {
		return err
	}
	return n.showRenewed(ctx, r, *change.Bundle)
}

// renewApart is ErrExchange until the channel knows the new certificates.
func (n *Network) renewApart(ctx context.Context, r topology.Region, change exchange.Change) error {
	review, err := n.review(ctx, exchange.Proposal{Change: change})
	if review.Done {
		return n.showRenewed(ctx, r, *change.Bundle)
	}
	if err != nil && !errors.Is(err, ErrStale) && !errors.Is(err, ErrLies) {
		return err
	}
	_, path, err := n.propose(ctx, change)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", ErrExchange, "have a majority sign "+path+" (huzheng-net sign FILE), then: huzheng-net submit FILE...")
}

// showRenewed has an orderer show the certificates of the bundle, which the channel knows it by, where it does not yet.
func (n *Network) showRenewed(ctx context.Context, r topology.Region, b exchange.Bundle) error {
	id := n.orderer(r.Code)
	next := nextTo(id)
	name := node.Name{Kind: node.Orderer, Region: r.Code}
	cert, err := readFile(next.Cert())
	if errors.Is(err, os.ErrNotExist) {
		return n.start(ctx, []node.Name{name})
	}
	if err != nil {
		return err
	}
	if string(cert) != b.Orderer {
		return fmt.Errorf("%s holds other new certificates than the channel has", next.Dir)
	}
	// Who does not have the block with the new certificates refuses whom it does not know; nor would the orderer know itself.
	if err := n.together(ctx, r.Code); err != nil {
		return err
	}
	if err := n.knowsItself(ctx, name); err != nil {
		return err
	}
	n.Log.Step("排序节点启用新证书", "the orderer takes up its new certificates")
	if err := n.supervisor.Stop(ctx, stopGrace, name); err != nil {
		return err
	}
	if err := moveOver(next, id); err != nil {
		return err
	}
	if err := n.start(ctx, []node.Name{name}); err != nil {
		return err
	}
	if err := n.caughtUp(ctx, r); err != nil {
		return err
	}
	return n.unstick(ctx, "")
}

// knowsItself waits a little for an orderer that runs to have the block with its new certificates. One whose former certificates
// have expired does not get it, and fetches it when it has been restarted.
func (n *Network) knowsItself(ctx context.Context, name node.Name) error {
	running, err := n.supervisor.Running()
	if err != nil {
		return err
	}
	if _, runs := running[name]; !runs {
		return nil
	}
	target := n.ordered(ctx)
	err = until(ctx, "", readyWithin/2, func(ctx context.Context) (bool, error) {
		height, err := n.claims(ctx, name.Region)
		return height >= target, err
	})
	if err != nil && ctx.Err() == nil {
		n.Log.Step("该排序节点尚无含新证书的区块,重启后取回", "the orderer does not have the block with its new certificates yet: it fetches it afterwards")
		return nil
	}
	return err
}

// caughtUp waits until a region's orderer is as high as the region's peer, so that no two are away at once when one after the
// other is renewed.
func (n *Network) caughtUp(ctx context.Context, r topology.Region) error {
	if n.state.isStopped(node.Name{Kind: node.Orderer, Region: r.Code}) || n.state.isStopped(node.Name{Kind: node.Peer, Region: r.Code}) {
		return nil
	}
	n.Log.Step("等待排序节点追上", "waiting until the orderer has caught up")
	return until(ctx, "the orderer of "+r.Code+" has caught up", settle, func(ctx context.Context) (bool, error) {
		peer, err := n.peerHeight(ctx, r.Code)
		if err != nil {
			return false, err
		}
		own, err := n.ordererHeight(ctx, r)
		return own >= peer, err
	})
}

// moveOver moves the certificates and keys of one folder over those of another. The membership certificate goes last, so that the
// source counts as there until all is moved.
func moveOver(from, to layout.Identity) error {
	var errs []error
	for _, move := range [][2]string{
		{from.TLSCert(), to.TLSCert()}, {from.TLSKey(), to.TLSKey()}, {from.Key(), to.Key()}, {from.Cert(), to.Cert()},
	} {
		if err := os.Rename(move[0], move[1]); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return os.RemoveAll(from.Dir)
}

// restart ends nodes that run and starts them again.
func (n *Network) restart(ctx context.Context, names ...node.Name) error {
	running, err := n.supervisor.Running()
	if err != nil {
		return err
	}
	var again []node.Name
	for _, name := range names {
		if _, ok := running[name]; ok {
			again = append(again, name)
		}
	}
	if err := n.supervisor.Stop(ctx, stopGrace, again...); err != nil {
		return err
	}
	return n.start(ctx, again)
}
