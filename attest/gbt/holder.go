package gbt

import (
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Holder says who may hold a code of some type.
type Holder string

// The two classes of holders of GB/T 36903.
const (
	HolderOrganisation Holder = "法人和其他组织"
	HolderPerson       Holder = "自然人"
)

// HolderCodeType is a type of code that names a certificate's holder 持证主体代码类型 (GB/T 36903, Annex A as deployed).
type HolderCodeType struct {
	Code    string // three digits
	Chinese string
	English string
	Holder  Holder
}

// Codes of the two types that most certificates use.
const (
	HolderCodeUSCC    = "001"
	HolderCodeCitizen = "111"
)

// HolderCodeTypeOf is the type of a code such as "111".
func HolderCodeTypeOf(code string) (HolderCodeType, bool) {
	i := slices.IndexFunc(holderCodeTypes[:], func(t HolderCodeType) bool { return t.Code == code })
	if i < 0 {
		return HolderCodeType{}, false
	}
	return holderCodeTypes[i], true
}

// HolderCodeTypes are all types, by code. The slice is the caller's.
func HolderCodeTypes() []HolderCodeType { return slices.Clone(holderCodeTypes[:]) }

// CheckHolderCode checks a holder's code where its type has a check: a USCC or a citizen number. An unknown type is
// refused. Errors: HOLDER_CODE_TYPE, USCC, CITIZEN_NUMBER.
func CheckHolderCode(codeType, code string) error {
	if _, ok := HolderCodeTypeOf(codeType); !ok {
		return attest.Errorf(attest.CodeHolderCodeType, "the holder code type is not one of GB/T 36903")
	}
	switch codeType {
	case HolderCodeUSCC:
		_, err := ParseUSCC(code)
		return err
	case HolderCodeCitizen:
		_, err := ParseCitizenNumber(code)
		return err
	}
	return nil
}

// 551 and 552 are later additions, met in deployed systems.
var holderCodeTypes = [...]HolderCodeType{
	{"001", "统一社会信用代码", "Unified social credit code", HolderOrganisation},
	{"099", "其他法人或其他组织有效证件代码", "Other valid code of an organisation", HolderOrganisation},
	{"111", "公民身份号码", "Citizen number", HolderPerson},
	{"114", "中国人民解放军军官证编号", "PLA officer's card number", HolderPerson},
	{"115", "中国人民武装警察部队警官证编号", "Armed Police officer's card number", HolderPerson},
	{"118", "中国人民解放军士兵证编号", "PLA soldier's card number", HolderPerson},
	{"119", "中国人民武装警察部队士兵证编号", "Armed Police soldier's card number", HolderPerson},
	{"120", "中国人民解放军文职人员证编号", "PLA civilian staff card number", HolderPerson},
	{"122", "中国人民武装警察部队文职人员证编号", "Armed Police civilian staff card number", HolderPerson},
	{"411", "外交护照护照号", "Diplomatic passport number", HolderPerson},
	{"412", "公务护照护照号", "Service passport number", HolderPerson},
	{"413", "公务普通护照护照号", "Public affairs passport number", HolderPerson},
	{"414", "普通护照护照号", "Ordinary passport number", HolderPerson},
	{"511", "台湾居民来往大陆通行证号码", "Mainland travel permit number, Taiwan residents", HolderPerson},
	{"516", "港澳居民来往内地通行证号码", "Mainland travel permit number, Hong Kong and Macao residents", HolderPerson},
	{"551", "港澳居民居住证", "Residence permit, Hong Kong and Macao residents", HolderPerson},
	{"552", "台湾居民居住证", "Residence permit, Taiwan residents", HolderPerson},
	{"999", "其他自然人有效证件代码", "Other valid code of a person", HolderPerson},
}
