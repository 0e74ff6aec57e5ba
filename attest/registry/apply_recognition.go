package registry

import (
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
)

// parties are the regions that must approve: all that issue and all that rely, sorted.
func parties(a *attest.Agreement) []string {
	all := slices.Concat(a.Issuers, a.Relying)
	slices.Sort(all)
	return slices.Compact(all)
}

func (p *ProposeAgreement) apply(c *call) (Event, error) {
	if err := c.require(attest.UseGovern); err != nil {
		return Event{}, err
	}
	if err := checkAgreement(c, &p.Agreement); err != nil {
		return Event{}, err
	}
	return c.approve(&agreement{Agreement: p.Agreement, digest: c.digest()}, NameProposeAgreement)
}

func checkAgreement(c *call, a *attest.Agreement) error {
	if err := checkText("id", a.ID, 4, 64); err != nil {
		return err
	}
	if a.Version < 1 || a.Version > 9999 {
		return invalid("version", "is not between 1 and 9999")
	}
	for _, list := range [][]string{a.Issuers, a.Relying} {
		if err := checkMembers(c, list); err != nil {
			return err
		}
	}
	if err := checkTypes(a.Types); err != nil {
		return err
	}
	if err := checkScenarios(a); err != nil {
		return err
	}
	if !slices.Contains(parties(a), c.region) {
		return attest.Errorf(attest.CodeNotPermitted, "an agreement is proposed by one of its parties")
	}
	return checkPeriod(a)
}

func checkPeriod(a *attest.Agreement) error {
	switch {
	case a.From <= 0 || a.Until < 0 || a.Until >= 1<<40:
		return invalid("period", "is not in Unix seconds")
	case a.Until != 0 && a.Until <= a.From:
		return attest.Errorf(attest.CodeDatesReversed, "the agreement would end before it begins")
	case a.Conditions.MaxAgeDays < 0 || a.Conditions.MaxAgeDays > 36500:
		return invalid("maxAgeDays", "is not between 0 and 36500")
	}
	return nil
}

func checkMembers(c *call, list []string) error {
	if err := checkSorted("regions", list, 34); err != nil {
		return err
	}
	for _, r := range list {
		if !slices.Contains(c.consortium.Regions, r) {
			return attest.Errorf(attest.CodeRegionUnknown, "a party is not a member of the consortium")
		}
	}
	return nil
}

func checkScenarios(a *attest.Agreement) error {
	if err := checkSorted("scenarios", a.Scenarios, 256); err != nil {
		return err
	}
	for _, s := range a.Scenarios {
		if err := checkName("scenario", s, 64); err != nil {
			return err
		}
	}
	if len(a.Conditions.Disclose) == 0 {
		return nil
	}
	if err := checkSorted("disclose", a.Conditions.Disclose, 64); err != nil {
		return err
	}
	for _, d := range a.Conditions.Disclose {
		if err := checkText("disclose", d, 1, 64); err != nil {
			return err
		}
	}
	return nil
}

func (p *ApproveAgreement) apply(c *call) (Event, error) {
	if err := c.require(attest.UseGovern); err != nil {
		return Event{}, err
	}
	key := KeyAgreement(p.ID, p.Version)
	a, err := load(c.state, key, decodeAgreement)
	switch {
	case err != nil:
		return Event{}, err
	case a == nil:
		return Event{}, attest.Errorf(attest.CodeAgreementUnknown, "that version of the agreement was not proposed")
	case a.digest != p.Digest:
		return Event{}, attest.Errorf(attest.CodeProposalMismatch, "the approval is of another proposal")
	case !slices.Contains(parties(&a.Agreement), c.region):
		return Event{}, attest.Errorf(attest.CodeNotPermitted, "the signer's region is not a party")
	case slices.Contains(a.Approved, c.region):
		return Event{Name: NameApproveAgreement, Key: key, Repeat: true}, nil
	case a.State != attest.AgreementProposed:
		return Event{}, attest.Errorf(attest.CodeAgreementState, "the agreement is %s", a.State)
	}
	return c.approve(a, NameApproveAgreement)
}

// EventAgreementInForce is the event of the approval that completed an agreement.
const EventAgreementInForce = "agreement-in-force"

// approve adds the signer's region, and brings the agreement into force when it was the last.
func (c *call) approve(a *agreement, event string) (Event, error) {
	a.Approved = insertSorted(a.Approved, c.region)
	if slices.Equal(a.Approved, parties(&a.Agreement)) {
		a.State, event = attest.AgreementInForce, EventAgreementInForce
	}
	return c.put(event, KeyAgreement(a.ID, a.Version), a.encode())
}

// apply gives notice. Any party can; a further notice may only bring the end forward.
func (n *WithdrawAgreement) apply(c *call) (Event, error) {
	if err := c.require(attest.UseGovern); err != nil {
		return Event{}, err
	}
	key := KeyAgreement(n.ID, n.Version)
	a, err := load(c.state, key, decodeAgreement)
	if err != nil {
		return Event{}, err
	}
	if err := n.check(c, a); err != nil {
		return Event{}, err
	}
	ends := n.Ends
	if a.State == attest.AgreementProposed {
		ends = 1 // it never was in force, and no later approval can bring it there
	}
	a.State, a.Ends = attest.AgreementWithdrawn, ends
	if err := c.mark(); err != nil {
		return Event{}, err
	}
	return c.put(NameWithdrawAgreement, key, a.encode())
}

func (n *WithdrawAgreement) check(c *call, a *agreement) error {
	switch {
	case a == nil:
		return attest.Errorf(attest.CodeAgreementUnknown, "that version of the agreement was not proposed")
	case !slices.Contains(parties(&a.Agreement), c.region):
		return attest.Errorf(attest.CodeNotPermitted, "the signer's region is not a party")
	case n.Ends <= 0 || n.Ends >= 1<<40:
		return invalid("ends", "is not a time in Unix seconds")
	case a.State == attest.AgreementWithdrawn && n.Ends >= a.Ends:
		return attest.Errorf(attest.CodeAgreementState, "the agreement ends earlier already")
	}
	return nil
}
