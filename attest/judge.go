package attest

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Judge decides. It is a pure function of the evidence: no clock, no look-up, no randomness. It makes every check that
// the evidence allows and then weighs them: what contradicts itself is invalid whatever the ledger says; what rests on a
// stale, frozen or failing replica is undetermined; then what the ledger contradicts is invalid, what it cannot answer
// undetermined; only then status, time and recognition speak, and only when all of them agree is a document valid.
func Judge(e *Evidence) *Verdict {
	j := &judge{e: e, v: &Verdict{Height: e.Ledger.Height, Digest: e.Ledger.Digest,
		Agreeing: e.Ledger.Agreeing, AgreedAt: e.Ledger.AgreedHeight, Checks: make([]Check, 0, 12)}}
	j.identify()
	j.add(CheckParse, j.parse())
	j.add(CheckSignature, j.signature())
	j.add(CheckInclusion, j.inclusion())
	j.add(CheckKey, j.key())
	j.add(CheckAuthority, j.authority())
	j.add(CheckValidity, j.validity())
	j.add(CheckStatus, j.status())
	j.add(CheckDispute, finding{outcome: Skipped, code: CodeNotChecked})
	j.add(CheckBinding, j.binding())
	j.add(CheckRecognition, j.recognition())
	j.add(CheckFreshness, j.freshness())
	j.add(CheckWitness, j.witness())
	j.decide()
	return j.v
}

type judge struct {
	e         *Evidence
	v         *Verdict
	suspended bool // by an interval that the recognition may yet accept
}

// finding is what a check came to, before it has a name.
type finding struct {
	outcome  Outcome
	code     Code
	evidence string
}

func pass(evidence string) finding { return finding{Passed, CodeOK, evidence} }
func fail(code Code, evidence string) finding {
	return finding{Failed, code, evidence}
}
func unknown(code Code, evidence string) finding {
	return finding{Unknown, code, evidence}
}

func (j *judge) add(name CheckName, f finding) {
	j.v.Checks = append(j.v.Checks, Check{Name: name, Outcome: f.outcome, Code: f.code, Evidence: f.evidence})
}

func (j *judge) identify() {
	if p := j.e.Profile; p != nil {
		j.v.Authority, j.v.Type, j.v.Version = p.Authority, p.Type, p.TypeVersion
	}
	if a := j.e.Authority; a != nil {
		j.v.Issuer = a.Region
	}
	if d := j.e.Document; d != nil && d.Issuer != nil {
		if s, err := SuiteByAlg(d.Issuer.Alg); err == nil {
			j.v.Commitment = CommitCertificate(s, d.IssuerJWT())
		}
	}
}

// inconclusive are the errors of reading that say "we do not know this", not "this is wrong".
func inconclusive(err error) bool {
	switch CodeOf(err) {
	case CodeAlgUnknown, CodeHashUnknown, CodeSDJWTType, CodeClaimUnknown, CodeInternal,
		CodeSDJWTSize, CodeJSONSize: // more than we read is not a contradiction
		return true
	default:
		return false
	}
}

func (j *judge) parse() finding {
	if err := j.e.DocumentErr; err != nil {
		return wrong(err)
	}
	if j.e.Document == nil || j.e.Profile == nil || j.e.Claims == nil {
		return unknown(CodeNotChecked, "")
	}
	return pass("")
}

// wrong makes a finding of an error: a doubt where it says that we do not know, a failure where it says that it is not so.
func wrong(err error) finding {
	detail := ""
	var e *Error
	if errors.As(err, &e) {
		detail = e.Detail
	}
	if inconclusive(err) {
		return unknown(CodeOf(err), detail)
	}
	return fail(CodeOf(err), detail)
}

func (j *judge) signature() finding {
	e := j.e
	if e.Document == nil || e.Profile == nil {
		return unknown(CodeNotChecked, "")
	}
	owner, _, _ := strings.Cut(e.Profile.KeyID, "#")
	switch {
	case e.Authority == nil:
		return unknown(CodeIssuerUnknown, "")
	case e.Authority.Issuer != e.Profile.Issuer:
		return fail(CodeIssuerMismatch, "")
	case owner != e.Profile.Authority:
		return fail(CodeKeyMismatch, "")
	case e.Key == nil:
		return unknown(CodeKeyUnknown, "")
	case e.Key.Use != UseIssue:
		return fail(CodeKeyUse, e.Key.ID)
	}
	if err := e.Document.Issuer.Verify(e.Key.Public); err != nil {
		return wrong(err)
	}
	return pass(e.Key.ID)
}

// inclusion never fails outright: a receipt that proves something else says nothing about this certificate.
func (j *judge) inclusion() finding {
	e := j.e
	switch {
	case e.ReceiptErr != nil:
		return unknown(CodeOf(e.ReceiptErr), "")
	case e.Inclusion == nil:
		return unknown(CodeReceiptMissing, "")
	case e.Inclusion.Kind != KindCertificate:
		return unknown(CodeReceiptKind, string(e.Inclusion.Kind))
	case e.Batch == nil:
		return unknown(CodeBatchUnknown, e.Inclusion.Batch)
	case e.Batch.Kind != KindCertificate:
		return unknown(CodeReceiptKind, string(e.Batch.Kind))
	case e.Inclusion.Suite != e.Batch.Suite:
		return unknown(CodeHashUnknown, e.Batch.ID)
	case e.Profile == nil || e.Batch.Key != e.Profile.KeyID:
		return unknown(CodeKeyMismatch, e.Batch.ID)
	}
	if err := e.Inclusion.Proves(j.v.Commitment, e.Batch.Root, e.Batch.Size); err != nil {
		return unknown(CodeOf(err), e.Batch.ID)
	}
	return pass("batch " + e.Batch.ID + " at " + position(e.Batch))
}

func position(b *Batch) string {
	return strconv.FormatUint(b.Block, 10) + "/" + strconv.FormatUint(uint64(b.Tx), 10)
}

// included reports that the certificate's place on the ledger is proved.
func (j *judge) included() bool {
	c, _ := j.v.Check(CheckInclusion)
	return c.Outcome == Passed
}

func (j *judge) key() finding {
	switch {
	case j.e.Key == nil || !j.included():
		return unknown(CodeNotChecked, "")
	case !j.e.Key.Sound(j.e.Batch.Block):
		return fail(CodeKeyCompromised, "from block "+strconv.FormatUint(j.e.Key.CompromisedFrom, 10))
	}
	return pass(j.e.Key.ID)
}

// authority rests on the scope that the rules checked when the batch was anchored: what an authority may issue today
// says nothing about what it was allowed to issue then.
func (j *judge) authority() finding {
	switch {
	case j.e.Authority == nil:
		return unknown(CodeIssuerUnknown, "")
	case j.e.Type == nil:
		return unknown(CodeTypeUnknown, "")
	case !j.included():
		return unknown(CodeNotChecked, "")
	}
	if !slices.Contains(j.e.Batch.Types, j.e.Profile.Type) {
		return fail(CodeTypeNotAccredited, j.e.Authority.Code)
	}
	if !j.knowsClaims() {
		return unknown(CodeClaimUnknown, j.e.Type.Code)
	}
	return pass(j.e.Authority.Code)
}

// knowsClaims reports whether the type defines every claim that the presentation discloses: what a verifier cannot
// interpret it cannot vouch for.
func (j *judge) knowsClaims() bool {
	if j.e.Claims == nil {
		return false
	}
	for name := range j.e.Claims.Root().pairs {
		name := name.Str()
		if _, ok := j.e.Type.Grades[name]; !ok && !visibleClaims[name] && !slices.Contains(j.e.Type.Predicates, name) {
			return false
		}
	}
	return true
}

func (j *judge) validity() finding {
	p, now := j.e.Profile, j.e.Request.Now
	switch {
	case p == nil:
		return unknown(CodeNotChecked, "")
	case now < max(p.NotBefore, p.IssuedAt-j.e.Policy.ClockSkew):
		return fail(CodeNotYetValid, "")
	case p.Expires != 0 && now >= p.Expires:
		return fail(CodeExpired, "")
	}
	return pass("")
}

func (j *judge) status() finding {
	e := j.e
	if e.Profile == nil {
		return unknown(CodeNotChecked, "")
	}
	if !e.Profile.HasStatus {
		return unknown(CodeStatusMissing, "")
	}
	at := e.statusNow()
	if at == nil {
		return pass("")
	}
	switch at.State {
	case StatusSuspended:
		j.suspended = true
		return fail(CodeSuspended, at.Reason)
	case StatusSuperseded:
		return fail(CodeSuperseded, at.Successor)
	case StatusRevoked:
		return fail(CodeRevoked, at.Reason)
	default:
		return unknown(CodeStatusMissing, "")
	}
}

// statusNow is the interval that speaks. An end whose date lies within the skew of clocks counts already, also behind a
// suspension.
func (e *Evidence) statusNow() *Interval {
	at := StatusAt(e.Status, e.Request.Now+e.Policy.ClockSkew)
	if at != nil && at.State != StatusSuspended {
		return at
	}
	if now := StatusAt(e.Status, e.Request.Now); now != nil {
		return now
	}
	return at
}

func (j *judge) binding() finding {
	e := j.e
	if !e.Request.WantsBinding() {
		return finding{outcome: Skipped, code: CodeBindingNotAsked}
	}
	if e.Document == nil || e.Profile == nil {
		return unknown(CodeNotChecked, "")
	}
	if e.Document.KeyBinding == nil || e.Profile.Holder == nil {
		return fail(CodeBindingMissing, "")
	}
	age := e.Request.MaxAge
	if age == 0 {
		age = e.Policy.MaxBindingAge
	}
	skew := e.Policy.ClockSkew
	if e.Request.Relayed && e.Request.Nonce != "" {
		skew = max(skew, RelayedSkew)
	}
	err := VerifyBinding(e.Document, e.Profile.Holder, Binding{Audience: e.Request.Audience, Nonce: e.Request.Nonce,
		Now: e.Request.Now, MaxAge: age, Skew: skew})
	if err != nil {
		return wrong(err)
	}
	return pass("")
}

func (j *judge) recognition() finding {
	e := j.e
	if e.Authority == nil || e.Profile == nil || e.Claims == nil {
		return unknown(CodeNotChecked, "")
	}
	r := Recognise(&Facts{Issuer: e.Authority.Region, Relying: e.Request.Relying, Type: e.Profile.Type,
		Scenario: e.Request.Scenario, Date: e.Request.Now, IssuedAt: e.Profile.IssuedAt, Suspended: j.suspended,
		Disclosed: func(claim string) bool { _, ok := e.Claims.Get(claim); return ok }}, e.Agreements)
	evidence := strings.Join(r.Missing, ",")
	if a := r.Agreement; a != nil {
		j.v.Agreement, j.v.Revision = a.ID, a.Version
		evidence = strings.TrimSpace(a.ID + "/" + strconv.Itoa(a.Version) + " " + evidence)
	}
	if !r.Accepted {
		return fail(r.Code, evidence)
	}
	return finding{Passed, r.Code, evidence}
}

func (j *judge) freshness() finding {
	switch {
	case j.e.LookupErr != nil:
		return unknown(CodeOf(j.e.LookupErr), "")
	case j.e.Ledger.Age > j.e.Policy.MaxIndexAge, j.e.Ledger.Age < -j.e.Policy.ClockSkew: // or a clock that went back
		return unknown(CodeIndexStale, strconv.FormatInt(j.e.Ledger.Age, 10)+" s")
	}
	return pass("height " + strconv.FormatUint(j.e.Ledger.Height, 10))
}

func (j *judge) witness() finding {
	l := &j.e.Ledger
	need := l.Tolerated() + 1
	evidence := strconv.Itoa(len(l.Agreeing)) + " of " + strconv.Itoa(l.Regions) + " regions agree at height " +
		strconv.FormatUint(l.AgreedHeight, 10)
	switch {
	case l.Frozen:
		return unknown(CodeWitnessFrozen, evidence)
	case len(l.Agreeing) < need || l.Regions == 0:
		return unknown(CodeWitnessTooFew, evidence)
	case l.Lag > j.e.Policy.MaxWitnessLag:
		return unknown(CodeWitnessLag, evidence)
	case j.e.Batch != nil && j.e.Batch.Block > l.AgreedHeight:
		return unknown(CodeWitnessPending, evidence)
	}
	return pass(evidence)
}
