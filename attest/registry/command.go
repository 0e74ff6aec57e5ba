package registry

import (
	"github.com/huzheng-ledger/huzheng/attest"
)

// Type is the JWS typ of every command.
const Type = "huzheng-command+jwt"

// Version is the format version that every command carries.
const Version = 1

// Command is one thing that a party asks of the ledger. A command is encoded once, signed as a compact JWS by the key
// it needs, and from then on exists only as those bytes: it is never re-encoded.
type Command interface {
	// Name is the command's frozen name on the wire.
	Name() string
	// Operation identifies the command for retries: the same id with the same bytes changes nothing.
	Operation() string
	encode(w *attest.ObjectWriter)
	apply(c *call) (Event, error)
}

// Names of the commands, frozen.
const (
	NameFound             = "found"
	NameProposeRegion     = "propose-region"
	NameApproveRegion     = "approve-region"
	NameRotateKey         = "rotate-key"
	NameMarkCompromised   = "mark-compromised"
	NameRegisterAuthority = "register-authority"
	NameSetScope          = "set-scope"
	NameSetAuthorityState = "set-authority-state"
	NameRegisterType      = "register-type"
	NameAnchor            = "anchor"
	NameSetStatus         = "set-status"
	NameProposeAgreement  = "propose-agreement"
	NameApproveAgreement  = "approve-agreement"
	NameWithdrawAgreement = "withdraw-agreement"
	NameWitness           = "witness"
)

// NewKey is a key to be registered, as it stands in a command.
type NewKey struct {
	Name   string // the part of the id behind '#': letters, digits and '-'
	Use    attest.KeyUse
	Public *attest.PublicKey
}

// Founder is a region with its first keys, as it stands in a charter or an admission.
type Founder struct {
	Region attest.Region
	Keys   []NewKey // at least one to govern and one of the gateway
}

// Charter is what the founders sign together: each signs the same bytes as a JWS of its own (SignCharter).
type Charter struct {
	Network  string // id of the consortium; every command names it
	Suite    attest.Suite
	Founders []Founder
}

// Found founds the consortium. Signatures holds one compact JWS over the same charter bytes by each founder.
type Found struct {
	Signatures []string
}

// ProposeRegion asks to admit a region. It counts as the proposer's approval.
type ProposeRegion struct{ Founder Founder }

// ApproveRegion approves an admission. A majority of the regions admits. Digest is the hash of the proposing command,
// base64url, so that one approves what one read.
type ApproveRegion struct {
	Region string
	Digest string
}

// RotateKey adds a key, retires one, or both at once. A region's governance key signs, for itself or its authorities.
type RotateKey struct {
	Op     string
	Owner  string // region code or USCC
	Add    *NewKey
	Retire string // id of a key; empty: none
}

// MarkCompromised voids what a key anchored from a block on.
type MarkCompromised struct {
	Op   string
	Key  string
	From uint64 // block number, at least 1
}

// RegisterAuthority registers an authority with its first key and its scope. The region's governance key signs, or,
// where Parent is named, a key of the parent, whose scope the new one may only narrow.
type RegisterAuthority struct {
	Authority attest.Authority
	Key       NewKey
}

// SetScope replaces an authority's scope. It never widens past the parent's.
type SetScope struct {
	Op    string
	Code  string
	Types []string
}

// SetAuthorityState suspends, dissolves or reinstates an authority.
type SetAuthorityState struct {
	Op    string
	Code  string
	State attest.AuthorityState
}

// RegisterType registers one version of a certificate type; it never changes afterwards.
type RegisterType struct{ Type attest.CertificateType }

// Anchor anchors a batch of commitments. The batch's id is the operation id.
type Anchor struct {
	ID    string // BatchID of the fields below
	Kind  attest.Kind
	Suite attest.Suite
	Root  [32]byte
	Size  uint64
	Types []string // certificate batches only: sorted type codes
}

// StatusEntry sets or ends one certificate's status.
type StatusEntry struct {
	List      uint32
	Index     uint32
	State     string // suspended, revoked, superseded, or "reinstated", which closes an open suspension
	From      int64  // Unix seconds; reinstated: the end of the interval
	Reason    string // state code as deployed, 01…06 or 99
	Successor string // superseded: commitment of the successor, base64url
}

// SetStatus sets the status of one or many certificates of one authority. That authority's key signs; where it is
// suspended or dissolved, its region's governance key.
type SetStatus struct {
	Op        string
	Authority string
	Entries   []StatusEntry
}

// ProposeAgreement proposes a version of an agreement; the signer's region, if a party, approves by it.
type ProposeAgreement struct{ Agreement attest.Agreement }

// ApproveAgreement approves a proposed version. Digest is the hash of the proposing command, base64url.
type ApproveAgreement struct {
	ID      string
	Version int
	Digest  string
}

// WithdrawAgreement gives notice: the agreement ends at Ends (Unix seconds).
type WithdrawAgreement struct {
	Op      string
	ID      string
	Version int
	Ends    int64
}

// Witness states what the signer's region applied up to a block.
type Witness struct {
	Height uint64
	Digest [32]byte
}
