package node

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is what a node does.
type Kind string

// The kinds. A chaincode server runs in one of two slots; both run while an upgrade lasts.
const (
	CA         Kind = "ca"
	Orderer    Kind = "orderer"
	Peer       Kind = "peer"
	ChaincodeA Kind = "chaincode-a"
	ChaincodeB Kind = "chaincode-b"
	Gateway    Kind = "gateway"
)

// Name names a node, as in "peer.440000".
type Name struct {
	Kind   Kind
	Region string
}

// String writes the kind, a dot and the region's code.
func (n Name) String() string { return string(n.Kind) + "." + n.Region }

// ParseName reads what String writes.
func ParseName(s string) (Name, error) {
	kind, region, found := strings.Cut(s, ".")
	kinds := []Kind{CA, Orderer, Peer, ChaincodeA, ChaincodeB, Gateway}
	if !found || region == "" || !slices.Contains(kinds, Kind(kind)) {
		return Name{}, fmt.Errorf("%q names no node: it is one of %v, a dot and a region's code, as in peer.440000", s, kinds)
	}
	return Name{Kind: Kind(kind), Region: region}, nil
}
