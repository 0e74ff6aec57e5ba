package attest

import "slices"

// Facts are what recognition is decided on, beside the agreements themselves.
type Facts struct {
	Issuer    string // region code of the issuing authority
	Relying   string // region code of the verifier
	Type      string // certificate type code
	Scenario  string // 事项
	Date      int64  // Unix seconds
	IssuedAt  int64  // the certificate's iat
	Suspended bool
	Disclosed func(claim string) bool
}

// Recognition is the answer of Recognise, with what decided it.
type Recognition struct {
	Accepted  bool
	Code      Code       // SAME_REGION or AGREEMENT_ACCEPTS; else why not
	Agreement *Agreement // the agreement that decided; nil within a region or where none applies
	Missing   []string   // CONDITION_DISCLOSE: claims that the agreement wants to see
}

// InForce reports whether every party had approved the agreement and its period, and any notice given, covers date.
func (a *Agreement) InForce(date int64) bool {
	switch {
	case a.State == AgreementProposed, date < a.From:
		return false
	case a.Until != 0 && date >= a.Until:
		return false
	case a.State == AgreementWithdrawn:
		return date < a.Ends
	default:
		return a.State == AgreementInForce
	}
}

// Covers reports whether the agreement speaks of this issuer, relying region, type and scenario.
func (a *Agreement) Covers(f *Facts) bool {
	return slices.Contains(a.Issuers, f.Issuer) && slices.Contains(a.Relying, f.Relying) &&
		slices.Contains(a.Types, f.Type) && slices.Contains(a.Scenarios, f.Scenario)
}

// Recognise decides whether a certificate of one region is accepted in another for a scenario. Within a region its own
// law accepts. Otherwise one agreement in force must cover the case and have its conditions met; the first that does, in
// the order given, decides. Where none does, the answer names the nearest miss. A suspended certificate is accepted
// only where the agreement says so, also within a region it is not.
func Recognise(f *Facts, agreements []*Agreement) Recognition {
	if f.Issuer == f.Relying {
		return Recognition{Accepted: true, Code: CodeSameRegion}
	}
	miss := Recognition{Code: CodeScenarioUnknown}
	for _, a := range agreements {
		if !a.Covers(f) || !a.InForce(f.Date) {
			if miss.Code == CodeScenarioUnknown && slices.Contains(a.Scenarios, f.Scenario) {
				miss.Code = CodeNoAgreement
			}
			continue
		}
		r := a.conditions(f)
		if r.Accepted {
			return r
		}
		miss = r
	}
	return miss
}

func (a *Agreement) conditions(f *Facts) Recognition {
	const day = 24 * 60 * 60
	r := Recognition{Agreement: a}
	for _, claim := range a.Conditions.Disclose {
		if !f.Disclosed(claim) {
			r.Missing = append(r.Missing, claim)
		}
	}
	switch {
	case len(r.Missing) > 0:
		r.Code = CodeConditionDisclose
	case a.Conditions.MaxAgeDays > 0 && f.Date-f.IssuedAt > int64(a.Conditions.MaxAgeDays)*day:
		r.Code = CodeConditionAge
	case f.Suspended && !a.Conditions.AcceptSuspended:
		r.Code = CodeConditionSuspended
	default:
		r.Accepted, r.Code = true, CodeAgreementAccepts
	}
	return r
}
