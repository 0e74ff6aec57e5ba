package registry

import (
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

func (r *RegisterAuthority) apply(c *call) (Event, error) {
	a := &r.Authority
	if err := r.check(c); err != nil {
		return Event{}, err
	}
	if err := putKey(c.state, a.Code, &r.Key); err != nil {
		return Event{}, err
	}
	a.State = attest.AuthorityActive
	return c.put(NameRegisterAuthority, KeyAuthority(a.Code), (&authority{Authority: *a, digest: c.digest()}).encode())
}

func (r *RegisterAuthority) check(c *call) error {
	a := &r.Authority
	if _, err := gbt.ParseUSCC(a.Code); err != nil {
		return err
	}
	if err := checkName("name", a.Name, 64); err != nil {
		return err
	}
	if err := checkTypes(a.Types); err != nil {
		return err
	}
	if err := checkNewKey(&r.Key, attest.UseIssue); err != nil {
		return err
	}
	if a.Region != c.region || !gbt.IsDivision(a.Division) || !gbt.Within(a.Division, a.Region) {
		return attest.Errorf(attest.CodeNotPermitted, "the authority does not lie within the signer's region")
	}
	region, err := load(c.state, KeyRegion(c.region), DecodeRegion)
	if err != nil {
		return err
	}
	if a.Issuer != attest.IssuerURL(region.URL, a.Code) {
		return invalid("issuer", "is not the authority's URL under its region's gateway")
	}
	return c.delegates(a.Parent, a)
}

// delegates checks that the signer may give the authority its scope: its region any, a parent what it has itself.
func (c *call) delegates(parent string, a *attest.Authority) error {
	if parent == "" {
		return c.require(attest.UseGovern)
	}
	if c.signer == nil || c.signer.Code != parent {
		return attest.Errorf(attest.CodeNotPermitted, "a delegation is signed by the parent")
	}
	if c.signer.State != attest.AuthorityActive {
		return attest.Errorf(attest.CodeAuthorityInactive, "the parent is %s", c.signer.State)
	}
	return narrows(c.signer, a)
}

// narrows checks that an authority's scope lies within its parent's.
func narrows(parent *authority, a *attest.Authority) error {
	if !gbt.Within(a.Division, parent.Division) {
		return attest.Errorf(attest.CodeScopeTooWide, "the division does not lie within the parent's")
	}
	for _, t := range a.Types {
		if !slices.Contains(parent.Types, t) {
			return attest.Errorf(attest.CodeScopeTooWide, "a type is not in the parent's scope")
		}
	}
	return nil
}

// apply replaces a scope. Authorities below keep what they were given; the rules check each at its own anchors, and a
// region that narrows a parent narrows its children by further commands.
func (s *SetScope) apply(c *call) (Event, error) {
	if err := checkTypes(s.Types); err != nil {
		return Event{}, err
	}
	a, err := c.authority(s.Code)
	if err != nil {
		return Event{}, err
	}
	a.Types = s.Types
	if err := c.mayRescope(a); err != nil {
		return Event{}, err
	}
	if err := c.mark(); err != nil {
		return Event{}, err
	}
	return c.put(NameSetScope, KeyAuthority(s.Code), a.encode())
}

func (c *call) mayRescope(a *authority) error {
	if a.Region != c.region {
		return attest.Errorf(attest.CodeNotPermitted, "another region answers for the authority")
	}
	if a.Parent == "" {
		return c.require(attest.UseGovern)
	}
	parent, err := c.authority(a.Parent)
	if err != nil {
		return err
	}
	if c.key.Use != attest.UseGovern {
		if c.signer == nil || c.signer.Code != a.Parent {
			return attest.Errorf(attest.CodeNotPermitted, "a scope is set by the parent or the region")
		}
		if parent.State != attest.AuthorityActive {
			return attest.Errorf(attest.CodeAuthorityInactive, "the parent is %s", parent.State)
		}
	}
	return narrows(parent, &a.Authority)
}

func (s *SetAuthorityState) apply(c *call) (Event, error) {
	if err := c.require(attest.UseGovern); err != nil {
		return Event{}, err
	}
	a, err := c.authority(s.Code)
	if err != nil {
		return Event{}, err
	}
	switch {
	case a.Region != c.region:
		return Event{}, attest.Errorf(attest.CodeNotPermitted, "another region answers for the authority")
	case a.State == attest.AuthorityDissolved:
		return Event{}, attest.Errorf(attest.CodeAuthorityInactive, "a dissolved authority stays dissolved")
	case !slices.Contains([]attest.AuthorityState{attest.AuthorityActive, attest.AuthoritySuspended,
		attest.AuthorityDissolved}, s.State):
		return Event{}, invalid("state", "is not active, suspended or dissolved")
	}
	a.State = s.State
	if err := c.mark(); err != nil {
		return Event{}, err
	}
	return c.put(NameSetAuthorityState, KeyAuthority(s.Code), a.encode())
}

// MaxSchema is the largest JSON Schema of a certificate type, in bytes.
const MaxSchema = 64 << 10

// apply registers a version of a type. The signer is a region, or the authority whose USCC begins the code. A version is
// immutable: a mistake is mended by the next one.
func (r *RegisterType) apply(c *call) (Event, error) {
	t := &r.Type
	if c.signer != nil && c.signer.Code != t.Code[:min(18, len(t.Code))] {
		return Event{}, attest.Errorf(attest.CodeNotPermitted, "another authority defines the type")
	}
	if c.key.Use == attest.UseGateway {
		return Event{}, attest.Errorf(attest.CodeNotPermitted, "the command needs a key to govern or to issue")
	}
	if err := checkType(t); err != nil {
		return Event{}, err
	}
	t.Registrar = c.key.ID
	return c.put(NameRegisterType, KeyType(t.Code, t.Version), encodeType(t, c.digest()))
}

func checkType(t *attest.CertificateType) error {
	if _, err := gbt.ParseTypeCode(t.Code); err != nil {
		return err
	}
	if t.Version < 1 || t.Version > 9999 {
		return invalid("version", "is not between 1 and 9999")
	}
	if err := checkName("name", t.Name, 64); err != nil {
		return err
	}
	if len(t.Schema) > MaxSchema {
		return invalid("schema", "is too large")
	}
	schema, err := attest.ParseJSON(t.Schema, attest.DefaultLimits())
	if err != nil {
		return err
	}
	if schema.Kind() != attest.JSONObject {
		return invalid("schema", "is not a JSON object")
	}
	if len(t.Grades) == 0 || len(t.Grades) > 256 {
		return invalid("grades", "name no field, or too many")
	}
	return checkGrades(t)
}

func checkGrades(t *attest.CertificateType) error {
	names := make([]string, 0, len(t.Grades))
	for name := range t.Grades { // ordered: sorted below, so that one input has one refusal
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := checkFieldName("field name", name); err != nil {
			return err
		}
		if g := t.Grades[name]; g != attest.GradeGeneral && g != attest.GradeImportant {
			return invalid("grade", "is not general or important")
		}
	}
	for _, p := range t.Predicates {
		if err := checkFieldName("predicate", p); err != nil {
			return err
		}
		if _, ok := t.Grades[p]; ok {
			return invalid("predicate", "has the name of a field")
		}
	}
	return nil
}

// checkFieldName allows what can be a selectively disclosable claim.
func checkFieldName(field, name string) error {
	if attest.ReservedField(name) {
		return attest.Errorf(attest.CodeClaimReserved, "a %s is that of a visible or reserved claim", field)
	}
	return checkText(field, name, 1, 64)
}
