package demoidp

import (
	"fmt"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/internal/session"
)

// CitizensPerRegion is how many citizens of a region People has.
const CitizensPerRegion = 2

// People are synthetic people of the regions: holders of the first certificates that sample generators of that seed give
// the construction authority, so that they have something to show; and for each region an officer at the window, one who
// issues, one who governs and one who audits.
func People(seed uint64, regions ...string) ([]Person, error) {
	var out []Person
	for _, region := range regions {
		authorities, err := sample.Authorities(region)
		if err != nil {
			return nil, err
		}
		citizens, err := citizensOf(seed, region, &authorities[0])
		if err != nil {
			return nil, err
		}
		out = append(append(out, citizens...), officersOf(region, authorities)...)
	}
	return out, nil
}

func citizensOf(seed uint64, region string, a *sample.Authority) ([]Person, error) {
	generator, err := sample.New(seed, a.Code, a.Name, a.Division)
	if err != nil {
		return nil, err
	}
	province, _ := gbt.Province(region)
	var out []Person
	for n := range CitizensPerRegion {
		record, err := generator.Record(sample.TypeConstructor, n)
		if err != nil {
			return nil, err
		}
		out = append(out, Person{Account: fmt.Sprintf("citizen%d.%s", n+1, region), Password: fmt.Sprintf("demo-%s-%d", region, n+1),
			Name: record.Get(gbt.FieldHolderName), Code: record.Get(gbt.FieldHolderCode), About: province.Chinese + "公民 · citizen of " + province.English})
	}
	return out, nil
}

// officers are the same for every region; at is the place of their office among the region's sample authorities.
var officers = []struct {
	account, name, about string
	at                   int
	roles                []session.Role
}{
	{"window", "窗口核验员", "at the window: verify", 2, []session.Role{session.RoleVerify}},
	{"issuer", "签发员", "issue and change status", 0, []session.Role{session.RoleVerify, session.RoleIssue, session.RoleSuspend}},
	{"governor", "互认管理员", "agreements on recognition", 0, []session.Role{session.RoleGovern}},
	{"auditor", "查档员", "receipts and the archive", 0, []session.Role{session.RoleAudit}},
}

func officersOf(region string, authorities []sample.Authority) []Person {
	province, _ := gbt.Province(region)
	short := strings.TrimSuffix(strings.TrimSuffix(province.Chinese, "省"), "市")
	var out []Person
	for _, o := range officers {
		office := &authorities[o.at]
		out = append(out, Person{Account: o.account + "." + region, Password: "demo-" + o.account, Name: short + o.name,
			Office: string(office.Code), Roles: o.roles, About: office.Name + " · " + o.about})
	}
	return out
}
