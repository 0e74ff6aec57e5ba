package sdk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hyperledger/fabric-sdk-go/pkg/client/channel"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/resmgmt"
	"github.com/hyperledger/fabric-sdk-go/pkg/common/errors/retry"
)

// Definition is a chaincode as the regions agree on it.
type Definition struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Sequence int64  `json:"sequence"` // 1 for the first definition, then one more each time
}

// ErrApprovalLost means that a region's approval went with its peer's ledger. An approval is private data of the region, which no
// other peer holds, and it cannot be given again for the same sequence: the peer validates, but endorses only from the next
// definition on.
var ErrApprovalLost = errors.New("the region's approval of the chaincode was lost with its peer's ledger")

// Installed is a chaincode package on one peer.
type Installed struct {
	PackageID string `json:"packageId"`
	Label     string `json:"label"`
}

// Installed lists the packages on the region's own peer, which only its administrator may ask.
func (a *Admin) Installed(ctx context.Context) ([]Installed, error) {
	list, err := a.resources.LifecycleQueryInstalledCC(resmgmt.WithTargetEndpoints(PeerName(a.region.Code)), resmgmt.WithParentContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("packages at %s: %w", a.region.Code, err)
	}
	installed := make([]Installed, len(list))
	for i, cc := range list {
		installed[i] = Installed{PackageID: cc.PackageID, Label: cc.Label}
	}
	return installed, nil
}

// Package fetches a package from the region's own peer.
func (a *Admin) Package(ctx context.Context, packageID string) ([]byte, error) {
	pkg, err := a.resources.LifecycleGetInstalledCCPackage(packageID,
		resmgmt.WithTargetEndpoints(PeerName(a.region.Code)), resmgmt.WithParentContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("package at %s: %w", a.region.Code, err)
	}
	return pkg, nil
}

// Install puts a package on the region's own peer and returns its id. A package that is there already is no error.
func (a *Admin) Install(ctx context.Context, label string, pkg []byte) (id string, err error) {
	_, err = a.resources.LifecycleInstallCC(resmgmt.LifecycleInstallCCRequest{Label: label, Package: pkg},
		resmgmt.WithTargetEndpoints(PeerName(a.region.Code)), resmgmt.WithParentContext(ctx))
	if err != nil && !strings.Contains(err.Error(), "already successfully installed") {
		return "", fmt.Errorf("install at %s: %w", a.region.Code, err)
	}
	return PackageID(label, pkg), nil
}

// Approve says, for this region, that the definition is good and that its own peer runs it with the package named.
func (a *Admin) Approve(ctx context.Context, d Definition, packageID string) error {
	_, err := a.resources.LifecycleApproveCC(a.network.topology.Channel,
		resmgmt.LifecycleApproveCCRequest{Name: d.Name, Version: d.Version, Sequence: d.Sequence, PackageID: packageID},
		resmgmt.WithTargetEndpoints(PeerName(a.region.Code)), resmgmt.WithParentContext(ctx))
	if err != nil {
		return fmt.Errorf("approve for %s: %w", a.region.Code, err)
	}
	return nil
}

// Approved returns the package that the region has approved the definition with, and whether it has. It is ErrApprovalLost
// where the region's peer knows that there was one and no longer which.
func (a *Admin) Approved(ctx context.Context, d Definition) (packageID string, ok bool, err error) {
	got, err := a.resources.LifecycleQueryApprovedCC(a.network.topology.Channel,
		resmgmt.LifecycleQueryApprovedCCRequest{Name: d.Name, Sequence: d.Sequence},
		resmgmt.WithTargetEndpoints(PeerName(a.region.Code)), resmgmt.WithParentContext(ctx))
	switch {
	case err == nil:
		return got.PackageID, got.Version == d.Version, nil
	case strings.Contains(err.Error(), "could not fetch approved chaincode definition"):
		return "", false, nil
	case strings.Contains(err.Error(), "private data matching public hash version is not available"):
		return "", false, fmt.Errorf("%w: %s", ErrApprovalLost, a.region.Code)
	}
	return "", false, fmt.Errorf("approval of %s: %w", a.region.Code, err)
}

// Approvals says which regions, by MSP ID, have approved the definition, as the region's own peer knows it.
func (a *Admin) Approvals(ctx context.Context, d Definition) (map[string]bool, error) {
	got, err := a.resources.LifecycleCheckCCCommitReadiness(a.network.topology.Channel,
		resmgmt.LifecycleCheckCCCommitReadinessRequest{Name: d.Name, Version: d.Version, Sequence: d.Sequence},
		resmgmt.WithTargetEndpoints(PeerName(a.region.Code)), resmgmt.WithParentContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("approvals as %s knows them: %w", a.region.Code, err)
	}
	return got.Approvals, nil
}

// Commit makes a definition that enough regions have approved the channel's, endorsed by the peers of the regions given.
func (a *Admin) Commit(ctx context.Context, d Definition, endorsers []string) error {
	_, err := a.resources.LifecycleCommitCC(a.network.topology.Channel,
		resmgmt.LifecycleCommitCCRequest{Name: d.Name, Version: d.Version, Sequence: d.Sequence},
		resmgmt.WithTargetEndpoints(peers(endorsers)...), resmgmt.WithParentContext(ctx))
	if err != nil {
		return fmt.Errorf("commit %s %s: %w", d.Name, d.Version, err)
	}
	return nil
}

// Committed lists the channel's chaincodes as the peer of the region named knows them.
func (a *Admin) Committed(ctx context.Context, region string) ([]Definition, error) {
	list, err := a.resources.LifecycleQueryCommittedCC(a.network.topology.Channel, resmgmt.LifecycleQueryCommittedCCRequest{},
		resmgmt.WithTargetEndpoints(PeerName(region)), resmgmt.WithParentContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("definitions at %s: %w", region, err)
	}
	definitions := make([]Definition, len(list))
	for i, cc := range list {
		definitions[i] = Definition{Name: cc.Name, Version: cc.Version, Sequence: cc.Sequence}
	}
	return definitions, nil
}

// Evaluate asks the chaincode at one region's peer. Nothing is ordered.
func (a *Admin) Evaluate(ctx context.Context, region, function string, args ...string) ([]byte, error) {
	client, err := channel.New(a.channel)
	if err != nil {
		return nil, err
	}
	got, err := client.Query(a.request(function, args), channel.WithTargetEndpoints(PeerName(region)), channel.WithParentContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("evaluate %s at %s: %w", function, region, err)
	}
	return got.Payload, nil
}

// Submit invokes the chaincode at the peers of the regions given, has it ordered and waits until it is committed. It returns the
// transaction's id. An error means that the outcome is unknown.
func (a *Admin) Submit(ctx context.Context, endorsers []string, function string, args ...string) (string, error) {
	client, err := channel.New(a.channel)
	if err != nil {
		return "", err
	}
	got, err := client.Execute(a.request(function, args), channel.WithTargetEndpoints(peers(endorsers)...),
		channel.WithRetry(retry.DefaultChannelOpts), channel.WithParentContext(ctx))
	if err != nil {
		return string(got.TransactionID), fmt.Errorf("submit %s: %w", function, err)
	}
	return string(got.TransactionID), nil
}

func (a *Admin) request(function string, args []string) channel.Request {
	raw := make([][]byte, len(args))
	for i, arg := range args {
		raw[i] = []byte(arg)
	}
	return channel.Request{ChaincodeID: a.network.topology.Chaincode.Name, Fcn: function, Args: raw}
}
