package sample

import (
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// Authority is an issuing authority (颁发机构).
type Authority struct {
	Code     gbt.USCC
	Name     string
	Division string         // the area it acts in
	Parent   gbt.USCC       // the authority that delegates to it; empty: its region does
	Types    []gbt.TypeCode // what it issues
	Example  bool           // it does not exist; its name says 示例
}

// publicAuthorities are real ones with their published codes, by region; each stands for the province's construction
// authority.
var publicAuthorities = map[string]Authority{
	"220000": {Code: "11220000013544541J", Name: "吉林省住房和城乡建设厅"},
	"430000": {Code: "11430000006122244L", Name: "湖南省住房和城乡建设厅"},
}

// Authorities are the three of a region, the same three for every province: the construction authority, a city-level
// one that it delegates to, and the real estate registry. Those without a published code here get one that is valid by
// both its check characters, with an organisation code that begins with EXAMPL. Error: REGION_UNKNOWN.
func Authorities(region string) ([]Authority, error) {
	province, ok := gbt.Province(region)
	if !ok || province.Code != region {
		return nil, attest.Errorf(attest.CodeRegionUnknown, "the region is not a province-level division")
	}
	city := region[:2] + "0100"
	construction, err := example(region, "EXAMPL01", province.Chinese+"住房城乡建设主管部门（示例）", TypeConstructor, TypeOperation)
	if err != nil {
		return nil, err
	}
	if public, ok := publicAuthorities[region]; ok {
		public.Division, public.Types = region, construction.Types
		construction = public
	}
	assessment, err := example(city, "EXAMPL02", province.Chinese+"特种作业考核机构（示例）", TypeOperation)
	if err != nil {
		return nil, err
	}
	assessment.Parent = construction.Code
	registry, err := example(region, "EXAMPL03", province.Chinese+"不动产登记机构（示例）", TypeRealEstate)
	if err != nil {
		return nil, err
	}
	return []Authority{construction, assessment, registry}, nil
}

// example makes an organ of the state (GB 32100: department 1, category 1) that does not exist.
func example(division, body, name string, types ...gbt.TypeCode) (Authority, error) {
	code, err := gbt.NewUSCC("11", division, body)
	if err != nil {
		return Authority{}, err
	}
	return Authority{Code: code, Name: name, Division: division, Types: types, Example: true}, nil
}

// Scenarios are three matters that are handled across provinces (跨省通办, 国办发〔2020〕35号, second batch).
func Scenarios() []string {
	return []string{"购房提取住房公积金", "不动产抵押登记", "工业产品生产许可证"}
}

// organisation is a holder with a published code.
type organisation struct {
	name string
	code gbt.USCC
}

var organisations = [...]organisation{
	{"华为技术有限公司", "914403001922038216"},
	{"腾讯科技(深圳)有限公司", "9144030071526726XG"},
}
