package custody

import (
	"encoding/base64"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Queue says which leaves go into one batch: those of one kind that one key anchors.
type Queue struct {
	Key   string // id of the signing key, "<owner>#<name>"
	Kind  attest.Kind
	Suite attest.Suite // of the key, and so of the batch
}

// Validate refuses a queue that nothing could be anchored from: KEY_FORMAT, RECEIPT_KIND.
func (q Queue) Validate() error {
	if q.Key == "" || !q.Suite.Valid() {
		return attest.Errorf(attest.CodeKeyFormat, "a queue needs the id and the suite of the key that anchors it")
	}
	switch q.Kind {
	case attest.KindCertificate, attest.KindDocument, attest.KindDataset, attest.KindReceipt:
		return nil
	}
	return attest.Errorf(attest.CodeReceiptKind, "the queue's kind is unknown")
}

// Place is where a leaf stands: its queue's number and its number in the queue.
type Place struct {
	Queue uint32
	Seq   uint64
}

// QueueState is how far a queue has come. Leaves from Sealed to Durable wait for a batch.
type QueueState struct {
	Queue
	Number  uint32
	Sealed  uint64 // leaves in batches
	Durable uint64 // leaves
}

// Subject is whose key a record is sealed under: an HMAC over the holder's code, so that nobody without the master key
// can tell whether a holder is known here.
type Subject [32]byte

// StatusSlot is one certificate's place in its authority's status lists.
type StatusSlot struct {
	List  uint32
	Index uint32 // below attest.StatusListSize
}

// Certificate is a certificate as its region keeps it: with every disclosure, and the holder's key where that is in
// custody. All of it is sealed under the subject's key.
type Certificate struct {
	Place      Place // given by the vault
	Queue      Queue
	Authority  string // USCC
	Type       string // type code
	Version    int    // of the type
	Subject    Subject
	Commitment [32]byte
	Status     StatusSlot
	SDJWT      []byte   // issuer-signed JWT and all disclosures
	HolderKey  []byte   // private scalar; nil where the holder keeps the key
	Created    int64    // Unix seconds
	Request    [32]byte // digest of the request, so that a repeated operation can be told from a reused id
}

// Document is a file that a region recorded without re-issuing it.
type Document struct {
	Place      Place // given by the vault
	Queue      Queue
	Authority  string   // USCC
	Digest     [32]byte // of the file, by the queue's suite
	Salt       [attest.SaltSize]byte
	Commitment [32]byte
	Created    int64 // Unix seconds
}

// ID is how a record is named outside: its commitment in base64url. It says nothing to who does not have the record.
func ID(commitment [32]byte) string { return base64.RawURLEncoding.EncodeToString(commitment[:]) }

// ParseID reads an ID back: RECORD_MISSING for what cannot be one, so that it looks like one that is unknown.
func ParseID(id string) (commitment [32]byte, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(id)
	if err != nil || len(raw) != len(commitment) || len(id) != base64.RawURLEncoding.EncodedLen(len(commitment)) {
		return commitment, attest.Errorf(attest.CodeRecordMissing, "nothing with this id is kept here")
	}
	return [32]byte(raw), nil
}

// Operation is what a client's operation id stands for. Places is what it recorded; Digest and Result are for operations
// that record no leaf. A digest of personal data is never kept here: it would outlive the subject's key.
type Operation struct {
	ID     string
	Digest [32]byte
	Result []byte
	Places []Place
	Repeat bool // it was there before
}

// BatchState is how far a batch has come. It is written down before its command is first submitted, so that every retry
// submits the same bytes.
type BatchState byte

// The states of a batch. Frozen: they are stored.
const (
	BatchSealed   BatchState = 1 // durable here; the ledger may or may not know it
	BatchAnchored BatchState = 2
	BatchRefused  BatchState = 3 // the ledger's rules refuse it; submitted again only when somebody asks
)

// Batch is a range of a queue that is anchored together.
type Batch struct {
	ID      string // as on the ledger
	Queue   uint32
	First   uint64 // number of its first leaf in the queue
	Size    uint64
	Root    [32]byte
	Types   []string // certificates only: sorted type codes
	Command []byte   // what is submitted
	State   BatchState
	Refusal attest.Code // refused only
	Block   uint64      // anchored only; with Tx zero where the ledger answered a repeat without its position
	Tx      uint32
}

// Place is that of the batch's first leaf.
func (b *Batch) Place() Place { return Place{b.Queue, b.First} }

// AuditEntry is one verification as the gateway answers for it: the receipt that it gives out and who asked with which
// credential for what. It is also a leaf, so that the log's content is anchored like everything else.
type AuditEntry struct {
	Seq        uint64 // given by the vault, from 0
	Place      Place  // of the receipt's leaf, given by the vault
	Queue      Queue  // of kind receipt, of the gateway's key
	ID         string // of the receipt
	JWS        []byte // the receipt as it is given out
	Credential string // id of the API credential
	UseCause   string
	Time       int64 // Unix seconds
	// ReportTo is the region that is to be told of the receipt, as its citizen's certificate was used, of which About is the
	// commitment; empty: none. They are not part of the record.
	ReportTo   string
	About      [32]byte
	CaseNumber string // the verifier's own reference (办件编号); empty: none. The receipt does not carry it
}

// Report is a verification receipt for the region that issued what it is about: the record that it is, and that certificate's
// commitment.
type Report struct {
	Seq   uint64 // of the audit record; where the receipt was verified alone
	About [32]byte
	JWS   []byte
}

// Grades of a dataset (GB/T 43697). 核心 data never reaches a catalogue.
const (
	GradeGeneral   = "一般"
	GradeImportant = "重要"
	GradeCore      = "核心"
)

// Dataset is a catalogue entry (数据目录). It is public knowledge within the region.
type Dataset struct {
	ID       string
	Owner    string // USCC
	Title    string
	Fields   []string // names of the columns
	Grade    string   // GradeGeneral or GradeImportant
	Approval string   // reference of the approval; GradeImportant only
	Sharing  string   // 无条件共享, 有条件共享 or 不予共享
	Period   string   // update period
	Created  int64    // Unix seconds
	Latest   int      // newest version; 0: none yet; given by the vault
}

// DatasetVersion is one version of a dataset. Its rows, its secret and the record itself are sealed under a key of
// their own.
type DatasetVersion struct {
	Place      Place // given by the vault
	Queue      Queue
	Dataset    string
	Version    int // from 1
	Rows       uint64
	Header     []byte   // what the commitment is over
	Secret     [32]byte // the rows' salts are derived from it
	Commitment [32]byte
	Created    int64    // Unix seconds
	Request    [32]byte // digest of the request
}

// Redemption is what a verifier's gateway remembers of a redemption that it makes, so that a retry ends like the first try.
// It holds nothing of what was shown.
type Redemption struct {
	Request  [32]byte // digest of the request
	Home     string   // division code of the home region
	Code     string   // id of the code there
	Number   uint64   // of the reservation there
	Receipts []string // ids of the verification receipts, in the order of what was shown
}
