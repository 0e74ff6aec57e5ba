package testledger

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Start is the time of the first transaction, Unix seconds: 2026-01-01 in Beijing. No clock is read anywhere here.
const Start int64 = 1767196800

// Codes that a founded consortium uses: types with their published codes, one item of business across provinces.
const (
	TypeConstructor = "11100000000013338W001" // 二级建造师注册证书
	TypeRealEstate  = "11100000MB03271699001" // 不动产权证书
	Scenario        = "二级建造师注册"
)

// Consortium is a founded consortium on a ledger in memory.
type Consortium struct {
	*Memory
	Network string
	Suite   attest.Suite
	Regions []string // in the order of their codes
	Now     int64    // time of the next transaction, Unix seconds

	t testing.TB
}

// MSP is the organisation of a region.
func MSP(region string) string { return "MSP" + region }

// Founder is a region as it joins: a governance key "g1" and a gateway key "w1".
func Founder(t testing.TB, suite attest.Suite, region string) registry.Founder {
	t.Helper()
	province, ok := gbt.Province(region)
	if !ok {
		t.Fatalf("%s is no province", region)
	}
	return registry.Founder{
		Region: attest.Region{Code: region, Name: province.Chinese, MSP: MSP(region), URL: "https://" + region + ".example"},
		Keys: []registry.NewKey{
			{Name: "g1", Use: attest.UseGovern, Public: Signer(t, suite, registry.KeyID(region, "g1")).Public()},
			{Name: "w1", Use: attest.UseGateway, Public: Signer(t, suite, registry.KeyID(region, "w1")).Public()},
		},
	}
}

// Charter is the founding charter of the regions, and the founding command's content, signed by all of them.
func Charter(t testing.TB, network string, suite attest.Suite, regions []string) (registry.Charter, *registry.Found) {
	t.Helper()
	charter := registry.Charter{Network: network, Suite: suite}
	for _, r := range regions {
		charter.Founders = append(charter.Founders, Founder(t, suite, r))
	}
	found := &registry.Found{}
	for _, r := range regions {
		s, err := registry.SignCharter(charter, Signer(t, suite, registry.KeyID(r, "g1")))
		if err != nil {
			t.Fatal(err)
		}
		found.Signatures = append(found.Signatures, s)
	}
	return charter, found
}

// Found founds a consortium of regions, which are province codes in ascending order: 430000 湖南, 440000 广东, 500000 重庆
// and 510000 四川 where none are named.
func Found(t testing.TB, suite attest.Suite, regions ...string) *Consortium {
	t.Helper()
	if len(regions) == 0 {
		regions = []string{"430000", "440000", "500000", "510000"}
	}
	c := &Consortium{Memory: NewMemory(), Network: "test-network", Suite: suite, Regions: regions, Now: Start, t: t}
	_, found := Charter(t, c.Network, suite, regions)
	c.Do(registry.KeyID(regions[0], "g1"), found)
	return c
}

// Signer is the key of that id in the consortium's suite.
func (c *Consortium) Signer(id string) attest.Signer { return Signer(c.t, c.Suite, id) }

// Sign signs a command with the key of that id.
func (c *Consortium) Sign(key string, command registry.Command) []byte {
	c.t.Helper()
	raw, err := registry.Sign(c.Network, command, c.Signer(key))
	if err != nil {
		c.t.Fatal(err)
	}
	return raw
}

// Tx is a transaction that the region submits that answers for the owner of the key.
func (c *Consortium) Tx(key string) registry.Tx {
	owner, _, _ := strings.Cut(key, "#")
	if a, err := c.Authority(owner); err == nil && a != nil {
		owner = a.Region
	}
	return registry.Tx{ID: "tx", Time: c.Now, Submitter: MSP(owner)}
}

// Try signs and applies a command, and returns what the rules say to it.
func (c *Consortium) Try(key string, command registry.Command) (registry.Event, error) {
	c.t.Helper()
	event, _, err := c.Apply(c.Tx(key), c.Sign(key, command))
	c.Now++
	return event, err
}

// Do is Try of a command that must be accepted. It returns the digest of the command, as approvals name it.
func (c *Consortium) Do(key string, command registry.Command) (digest string) {
	c.t.Helper()
	raw := c.Sign(key, command)
	if _, _, err := c.Apply(c.Tx(key), raw); err != nil {
		c.t.Fatalf("%s by %s: %v", command.Name(), key, err)
	}
	c.Now++
	return Digest(raw)
}

// USCC is the code of a region's n-th authority (below 10), which does not exist outside of tests.
func USCC(t testing.TB, region string, n int) string {
	t.Helper()
	code, err := gbt.NewUSCC("11", region, "EXAMPL9"+strconv.Itoa(n))
	if err != nil {
		t.Fatal(err)
	}
	return string(code)
}

// NewAuthority is the command that registers a region's n-th authority for the types with its key "k1".
func (c *Consortium) NewAuthority(region string, n int, types ...string) *registry.RegisterAuthority {
	c.t.Helper()
	code := USCC(c.t, region, n)
	return &registry.RegisterAuthority{
		Authority: attest.Authority{Code: code, Name: "测试机构", Region: region, Division: region,
			Issuer: attest.IssuerURL("https://"+region+".example", code), Types: types},
		Key: registry.NewKey{Name: "k1", Use: attest.UseIssue, Public: c.Signer(registry.KeyID(code, "k1")).Public()},
	}
}

// NewType is the command that registers a version of a type with the fields that Issue fills.
func NewType(code string, version int) *registry.RegisterType {
	return &registry.RegisterType{Type: attest.CertificateType{Code: code, Version: version, Name: "测试证照",
		Schema: []byte(`{"type":"object"}`), Predicates: []string{"age_over_60"}, Grades: map[string]attest.Grade{
			"certificateNumber": attest.GradeGeneral, "certificateHolderName": attest.GradeImportant,
			"certificateHolderCode": attest.GradeImportant, "certificateExpiringDate": attest.GradeGeneral}}}
}

// Agreement is version 1 of an agreement between all regions about TypeConstructor and Scenario, in force from Start.
func (c *Consortium) Agreement(id string) attest.Agreement {
	return attest.Agreement{ID: id, Version: 1, Issuers: c.Regions, Relying: c.Regions, Types: []string{TypeConstructor},
		Scenarios: []string{Scenario}, From: Start}
}

// Agree proposes an agreement and lets every other region approve it.
func (c *Consortium) Agree(a attest.Agreement) {
	c.t.Helper()
	digest := c.Do(registry.KeyID(c.Regions[0], "g1"), &registry.ProposeAgreement{Agreement: a})
	for _, r := range c.Regions[1:] {
		if slices.Contains(a.Issuers, r) || slices.Contains(a.Relying, r) {
			c.Do(registry.KeyID(r, "g1"), &registry.ApproveAgreement{ID: a.ID, Version: a.Version, Digest: digest})
		}
	}
}
