package gbt

import "github.com/huzheng-ledger/huzheng/attest"

// TypeCode is a certificate type code 证照类型代码 of 21 characters (GB/T 36902): the USCC of the authority that defines
// the type, and a serial of three digits.
type TypeCode string

// ParseTypeCode checks length, USCC and serial. Error: CERTIFICATE_TYPE_CODE.
func ParseTypeCode(s string) (TypeCode, error) {
	if len(s) != 21 || !isDigits(s[18:]) {
		return "", attest.Errorf(attest.CodeTypeCode, "a certificate type code is a USCC and three digits")
	}
	if _, err := ParseUSCC(s[:18]); err != nil {
		return "", attest.Errorf(attest.CodeTypeCode, "the certificate type code does not begin with a USCC")
	}
	return TypeCode(s), nil
}

// Authority is the authority that defines the type; c must have been parsed.
func (c TypeCode) Authority() USCC { return USCC(c[:18]) }

// Serial is the three digits; c must have been parsed.
func (c TypeCode) Serial() string { return string(c[18:]) }

// TypeName is the published name of a certificate type, where one is known here: a short table of types met in public
// documents, no catalogue. A region registers its types on the ledger.
func TypeName(c TypeCode) (chinese, english string, ok bool) {
	for _, t := range certificateTypes {
		if t.code == c {
			return t.chinese, t.english, true
		}
	}
	return "", "", false
}

// The English names are translations of this project.
var certificateTypes = [...]struct {
	code             TypeCode
	chinese, english string
}{
	{"11100000000013127D001", "居民身份证", "Resident identity card"},
	{"11100000000013338W001", "二级建造师注册证书", "Registration certificate of a class-2 constructor"},
	{"11100000000013338W011", "建筑施工企业安全生产管理人员考核合格证书", "Safety management assessment certificate, construction"},
	{"11100000000013338W032", "建筑施工特种作业人员操作资格证书", "Special operation certificate, construction"},
	{"11100000MB03271699001", "中华人民共和国不动产权证书", "Real estate ownership certificate"},
	{"11100000MB03271699022", "中华人民共和国不动产登记证明", "Real estate registration proof"},
}
