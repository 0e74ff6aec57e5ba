package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Kind is what a change of the channel is about.
type Kind string

// The kinds.
const (
	Join  Kind = "add-region"
	Leave Kind = "remove-region"
	Renew Kind = "renew-orderer"
)

// Change is what a proposal says that it changes. Nobody believes it: who is asked to sign makes the same change of the channel as
// its own peer knows it, and compares.
type Change struct {
	Kind   Kind    `json:"kind"`
	Code   string  `json:"code"`
	MSPID  string  `json:"msp"`
	Bundle *Bundle `json:"bundle,omitempty"` // of the region that joins, or whose orderer has new certificates
}

// Proposal is a change of the channel's configuration on its way from province to province.
type Proposal struct {
	Version    int      `json:"version"`
	Channel    string   `json:"channel"`
	Sequence   uint64   `json:"sequence"` // of the configuration that it changes
	Change     Change   `json:"change"`
	Update     []byte   `json:"update"`     // Fabric's common.ConfigUpdate
	Signatures [][]byte `json:"signatures"` // Fabric's common.ConfigSignature
}

// Name is a file name for the proposal.
func (p Proposal) Name() string {
	return fmt.Sprintf("%s-%s-%d.change.json", p.Change.Kind, p.Change.Code, p.Sequence)
}

// Marshal writes the proposal as ParseProposal reads it.
func (p Proposal) Marshal() ([]byte, error) {
	p.Version = version
	if p.Signatures == nil {
		p.Signatures = [][]byte{}
	}
	return json.MarshalIndent(p, "", "  ")
}

// ParseProposal reads a proposal. Of what it says, only the form is checked.
func ParseProposal(data []byte, now time.Time) (Proposal, error) {
	var p Proposal
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return Proposal{}, fmt.Errorf("no proposal: %w", err)
	}
	switch {
	case p.Version != version:
		return Proposal{}, fmt.Errorf("a proposal of version %d; this program reads version %d", p.Version, version)
	case len(p.Update) == 0:
		return Proposal{}, errors.New("the proposal holds no update")
	}
	return p, p.Change.Check(now)
}

// Check refuses a change that does not hang together.
func (c Change) Check(now time.Time) error {
	switch c.Kind {
	case Leave:
		return nil
	case Join, Renew:
	default:
		return fmt.Errorf("a change %q, which this program does not know", c.Kind)
	}
	if c.Bundle == nil || c.Bundle.Code != c.Code || c.Bundle.MSPID != c.MSPID {
		return fmt.Errorf("the change of %s lacks its certificates", c.Code)
	}
	return c.Bundle.check(now)
}

// Merge joins the signatures of copies of one proposal.
func Merge(copies ...Proposal) (Proposal, error) {
	if len(copies) == 0 {
		return Proposal{}, errors.New("no proposal")
	}
	merged := copies[0]
	for _, p := range copies[1:] {
		if !bytes.Equal(p.Update, merged.Update) || p.Sequence != merged.Sequence || p.Channel != merged.Channel {
			return Proposal{}, errors.New("the files hold different proposals: copies of one are wanted")
		}
		for _, s := range p.Signatures {
			merged.Signatures = appendNew(merged.Signatures, s)
		}
	}
	return merged, nil
}

func appendNew(list [][]byte, one []byte) [][]byte {
	for _, present := range list {
		if bytes.Equal(present, one) {
			return list
		}
	}
	return append(list[:len(list):len(list)], one)
}

// IsProposal reports whether data looks like a proposal rather than a bundle.
func IsProposal(data []byte) bool {
	var p struct {
		Update []byte `json:"update"`
	}
	return json.Unmarshal(data, &p) == nil && len(p.Update) > 0
}
