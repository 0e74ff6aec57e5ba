package registry_test

import (
	"errors"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

func timely() []judged {
	at := func(now int64, changes ...func(s *stage)) func(s *stage) {
		return func(s *stage) {
			for _, change := range changes {
				change(s)
			}
			s.request.Now = testledger.Start + now
		}
	}
	status := func(op, state, reason string, from int64) func(s *stage) {
		return func(s *stage) { s.status(op, state, reason, from) }
	}
	begins := func(nbf, iat, exp int64) func(s *stage) {
		return func(s *stage) {
			s.issue(func(c *attest.Certificate) {
				c.NotBefore, c.IssuedAt, c.Expires = testledger.Start+nbf, testledger.Start+iat, testledger.Start+exp
			})
		}
	}
	suspend, reinstate := status("1", "suspended", "02", 1000), status("2", "reinstated", "01", 2000)
	return []judged{
		{"a second before it begins", at(499, begins(500, 0, 900)), attest.NotYetValid, attest.CodeNotYetValid, nil},
		{"as it begins", at(500, begins(500, 0, 900)), attest.Valid, attest.CodeOK, nil},
		{"its last second", at(899, begins(500, 0, 900)), attest.Valid, attest.CodeOK, nil},
		{"as it ends", at(900, begins(500, 0, 900)), attest.Expired, attest.CodeExpired, nil},
		{"issued in the future, within the skew", at(440, begins(1, 500, 900)), attest.Valid, attest.CodeOK, nil},
		{"issued in the future", at(439, begins(1, 500, 900)), attest.NotYetValid, attest.CodeNotYetValid, nil},
		{"long before a suspension", at(900, suspend), attest.Valid, attest.CodeOK, nil},
		{"a suspension within the skew", at(940, suspend), attest.Suspended, attest.CodeSuspended, nil},
		{"as it is suspended", at(1000, suspend), attest.Suspended, attest.CodeSuspended,
			map[attest.CheckName]attest.Code{attest.CheckRecognition: attest.CodeConditionSuspended}},
		{"suspended, at home", at(1000, suspend, func(s *stage) { s.request.Relying = "440000" }), attest.Suspended, attest.CodeSuspended, nil},
		{"the last second of a suspension", at(1999, suspend, reinstate), attest.Suspended, attest.CodeSuspended, nil},
		{"as it is reinstated", at(2000, suspend, reinstate), attest.Valid, attest.CodeOK, nil},
		{"revoked", at(1000, status("1", "revoked", "03", 500)), attest.Revoked, attest.CodeRevoked, nil},
		{"a revocation within the skew", at(440, status("1", "revoked", "03", 500)), attest.Revoked, attest.CodeRevoked, nil},
		{"before a revocation by notice", at(439, status("1", "revoked", "03", 500)), attest.Valid, attest.CodeOK, nil},
		{"superseded", at(1000, status("1", "superseded", "06", 500)), attest.Superseded, attest.CodeSuperseded, nil},
		{"revoked and expired", at(900, begins(500, 0, 900), status("1", "revoked", "03", 600)), attest.Revoked, attest.CodeRevoked, nil},
		{"expired and not recognised", at(900, begins(500, 0, 900), func(s *stage) { s.request.Scenario = "公证" }), attest.Expired, attest.CodeExpired, nil},
		{"suspended, and the agreement accepts that", at(1000, suspend, acceptSuspended), attest.Valid, attest.CodeOK,
			map[attest.CheckName]attest.Code{attest.CheckStatus: attest.CodeSuspended}},
		{"suspended and accepted, but revoked within the skew", at(1960, suspend, acceptSuspended, status("2", "revoked", "03", 2000)),
			attest.Revoked, attest.CodeRevoked, nil},
		{"suspended and accepted, but expired", at(1000, begins(500, 0, 900), suspend, acceptSuspended), attest.Expired, attest.CodeExpired, nil},
		{"a state that nobody knows", func(s *stage) {
			s.edit = func(e *attest.Evidence) { e.Status = []attest.Interval{{State: "lost", From: 1}} }
		}, attest.Undetermined, attest.CodeStatusMissing, nil},
	}
}

func acceptSuspended(s *stage) {
	a := s.Agreement("tolerant")
	a.Conditions.AcceptSuspended = true
	s.Agree(a)
}

func bound() []judged {
	bind := func(index uint32, audience, nonce string, before int64) func(s *stage) {
		return func(s *stage) { s.bound(s.Holder(index), audience, nonce, before) }
	}
	return []judged{
		{"bound to what was asked", bind(7, "office-1", "nonce-1", 0), attest.Valid, attest.CodeOK, map[attest.CheckName]attest.Code{attest.CheckBinding: attest.CodeOK}},
		{"bound as long ago as may be", bind(7, "office-1", "nonce-1", 360), attest.Valid, attest.CodeOK, nil},
		{"bound too long ago", bind(7, "office-1", "nonce-1", 361), attest.Invalid, attest.CodeBindingStale, nil},
		{"bound in the future", bind(7, "office-1", "nonce-1", -61), attest.Invalid, attest.CodeBindingStale, nil},
		{"bound too long ago for this request", func(s *stage) {
			s.bound(s.Holder(7), "office-1", "nonce-1", 71)
			s.request.MaxAge = 10
		}, attest.Invalid, attest.CodeBindingStale, nil},
		{"bound to another audience", bind(7, "office-2", "nonce-1", 0), attest.Invalid, attest.CodeBindingAudience, nil},
		{"bound to another nonce", bind(7, "office-1", "nonce-2", 0), attest.Invalid, attest.CodeBindingNonce, nil},
		{"relayed for another nonce", func(s *stage) {
			s.bound(s.Holder(7), "office-1", "nonce-2", 0)
			s.request.Relayed = true
		}, attest.Undetermined, attest.CodeRegionAnswer, map[attest.CheckName]attest.Code{attest.CheckBinding: attest.CodeBindingNonce}},
		{"relayed by a clock that is behind", func(s *stage) {
			s.bound(s.Holder(7), "office-1", "nonce-1", attest.DefaultPolicy().MaxBindingAge+attest.RelayedSkew)
			s.request.Relayed = true
		}, attest.Valid, attest.CodeOK, nil},
		{"bound by another", bind(8, "office-1", "nonce-1", 0), attest.Invalid, attest.CodeBindingSignature, nil},
		{"not bound", func(s *stage) { s.request.Nonce = "nonce-1" }, attest.Invalid, attest.CodeBindingMissing, nil},
		{"nobody's", func(s *stage) {
			s.issue(func(c *attest.Certificate) { c.Holder = nil })
			s.bound(s.Holder(7), "office-1", "nonce-1", 0)
		}, attest.Invalid, attest.CodeBindingMissing, nil},
		{"bound with other disclosures", func(s *stage) {
			s.bound(s.Holder(7), "office-1", "nonce-1", 0)
			p := string(s.presentation())
			first := strings.Split(p, "~")[1] + "~"
			s.present = []byte(strings.Replace(p, first, "", 1))
		}, attest.Invalid, attest.CodeBindingHash, nil},
	}
}

func recognised() []judged {
	with := func(change func(a *attest.Agreement)) func(s *stage) {
		return func(s *stage) {
			s.Do("430000#g1", &registry.WithdrawAgreement{Op: "withdraw-1", ID: "builders", Version: 1, Ends: 1})
			a := s.Agreement("special")
			change(&a)
			s.Agree(a)
		}
	}
	return []judged{
		{"a scenario that no agreement names", func(s *stage) { s.request.Scenario = "公证" }, attest.NotRecognised, attest.CodeScenarioUnknown, nil},
		{"no agreement left", func(s *stage) {
			s.Do("430000#g1", &registry.WithdrawAgreement{Op: "withdraw-1", ID: "builders", Version: 1, Ends: testledger.Start + 1000})
		}, attest.NotRecognised, attest.CodeNoAgreement, nil},
		{"the last second of notice", func(s *stage) {
			s.Do("430000#g1", &registry.WithdrawAgreement{Op: "withdraw-1", ID: "builders", Version: 1, Ends: testledger.Start + 1001})
		}, attest.Valid, attest.CodeOK, nil},
		{"other issuers", with(func(a *attest.Agreement) { a.Issuers = []string{"430000"} }), attest.NotRecognised, attest.CodeNoAgreement, nil},
		{"other relying regions", with(func(a *attest.Agreement) { a.Relying = []string{"430000"} }), attest.NotRecognised, attest.CodeNoAgreement, nil},
		{"other types", with(func(a *attest.Agreement) { a.Types = []string{testledger.TypeRealEstate} }), attest.NotRecognised, attest.CodeNoAgreement, nil},
		{"not yet in force", with(func(a *attest.Agreement) { a.From = testledger.Start + 1001 }), attest.NotRecognised, attest.CodeNoAgreement, nil},
		{"no longer in force", with(func(a *attest.Agreement) { a.Until = testledger.Start + 1000 }), attest.NotRecognised, attest.CodeNoAgreement, nil},
		{"a claim that must be disclosed", with(func(a *attest.Agreement) { a.Conditions.Disclose = []string{"certificateHolderCode"} }),
			attest.NotRecognised, attest.CodeConditionDisclose, nil},
		{"older than the agreement takes", func(s *stage) {
			with(func(a *attest.Agreement) { a.Conditions.MaxAgeDays = 30 })(s)
			s.request.Now = testledger.Start + 30*86400 + 1
		}, attest.NotRecognised, attest.CodeConditionAge, nil},
		{"as old as the agreement takes", func(s *stage) {
			with(func(a *attest.Agreement) { a.Conditions.MaxAgeDays = 30 })(s)
			s.request.Now = testledger.Start + 30*86400
		}, attest.Valid, attest.CodeOK, nil},
		{"approved by all but one", func(s *stage) {
			s.Do("430000#g1", &registry.WithdrawAgreement{Op: "withdraw-1", ID: "builders", Version: 1, Ends: 1})
			a := s.Agreement("special")
			digest := s.Do("430000#g1", &registry.ProposeAgreement{Agreement: a})
			for _, r := range []string{"440000", "510000"} {
				s.Do(r+"#g1", &registry.ApproveAgreement{ID: a.ID, Version: 1, Digest: digest})
			}
		}, attest.NotRecognised, attest.CodeNoAgreement, nil},
	}
}

func doubtful() []judged {
	ledger := func(change func(l *attest.Ledger)) func(s *stage) {
		return func(s *stage) { change(&s.Seen) }
	}
	forged := func(s *stage) { s.reheader(s.header(func(map[string]string) {}), s.key+"@thief") }
	frozen := ledger(func(l *attest.Ledger) { l.Frozen = true })
	both := func(a, b func(s *stage)) func(s *stage) { return func(s *stage) { a(s); b(s) } }
	return []judged{
		{"a stale index", ledger(func(l *attest.Ledger) { l.Age = 56 }), attest.Undetermined, attest.CodeIndexStale, nil},
		{"an index as old as may be", ledger(func(l *attest.Ledger) { l.Age = 55 }), attest.Valid, attest.CodeOK, nil},
		{"a region contradicts", frozen, attest.Undetermined, attest.CodeWitnessFrozen, nil},
		{"too few agree", ledger(func(l *attest.Ledger) { l.Agreeing = l.Agreeing[:1] }), attest.Undetermined, attest.CodeWitnessTooFew, nil},
		{"nobody there", ledger(func(l *attest.Ledger) { l.Regions, l.Agreeing = 0, nil }), attest.Undetermined, attest.CodeWitnessTooFew, nil},
		{"agreement lags", ledger(func(l *attest.Ledger) { l.Lag = 56 }), attest.Undetermined, attest.CodeWitnessLag, nil},
		{"the batch is not agreed on yet", ledger(func(l *attest.Ledger) { l.AgreedHeight = 1 }), attest.Undetermined, attest.CodeWitnessPending, nil},
		{"a look-up fails", func(s *stage) {
			s.Fail = func(key string) error {
				if strings.HasPrefix(key, "status/") {
					return errors.New("disk") //nolint:err113 // any error
				}
				return nil
			}
		}, attest.Undetermined, attest.CodeInternal, nil},
		{"the ledger cannot be read", func(s *stage) {
			s.Fail = func(string) error { return attest.Errorf(attest.CodeStoreFailed, "closed") }
		}, attest.Undetermined, attest.CodeStoreFailed, nil},
		{"frozen beats a forged signature", both(forged, frozen), attest.Undetermined, attest.CodeWitnessFrozen, nil},
		{"frozen beats revoked", func(s *stage) { s.status("1", "revoked", "03", 1); s.Seen.Frozen = true }, attest.Undetermined, attest.CodeWitnessFrozen, nil},
		{"unreadable beats frozen", func(s *stage) { s.present = []byte("x"); s.Seen.Frozen = true }, attest.Invalid, attest.CodeSDJWTFormat, nil},
		{"a forged signature beats revoked and expired", func(s *stage) {
			s.status("1", "revoked", "03", 1)
			forged(s)
			s.request.Now = testledger.Start + 1<<30
		}, attest.Invalid, attest.CodeSignature, nil},
		{"a forged signature beats a missing receipt", func(s *stage) { forged(s); s.receipt = []byte{} }, attest.Invalid, attest.CodeSignature, nil},
		{"a missing receipt beats revoked", func(s *stage) { s.status("1", "revoked", "03", 1); s.receipt = []byte{} },
			attest.Undetermined, attest.CodeReceiptMissing, nil},
	}
}
