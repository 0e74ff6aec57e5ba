package registry

import "github.com/huzheng-ledger/huzheng/attest"

// agreement is the record behind attest.Agreement, with the digest of the command that proposed it.
type agreement struct {
	attest.Agreement
	digest string
}

func encodeAgreement(w *attest.ObjectWriter, a *attest.Agreement) {
	w.String("id", a.ID)
	w.Int64("version", int64(a.Version))
	w.Strings("issuers", a.Issuers)
	w.Strings("relying", a.Relying)
	w.Strings("types", a.Types)
	w.Strings("scenarios", a.Scenarios)
	w.Strings("disclose", a.Conditions.Disclose)
	w.Int64("maxAgeDays", int64(a.Conditions.MaxAgeDays))
	w.Bool("acceptSuspended", a.Conditions.AcceptSuspended)
	w.Int64("from", a.From)
	w.Int64("until", a.Until)
}

func decodeAgreementTerms(f *attest.Fields) attest.Agreement {
	return attest.Agreement{ID: f.String("id"), Version: int(f.Int64("version")), Issuers: f.Strings("issuers"),
		Relying: f.Strings("relying"), Types: f.Strings("types"), Scenarios: f.Strings("scenarios"),
		Conditions: attest.Conditions{Disclose: f.Strings("disclose"), MaxAgeDays: int(f.Int64("maxAgeDays")),
			AcceptSuspended: f.Bool("acceptSuspended")},
		From: f.Int64("from"), Until: f.Int64("until"), State: attest.AgreementProposed}
}

func (a *agreement) encode() []byte {
	return encodeRecord(func(w *attest.ObjectWriter) {
		encodeAgreement(w, &a.Agreement)
		w.Strings("approved", a.Approved)
		w.String("state", string(a.State))
		w.Int64("ends", a.Ends)
		w.String("cmd", a.digest)
	})
}

func decodeAgreement(value []byte) (*agreement, error) {
	return decodeRecord(value, func(f *attest.Fields) agreement {
		a := agreement{Agreement: decodeAgreementTerms(f), digest: f.String("cmd")}
		a.Approved, a.State, a.Ends = f.Strings("approved"), attest.AgreementState(f.String("state")), f.Int64("ends")
		return a
	})
}

// DecodeAgreement reads the record at KeyAgreement, with the digest of the command that proposed it: what a party names
// to approve exactly this version.
func DecodeAgreement(value []byte) (terms *attest.Agreement, proposal string, err error) {
	a, err := decodeAgreement(value)
	if err != nil {
		return nil, "", err
	}
	return &a.Agreement, a.digest, nil
}
