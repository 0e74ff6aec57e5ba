package registry_test

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// builders make a command of a directive's arguments, by the command's name.
var builders = map[string]func(s *script) registry.Command{
	registry.NameFound:             buildFound,
	registry.NameProposeRegion:     buildProposeRegion,
	registry.NameApproveRegion:     buildApproveRegion,
	registry.NameRotateKey:         buildRotateKey,
	registry.NameMarkCompromised:   buildMarkCompromised,
	registry.NameRegisterAuthority: buildRegisterAuthority,
	registry.NameSetScope:          buildSetScope,
	registry.NameSetAuthorityState: buildSetAuthorityState,
	registry.NameRegisterType:      buildRegisterType,
	registry.NameAnchor:            buildAnchor,
	registry.NameSetStatus:         buildSetStatus,
	registry.NameProposeAgreement:  buildProposeAgreement,
	registry.NameApproveAgreement:  buildApproveAgreement,
	registry.NameWithdrawAgreement: buildWithdrawAgreement,
	registry.NameWitness:           buildWitness,
}

// buildFound: regions=(…), suite=, msp=<the organisation of the last region>, level=<its code instead>, drop=<region
// that does not sign>, forge=<region whose signature is by another key>.
func buildFound(s *script) registry.Command {
	charter := registry.Charter{Network: s.network, Suite: attest.SuiteStd}
	if s.d.HasArg("suite") {
		charter.Suite = attest.Suite(s.text("suite"))
	}
	for _, region := range s.list("regions") {
		charter.Founders = append(charter.Founders, s.founder(region))
	}
	found := &registry.Found{}
	for _, region := range s.list("regions") {
		key := registry.KeyID(region, "g1")
		switch region {
		case s.text("drop"):
			continue
		case s.text("forge"):
			key += "@thief"
		}
		signature, err := registry.SignCharter(charter, testledger.Signer(s.t, attest.SuiteStd, key))
		require.NoError(s.t, err)
		found.Signatures = append(found.Signatures, signature)
	}
	if s.d.HasArg("differ") {
		charter.Network = "other-network"
		last := charter.Founders[len(charter.Founders)-1].Region.Code
		signature, err := registry.SignCharter(charter, testledger.Signer(s.t, attest.SuiteStd, registry.KeyID(last, "g1")))
		require.NoError(s.t, err)
		found.Signatures[len(found.Signatures)-1] = signature
	}
	return found
}

// founder: msp=, url=, name= change the region, keys=(name:use,…) its keys.
func (s *script) founder(region string) registry.Founder {
	f := testledger.Founder(s.t, attest.SuiteStd, region)
	for arg, to := range map[string]*string{"msp": &f.Region.MSP, "url": &f.Region.URL, "name": &f.Region.Name} {
		if s.d.HasArg(arg) {
			*to = s.text(arg)
		}
	}
	if s.d.HasArg("keys") {
		f.Keys = nil
		for _, k := range s.list("keys") {
			id, use, _ := strings.Cut(k, ":")
			f.Keys = append(f.Keys, registry.NewKey{Name: id, Use: attest.KeyUse(use),
				Public: testledger.Signer(s.t, attest.SuiteStd, registry.KeyID(region, id)).Public()})
		}
	}
	return f
}

func buildProposeRegion(s *script) registry.Command {
	return &registry.ProposeRegion{Founder: s.founder(s.text("region"))}
}

func (s *script) proposal() string { return testledger.Digest(s.commands[s.text("proposal")].raw) }

func buildApproveRegion(s *script) registry.Command {
	return &registry.ApproveRegion{Region: s.text("region"), Digest: s.proposal()}
}

func buildRotateKey(s *script) registry.Command {
	c := &registry.RotateKey{Op: s.text("op"), Owner: s.text("owner"), Retire: s.text("retire")}
	if s.d.HasArg("add") {
		k := s.newKey("add", c.Owner)
		c.Add = &k
	}
	return c
}

func buildMarkCompromised(s *script) registry.Command {
	return &registry.MarkCompromised{Op: s.text("op"), Key: s.text("key"),
		From: uint64(s.number("from", 0))}
}

func buildRegisterAuthority(s *script) registry.Command {
	code, region := s.text("code"), s.text("region")
	a := attest.Authority{Code: code, Name: "测试机构", Region: region, Division: region,
		Issuer: attest.IssuerURL("https://"+region+".example", code), Types: s.list("types"), Parent: s.text("parent")}
	for arg, to := range map[string]*string{"division": &a.Division, "issuer": &a.Issuer, "name": &a.Name} {
		if s.d.HasArg(arg) {
			*to = s.text(arg)
		}
	}
	return &registry.RegisterAuthority{Authority: a, Key: s.newKey("key", code)}
}

func buildSetScope(s *script) registry.Command {
	return &registry.SetScope{Op: s.text("op"), Code: s.text("authority"), Types: s.list("types")}
}

func buildSetAuthorityState(s *script) registry.Command {
	return &registry.SetAuthorityState{Op: s.text("op"), Code: s.text("authority"),
		State: attest.AuthorityState(s.text("state"))}
}

// buildRegisterType: grades=(field:grade,…), the schema as input.
func buildRegisterType(s *script) registry.Command {
	t := attest.CertificateType{Code: s.text("code"), Version: int(s.number("version", 1)), Name: "测试证照",
		Schema: []byte(s.d.Input), Grades: map[string]attest.Grade{}, Predicates: s.list("predicates")}
	for _, g := range s.list("grades") {
		name, grade, _ := strings.Cut(g, ":")
		t.Grades[name] = attest.Grade(grade)
	}
	return &registry.RegisterType{Type: t}
}

// buildAnchor: kind=, root=<name>, size=, types=(…), suite=, id=<another batch's id>.
func buildAnchor(s *script) registry.Command {
	a := &registry.Anchor{Kind: attest.Kind(s.text("kind")), Suite: attest.SuiteStd, Types: s.list("types"),
		Size: uint64(s.number("size", 4096))}
	if s.d.HasArg("suite") {
		a.Suite = attest.Suite(s.text("suite"))
	}
	root, err := base64.RawURLEncoding.DecodeString(s.plain("root:" + s.text("root")))
	require.NoError(s.t, err)
	a.Root = [32]byte(root)
	kid, _, _ := strings.Cut(s.text("by"), "@")
	a.ID = registry.BatchID(kid, a.Kind, a.Suite, a.Root, a.Size)
	s.symbols[a.ID] = "batch:" + s.text("root") + "/" + s.readable(kid)
	if s.d.HasArg("id") {
		a.ID = s.text("id")
	}
	return a
}

// buildSetStatus: one entry of list=, idx=, state=, from=, reason=, successor=; or an entry a line of the input, in the
// form "list idx state from reason [successor]". Times count from the ledger's start.
func buildSetStatus(s *script) registry.Command {
	c := &registry.SetStatus{Op: s.text("op"), Authority: s.text("authority")}
	if s.d.HasArg("state") {
		c.Entries = []registry.StatusEntry{{List: uint32(s.number("list", 0)),
			Index: uint32(s.number("idx", 0)), State: s.text("state"), From: s.time("from"),
			Reason: s.text("reason"), Successor: s.text("successor")}}
	}
	for line := range strings.Lines(s.plain(s.d.Input)) {
		f := append(strings.Fields(line), "")
		c.Entries = append(c.Entries, registry.StatusEntry{List: s.small(f[0]), Index: s.small(f[1]), State: f[2],
			From: testledger.Start + int64(s.small(f[3])), Reason: f[4], Successor: f[5]})
	}
	return c
}

func buildProposeAgreement(s *script) registry.Command {
	a := attest.Agreement{ID: s.text("id"), Version: int(s.number("version", 1)), Issuers: s.list("issuers"),
		Relying: s.list("relying"), Types: []string{testledger.TypeConstructor}, Scenarios: []string{testledger.Scenario},
		Conditions: attest.Conditions{Disclose: s.list("disclose"), MaxAgeDays: int(s.number("max-age", 0)),
			AcceptSuspended: s.d.HasArg("accept-suspended")}, From: s.time("from"), Until: s.time("until")}
	if s.d.HasArg("types") {
		a.Types = s.list("types")
	}
	if s.d.HasArg("scenarios") {
		a.Scenarios = slices.DeleteFunc(s.list("scenarios"), func(v string) bool { return v == "none" })
	}
	return &registry.ProposeAgreement{Agreement: a}
}

func buildApproveAgreement(s *script) registry.Command {
	return &registry.ApproveAgreement{ID: s.text("id"), Version: int(s.number("version", 1)), Digest: s.proposal()}
}

func buildWithdrawAgreement(s *script) registry.Command {
	return &registry.WithdrawAgreement{Op: s.text("op"), ID: s.text("id"), Version: int(s.number("version", 1)),
		Ends: s.time("ends")}
}

func buildWitness(s *script) registry.Command {
	root, err := base64.RawURLEncoding.DecodeString(s.plain("root:" + s.text("digest")))
	require.NoError(s.t, err)
	return &registry.Witness{Height: uint64(s.number("height", 0)), Digest: [32]byte(root)}
}
