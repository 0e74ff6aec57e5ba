package attest

// The records of the ledger that a verdict rests on. They are plain values: the registry stores them, an index or a
// snapshot looks them up, Judge reads them. None carries anything about a person.

// KeyUse says what a registered key may sign.
type KeyUse string

// The three uses: agreements and registrations; receipts and witness statements; certificates, anchors and status.
const (
	UseGovern  KeyUse = "govern"
	UseGateway KeyUse = "gateway"
	UseIssue   KeyUse = "issue"
)

// Key is a registered key. Its id is "<owner>#<name>", where the owner is a region's division code or an authority's
// USCC. A retired key signs nothing that is ordered after its retirement; what it anchored before stands.
type Key struct {
	ID      string
	Use     KeyUse
	Public  *PublicKey
	Retired bool
	// CompromisedFrom voids everything the key anchored in that block or later, whatever date it claims. Zero: sound.
	CompromisedFrom uint64
}

// Sound reports whether what the key signed in block is to be believed.
func (k *Key) Sound(block uint64) bool { return k.CompromisedFrom == 0 || block < k.CompromisedFrom }

// Region is a province-level member of the consortium.
type Region struct {
	Code string // GB/T 2260, six digits, e.g. 440000
	Name string // Chinese name of the province
	MSP  string // Fabric MSP ID of its organisation
	URL  string // base URL of its gateway, https, no trailing slash
}

// AuthorityState says what an authority may still do.
type AuthorityState string

// An authority that is suspended or dissolved anchors nothing more; its region may set status in its place.
const (
	AuthorityActive    AuthorityState = "active"
	AuthoritySuspended AuthorityState = "suspended"
	AuthorityDissolved AuthorityState = "dissolved"
)

// Authority is an issuing authority (颁发机构).
type Authority struct {
	Code     string // USCC, GB 32100
	Name     string
	Region   string // division code of the region that answers for it
	Division string // division code of the area it acts in, within the region
	Parent   string // USCC of the authority that delegated to it; empty when its region did
	Issuer   string // the iss of its certificates: https URL under its region's gateway
	Types    []string
	State    AuthorityState
}

// Grade is how a field of a certificate type may be shown.
type Grade string

// Field grades of a certificate type.
const (
	GradeGeneral   Grade = "general"   // 一般
	GradeImportant Grade = "important" // 重要
)

// CertificateType is one version of a type of certificate.
type CertificateType struct {
	Code       string // 21 characters: USCC of the defining authority and a serial of three
	Version    int
	Name       string
	Registrar  string           // the key that registered it
	Schema     []byte           // JSON Schema 2020-12 of the business fields
	Grades     map[string]Grade // of every field that the type defines
	Predicates []string         // names of claims that say something about a field without its value
}

// Kind is what a batch holds; each kind has its own domain separation in its commitments.
type Kind string

// The kinds of batches.
const (
	KindCertificate Kind = "certificate"
	KindDocument    Kind = "document"
	KindDataset     Kind = "dataset"
	KindReceipt     Kind = "receipt"
)

// Batch is an anchored Merkle tree over commitments. Block and Tx are where it was ordered: an index keeps them beside
// the record, they are not part of the ledger's state.
type Batch struct {
	ID     string
	Kind   Kind
	Suite  Suite
	Key    string // id of the key that anchored it; certificates in it must be signed by the same key
	Root   [32]byte
	Size   uint64
	Types  []string // codes of the certificate types in it, sorted; checked against the authority's scope when anchored
	Block  uint64
	Tx     uint32
	Digest [32]byte // SHA-256 of the command that anchored it
}

// StatusState is the state that an interval puts a certificate in.
type StatusState string

// States of an interval. A certificate without an open interval is in force.
const (
	StatusSuspended  StatusState = "suspended"  // 暂扣
	StatusRevoked    StatusState = "revoked"    // 吊销, 撤销, 注销, 失效
	StatusSuperseded StatusState = "superseded" // replaced by a successor
)

// Interval is one stretch of a certificate's life in which it was not plainly in force. From and Until are Unix
// seconds, Until exclusive and zero while the interval is open. Reason is a state code as deployed (gbt.CertificateState).
type Interval struct {
	State     StatusState
	From      int64
	Until     int64
	Reason    string
	Successor string // commitment of the certificate that replaces this one, base64url; superseded only
}

// Conditions bind an agreement's acceptance.
type Conditions struct {
	Disclose        []string // claim names that the presentation must disclose
	MaxAgeDays      int      // since the certificate's iat; zero: no limit
	AcceptSuspended bool
}

// AgreementState is where an agreement (互认协议) stands.
type AgreementState string

// Withdrawn agreements end at the time that the withdrawing party gave notice for.
const (
	AgreementProposed  AgreementState = "proposed"
	AgreementInForce   AgreementState = "in_force"
	AgreementWithdrawn AgreementState = "withdrawn"
)

// Agreement is recognition as code: who accepts whose certificates of which types, for what, on which conditions, when.
// It is in force once every party (every issuer and relying region) has approved exactly this version.
type Agreement struct {
	ID         string
	Version    int
	Issuers    []string // region codes, sorted
	Relying    []string // region codes, sorted
	Types      []string // certificate type codes, sorted
	Scenarios  []string // 事项 names, sorted
	Conditions Conditions
	From       int64 // Unix seconds
	Until      int64 // Unix seconds, exclusive; zero: open
	Approved   []string
	State      AgreementState
	Ends       int64 // withdrawn: the end that the notice set, Unix seconds
}
