package importer

import "github.com/huzheng-ledger/huzheng/attest"

// Refusal is one reason why a row is not issued. It names the place and never the value.
type Refusal struct {
	Line   int         `json:"line"`             // of the file, the first being 1
	Column string      `json:"column,omitempty"` // title as offices write it; empty: the row as a whole
	Code   attest.Code `json:"code"`
	Zh     string      `json:"reason_zh"`
	En     string      `json:"reason_en"`
}

func refuse(line int, column string, code attest.Code) Refusal {
	zh, en := reason(code)
	return Refusal{Line: line, Column: column, Code: code, Zh: zh, En: en}
}

// reason says in words what a code means for a row of a table.
func reason(code attest.Code) (zh, en string) {
	if r, ok := reasons[code]; ok {
		return r[0], r[1]
	}
	return "该行不符合要求", "the row is not as it should be"
}

var reasons = map[attest.Code][2]string{
	attest.CodeCSVRagged:        {"列数与表头不一致", "the number of cells is not that of the header"},
	attest.CodeCSVQuote:         {"引号不成对或位置不对", "a quote is not closed, or stands where none may"},
	attest.CodeCSVRowSize:       {"该行过长（超过 64 KiB）", "the row is longer than 64 KiB"},
	attest.CodeCSVEncoding:      {"该行不是 UTF-8 编码", "the row is not UTF-8"},
	attest.CodeCSVValueMissing:  {"必填项为空", "a mandatory value is empty"},
	attest.CodeCSVValueForm:     {"取值形式不符；若为长数字，请将该列设为文本格式后重新导出", "not of the form asked for; a long number must be exported as text"},
	attest.CodeDateFormat:       {"日期应写作 2026-07-01", "a date is written 2026-07-01"},
	attest.CodeDatesReversed:    {"有效期截止日期早于起始日期", "the validity ends before it begins"},
	attest.CodeCitizenNumber:    {"公民身份号码不正确（长度、日期或校验码）", "the citizen number is wrong (length, date or check character)"},
	attest.CodeUSCC:             {"统一社会信用代码不正确（长度、字符或校验码）", "the unified social credit code is wrong (length, characters or check character)"},
	attest.CodeHolderCodeType:   {"持证主体代码类型代码不在国家标准之内", "the holder code type is not one of the standard's"},
	attest.CodeIdentifierFormat: {"证照标识格式不正确", "the licence identifier has a wrong form"},
	attest.CodeIdentifierCheck:  {"证照标识校验码不正确", "the check character of the licence identifier is wrong"},
	attest.CodeTypeCode:         {"证照类型代码与所签发的类型不一致", "the certificate type code is not that of the type being issued"},
	attest.CodeIssuerMismatch:   {"证照颁发机构代码与签发机构不一致", "the issuing authority's code is not that of the authority that issues"},
}
