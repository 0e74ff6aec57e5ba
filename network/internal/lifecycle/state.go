package lifecycle

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// state is what nobody but the operator knows.
type state struct {
	Version   int         `json:"version"`             // of this format
	Local     string      `json:"local,omitempty"`     // the one region whose keys are here; all regions' where empty
	Stopped   []string    `json:"stopped,omitempty"`   // nodes that `stop` has stopped; `up` leaves them
	Chaincode *deployment `json:"chaincode,omitempty"` // committed, or on its first way there
	Next      *deployment `json:"next,omitempty"`      // an upgrade that is under way
	Gateway   *serving    `json:"gateway,omitempty"`
}

// serving is the program of the gateways.
type serving struct {
	Digest  string `json:"digest"`  // SHA-256 of the program, hexadecimal
	Founded bool   `json:"founded"` // the local regions are members of the consortium that the ledger holds
}

// deployment is one chaincode definition and the program that serves it in every region.
type deployment struct {
	Digest   string    `json:"digest"` // SHA-256 of the program, hexadecimal
	Version  string    `json:"version"`
	Sequence int64     `json:"sequence"`
	Slot     node.Kind `json:"slot"`
}

const stateVersion = 1

func readState(files layout.Network) (state, error) {
	data, err := os.ReadFile(files.State())
	if errors.Is(err, os.ErrNotExist) {
		return state{Version: stateVersion}, nil
	}
	if err != nil {
		return state{}, err
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return state{}, fmt.Errorf("%s: %w", files.State(), err)
	}
	if s.Version != stateVersion {
		return state{}, fmt.Errorf("%s is of version %d; this program reads version %d", files.State(), s.Version, stateVersion)
	}
	return s, nil
}

// change edits the state and writes it.
func (n *Network) change(edit func(*state)) error {
	edit(&n.state)
	data, err := json.MarshalIndent(n.state, "", "  ")
	if err != nil {
		return err
	}
	return pki.WriteFile(n.files.State(), data)
}

func (s *state) setStopped(name node.Name, stopped bool) {
	s.Stopped = slices.DeleteFunc(s.Stopped, func(n string) bool { return n == name.String() })
	if stopped {
		s.Stopped = append(s.Stopped, name.String())
	}
}

func (s *state) isStopped(name node.Name) bool { return slices.Contains(s.Stopped, name.String()) }

// deployments lists the chaincodes whose servers should run.
func (s *state) deployments() []deployment {
	var list []deployment
	for _, d := range []*deployment{s.Chaincode, s.Next} {
		if d != nil {
			list = append(list, *d)
		}
	}
	return list
}

// slotPort is the port of a region's chaincode server in a slot.
func slotPort(r topology.Region, slot node.Kind) int {
	if slot == node.ChaincodeB {
		return r.Ports.ChaincodeB
	}
	return r.Ports.ChaincodeA
}
