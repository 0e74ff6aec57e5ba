package attest

// Result is the one word of a verdict.
type Result string

// The results. Any doubt is Undetermined: an outage never reads as invalid or revoked, and an error is never a verdict.
const (
	Valid         Result = "valid"
	Invalid       Result = "invalid"
	Revoked       Result = "revoked"
	Suspended     Result = "suspended"
	Expired       Result = "expired"
	NotYetValid   Result = "not_yet_valid"
	Superseded    Result = "superseded"
	NotRecognised Result = "not_recognised"
	Undetermined  Result = "undetermined"
)

// Results lists every result once, in the order in which people are told of them.
func Results() []Result {
	return []Result{Valid, Invalid, Revoked, Suspended, Expired, NotYetValid, Superseded, NotRecognised, Undetermined}
}

// CheckName names one question that a verdict answers.
type CheckName string

// The checks, in the order in which they are made and reported.
const (
	CheckParse       CheckName = "parse"
	CheckSignature   CheckName = "issuer_signature"
	CheckInclusion   CheckName = "inclusion"
	CheckKey         CheckName = "key_in_force"
	CheckAuthority   CheckName = "authority_accredited"
	CheckValidity    CheckName = "validity_period"
	CheckStatus      CheckName = "status"
	CheckDispute     CheckName = "dispute"
	CheckBinding     CheckName = "holder_binding"
	CheckRecognition CheckName = "recognition"
	CheckFreshness   CheckName = "index_freshness"
	CheckWitness     CheckName = "witness_agreement"
)

// Outcome is what a check came to.
type Outcome string

// Skipped means that nothing asked for the check; Unknown, that it was asked for and could not be decided.
const (
	Passed  Outcome = "pass"
	Failed  Outcome = "fail"
	Unknown Outcome = "unknown"
	Skipped Outcome = "skipped"
)

// Check is one check of a verdict. Evidence points at what it rests on: a batch and its position, an agreement and its
// version, a height. It never holds a claim's value.
type Check struct {
	Name     CheckName
	Outcome  Outcome
	Code     Code
	Evidence string
}

// Verdict is a decision with its reasons. It is a value: equal evidence gives an equal verdict.
type Verdict struct {
	Result     Result
	Code       Code // of the check that decided; OK for valid
	Disputed   bool
	Checks     []Check
	Commitment [32]byte // of the certificate; zero where it could not be read
	Authority  string   // USCC; empty where unknown, as the following
	Issuer     string   // region code
	Type       string
	Version    int // of the type
	Agreement  string
	Revision   int    // version of the agreement
	Height     uint64 // of the ledger that the verdict rests on
	Digest     [32]byte
	Agreeing   []string // regions whose digests agree with ours
	AgreedAt   uint64   // the height at which they do
}

// Check finds a check by name.
func (v *Verdict) Check(name CheckName) (Check, bool) {
	for _, c := range v.Checks {
		if c.Name == name {
			return c, true
		}
	}
	return Check{}, false
}
