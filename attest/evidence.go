package attest

import "unicode/utf8"

// MaxUseCause is the longest useCause in characters, as deployed sharing services have it (GB/T 36906).
const MaxUseCause = 200

// Request says who asks, for what, and what the presentation has to be bound to.
type Request struct {
	Relying  string // region code of the verifier
	Verifier string // who asks: an office or an integrator, by the name its credential has
	UseCause string // the purpose in words, mandatory
	Scenario string // 事项, mandatory
	Now      int64  // Unix seconds at the verifier
	Audience string // holder binding: what aud must be; with Nonce empty as well, binding is not asked for
	Nonce    string
	MaxAge   int64 // seconds that a key binding may be old; zero: DefaultPolicy's
	// Relayed: the home region's gateway presents, for a proof code, to a nonce that was drawn for this very request. The
	// nonce and not the other region's clock then tells that the binding is fresh; and what would be the presenter's
	// forgery (form, signature, binding) is that region's fault, which leaves a doubt and says nothing against the citizen.
	Relayed bool
}

// RelayedSkew is how far, in seconds, two regions' clocks may be apart where a nonce tells freshness.
const RelayedSkew = 15 * 60

// Validate refuses a request without purpose or scenario: a verification names both, or it is not made.
func (r *Request) Validate() error {
	switch {
	case r.UseCause == "":
		return Errorf(CodePurposeMissing, "useCause says what the verification is for; it is mandatory")
	case utf8.RuneCountInString(r.UseCause) > MaxUseCause:
		return Errorf(CodePurposeTooLong, "useCause has at most %d characters", MaxUseCause)
	case r.Scenario == "":
		return Errorf(CodeScenarioMissing, "scenario names the item of business (事项); it is mandatory")
	}
	return nil
}

// WantsBinding reports whether the presentation must be bound to this verifier.
func (r *Request) WantsBinding() bool { return r.Audience != "" || r.Nonce != "" }

// Policy bounds how old knowledge may be. All in seconds.
type Policy struct {
	MaxIndexAge   int64 // since the ledger was last heard of
	MaxWitnessLag int64 // since the oldest block that f+1 regions have not yet agreed on
	ClockSkew     int64 // between the clocks of parties
	MaxBindingAge int64
}

// DefaultPolicy keeps the hard bound of a revocation: nothing older than a minute makes a document valid. Five seconds less
// are allowed, since ages are counted in whole seconds and a verdict takes its time to arrive.
func DefaultPolicy() Policy {
	return Policy{MaxIndexAge: 55, MaxWitnessLag: 55, ClockSkew: 60, MaxBindingAge: 300}
}

// Ledger is what a follower knows of the ledger and of the other regions' view of it.
type Ledger struct {
	Height       uint64   // the last block applied
	Digest       [32]byte // ours at Height
	Age          int64    // seconds since the ledger was last heard of
	Frozen       bool     // a region's statement contradicts ours: nothing may be judged
	Regions      int      // members of the consortium, n; up to f = (n−1)/3 of them may lie
	Agreeing     []string // regions, ours included once it has stated, that agree with our digest at AgreedHeight or above
	AgreedHeight uint64   // the highest at which f+1 regions agree
	Lag          int64    // seconds since the oldest applied block with content above AgreedHeight; zero: none
}

// Tolerated is the number of regions that may lie, f.
func (l *Ledger) Tolerated() int { return max(0, (l.Regions-1)/3) }

// Inclusion is an inclusion receipt as it was presented. Proves is the Merkle part: that commitment is the leaf the
// receipt speaks of in a tree of this root and size (RFC 9162, 2.1.3.2).
type Inclusion struct {
	Kind   Kind
	Suite  Suite // that the path is hashed with
	Batch  string
	Proves func(commitment, root [32]byte, size uint64) error
}

// Evidence is everything a verdict is made of: what was presented, what the ledger's replica says, who asks. A nil
// record was looked for and is not on the ledger. Gathering it is the business of attest/registry.
type Evidence struct {
	Request Request
	Policy  Policy

	Document    *SDJWT
	DocumentErr error // why Document, Profile or Claims could not be read
	Profile     *Profile
	Claims      *Claims
	Inclusion   *Inclusion
	ReceiptErr  error // why the receipt could not be read

	Authority  *Authority
	Key        *Key
	Type       *CertificateType
	Batch      *Batch
	Status     []Interval
	Agreements []*Agreement
	Ledger     Ledger
	LookupErr  error // a look-up failed: nothing that rests on the ledger can be decided
}
