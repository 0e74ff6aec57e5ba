package attest

// verdicts of the checks that speak once everything that rests on evidence has passed, in the order in which they speak.
var speaking = []struct {
	check CheckName
	code  Code
	as    Result
}{
	{CheckStatus, CodeRevoked, Revoked},
	{CheckStatus, CodeSuperseded, Superseded},
	{CheckStatus, CodeSuspended, Suspended},
	{CheckValidity, CodeExpired, Expired},
	{CheckValidity, CodeNotYetValid, NotYetValid},
}

func (j *judge) decide() {
	// What contradicts itself needs no ledger to be refused.
	if c, ok := j.first(Failed, CheckParse); ok {
		j.refuse(c.Code)
		return
	}
	if c, ok := j.first(Unknown, CheckFreshness, CheckWitness); ok {
		j.set(Undetermined, c.Code)
		return
	}
	if c, ok := j.first(Failed, CheckSignature, CheckBinding); ok && j.e.Request.Relayed {
		j.refuse(c.Code)
		return
	}
	if c, ok := j.first(Failed, CheckSignature, CheckKey, CheckAuthority, CheckBinding); ok {
		j.set(Invalid, c.Code)
		return
	}
	for _, c := range j.v.Checks {
		if c.Outcome == Unknown && c.Code != CodeNotChecked {
			j.set(Undetermined, c.Code)
			return
		}
	}
	j.speak()
}

// refuse is for what only its presenter can have made wrong.
func (j *judge) refuse(c Code) {
	if j.e.Request.Relayed {
		j.set(Undetermined, CodeRegionAnswer)
		return
	}
	j.set(Invalid, c)
}

// first is the first of the named checks that came to the outcome.
func (j *judge) first(outcome Outcome, names ...CheckName) (Check, bool) {
	for _, name := range names {
		if c, _ := j.v.Check(name); c.Outcome == outcome {
			return c, true
		}
	}
	return Check{}, false
}

// speak ends the weighing. Whatever then still stands against the document, or was not made, leaves a doubt.
func (j *judge) speak() {
	recognised, _ := j.v.Check(CheckRecognition)
	suspensionAccepted := recognised.Outcome == Passed && recognised.Code == CodeAgreementAccepts
	for _, s := range speaking {
		c, _ := j.v.Check(s.check)
		if c.Outcome == Failed && c.Code == s.code && (s.as != Suspended || !suspensionAccepted) {
			j.set(s.as, c.Code)
			return
		}
	}
	if recognised.Outcome == Failed {
		j.set(NotRecognised, recognised.Code)
		return
	}
	if c, ok := j.open(); ok {
		j.set(Undetermined, c.Code)
		return
	}
	j.set(Valid, CodeOK)
}

// open is the first check that still leaves a doubt; a suspension that came this far was accepted.
func (j *judge) open() (Check, bool) {
	for _, c := range j.v.Checks {
		if c.Outcome == Unknown || c.Outcome == Failed && c.Code != CodeSuspended {
			return c, true
		}
	}
	return Check{}, false
}

func (j *judge) set(r Result, c Code) { j.v.Result, j.v.Code = r, c }
