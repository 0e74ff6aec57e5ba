package custody

// DisputeID names a draft of a dispute to its citizen and to the issuing authority's office.
type DisputeID CodeID

// String is the id in base64url.
func (id DisputeID) String() string { return CodeID(id).String() }

// ParseDisputeID reads an id back: RECORD_MISSING for what cannot be one, so that it looks like one that is unknown.
func ParseDisputeID(text string) (DisputeID, error) {
	id, err := ParseCodeID(text)
	return DisputeID(id), err
}

// DisputeKind says what a citizen objects to.
type DisputeKind byte

// The kinds. Frozen: they are stored.
const (
	DisputeField  DisputeKind = 1 // a field of the certificate is wrong
	DisputeIssued DisputeKind = 2 // it should not have been issued
	DisputeStatus DisputeKind = 3 // its status is wrong
	DisputeUse    DisputeKind = 4 // a use was not its holder's
)

// DisputeState is what became of a draft.
type DisputeState byte

// The states. Frozen: they are stored.
const (
	DisputeDraft     DisputeState = 1
	DisputeWithdrawn DisputeState = 2
)

// Dispute is the draft of a dispute (异议) about a certificate of this region, sealed under its citizen's key. It is on no ledger.
type Dispute struct {
	ID         DisputeID
	Subject    Subject
	Authority  string // USCC of the issuing authority
	Commitment [32]byte
	Use        uint64 // one more than the number of the entry of the record of uses that it is about; 0: about the certificate
	Kind       DisputeKind
	Field      string // name; of DisputeField alone
	Wrong      string // in the citizen's own words
	Should     string // what it should say; may be empty
	State      DisputeState
	Created    int64
	Changed    int64
}
