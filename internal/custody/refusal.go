package custody

// RefusalReason says why a request was refused. Stable: it is stored.
type RefusalReason string

// The reasons.
const (
	RefusedAccess      RefusalReason = "access"       // not signed in for it, or without the role
	RefusedSession     RefusalReason = "session"      // the session had ended
	RefusedRecent      RefusalReason = "recent"       // asked who it is too long ago, for an act that cannot be undone
	RefusedSignIn      RefusalReason = "sign-in"      // the provider's answer let nobody in
	RefusedOwner       RefusalReason = "owner"        // it is another authority's or tenant's, or nobody's
	RefusedToken       RefusalReason = "token"        // a form without this browser's token
	RefusedCrossOrigin RefusalReason = "cross-origin" // a form that another site sent
	RefusedCredential  RefusalReason = "credential"   // no API key, or none that is known
	RefusedScope       RefusalReason = "scope"        // the API key has no scope for it
	RefusedRate        RefusalReason = "rate"         // too often
	RefusedCode        RefusalReason = "code"         // a proof code that cannot be used
	RefusedRule        RefusalReason = "rule"         // the ledger's rules do not permit it
)

// RefusalReasons lists every reason once.
func RefusalReasons() []RefusalReason {
	return []RefusalReason{RefusedAccess, RefusedSession, RefusedRecent, RefusedSignIn, RefusedOwner, RefusedToken, RefusedCrossOrigin, RefusedCredential,
		RefusedScope, RefusedRate, RefusedCode, RefusedRule}
}

// RefusedCaller says what kind of caller was refused. Stable: it is stored.
type RefusedCaller string

// The kinds of callers.
const (
	CallerNobody  RefusedCaller = "nobody" // nobody who had shown who they are
	CallerCitizen RefusedCaller = "citizen"
	CallerStaff   RefusedCaller = "staff"
	CallerKey     RefusedCaller = "key"    // an API key
	CallerRegion  RefusedCaller = "region" // another region's gateway
)

// Refusal is a request that was refused, or the sum of several that are alike in all that it says. It says nothing of what
// was sent: neither a code, a path, an address nor a person.
type Refusal struct {
	Seq    uint64 // in the audit log, given by the vault
	Time   int64  // Unix seconds: of the first
	Until  int64  // of the last
	Count  uint64
	Caller RefusedCaller
	// Account is by whose list it is found: the credential of audit records of an API key or an office's staff; empty where it
	// concerns the gateway and no tenant of it.
	Account string
	ID      string // of the caller: a pseudonym of a member of staff, a region's division code; empty: see Account
	Route   string // method and template, as "POST /office/verify"; empty: several
	Reason  RefusalReason
	Code    string // more exactly, a code of attest or a word of what refused it; empty: Reason says it all
}
