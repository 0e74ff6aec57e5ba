package attest

// LeafEvidence is what is known of a thing that stands on the ledger by its commitment alone: a document recorded as it
// is, a version of a dataset, a verification receipt. Nothing but its place in an anchored batch speaks for it.
type LeafEvidence struct {
	Kind       Kind
	Commit     func(s Suite) [32]byte // to what was presented; nil where that could not be read
	ContentErr error                  // why not, or why it contradicts itself
	Policy     Policy

	Inclusion  *Inclusion
	ReceiptErr error
	Suite      Suite // that the receipt names
	Batch      *Batch
	Key        *Key       // that anchored the batch
	Authority  *Authority // whose key it is; nil where it is a gateway's
	Ledger     Ledger
	LookupErr  error
}

// JudgeLeaf decides whether what was presented is what was anchored. Its results are valid, invalid and undetermined:
// here a receipt that leads elsewhere does contradict the document, for nothing else connects the two.
func JudgeLeaf(e *LeafEvidence) *Verdict {
	j := &judge{e: &Evidence{Policy: e.Policy, Batch: e.Batch, Key: e.Key, Ledger: e.Ledger, LookupErr: e.LookupErr},
		v: &Verdict{Height: e.Ledger.Height, Digest: e.Ledger.Digest, Agreeing: e.Ledger.Agreeing,
			AgreedAt: e.Ledger.AgreedHeight, Checks: make([]Check, 0, 5)}}
	if e.Authority != nil {
		j.v.Authority, j.v.Issuer = e.Authority.Code, e.Authority.Region
	}
	if e.Commit != nil && e.Suite.Valid() {
		j.v.Commitment = e.Commit(e.Suite)
	}
	j.add(CheckParse, e.content())
	j.add(CheckInclusion, e.inclusion(j.v.Commitment))
	j.add(CheckKey, j.key())
	j.add(CheckFreshness, j.freshness())
	j.add(CheckWitness, j.witness())
	j.decideLeaf()
	return j.v
}

func (e *LeafEvidence) content() finding {
	switch {
	case e.ContentErr != nil:
		return wrong(e.ContentErr)
	case e.Commit == nil:
		return unknown(CodeNotChecked, "")
	}
	return pass("")
}

func (e *LeafEvidence) inclusion(commitment [32]byte) finding {
	switch {
	case e.ReceiptErr != nil:
		return unknown(CodeOf(e.ReceiptErr), "")
	case e.Inclusion == nil:
		return unknown(CodeReceiptMissing, "")
	case e.Batch == nil:
		return unknown(CodeBatchUnknown, e.Inclusion.Batch)
	case e.Inclusion.Kind != e.Kind, e.Batch.Kind != e.Kind:
		return unknown(CodeReceiptKind, string(e.Batch.Kind))
	case e.Suite != e.Batch.Suite:
		return unknown(CodeHashUnknown, e.Batch.ID)
	}
	if err := e.Inclusion.Proves(commitment, e.Batch.Root, e.Batch.Size); err != nil {
		return fail(CodeOf(err), e.Batch.ID)
	}
	return pass("batch " + e.Batch.ID + " at " + position(e.Batch))
}

func (j *judge) decideLeaf() {
	if c, ok := j.first(Failed, CheckParse); ok {
		j.set(Invalid, c.Code)
		return
	}
	if c, ok := j.first(Unknown, CheckFreshness, CheckWitness); ok {
		j.set(Undetermined, c.Code)
		return
	}
	if c, ok := j.first(Failed, CheckInclusion, CheckKey); ok {
		j.set(Invalid, c.Code)
		return
	}
	if c, ok := j.first(Unknown, CheckParse, CheckInclusion, CheckKey); ok {
		j.set(Undetermined, c.Code)
		return
	}
	j.set(Valid, CodeOK)
}
