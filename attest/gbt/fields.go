package gbt

import (
	"slices"
	"strings"
)

// Field is a metadata field of a certificate (GB/T 36903 as deployed), in its three spellings.
type Field struct {
	English string // the name that certificates of this project carry as claim
	Chinese string
	Pinyin  string // column name by initials; empty where deployments show none
}

// Names of the fields that every certificate has.
const (
	FieldName            = "certificateName"
	FieldTypeCode        = "certificateTypeCode"
	FieldNumber          = "certificateNumber"
	FieldIdentifier      = "certificateIdentifier"
	FieldAuthorityName   = "certificateIssuingAuthorityName"
	FieldAuthorityCode   = "certificateIssuingAuthorityCode"
	FieldIssuedDate      = "certificateIssuedDate"
	FieldHolderName      = "certificateHolderName"
	FieldHolderCode      = "certificateHolderCode"
	FieldHolderTypeCode  = "certificateHolderTypeCode"
	FieldEffectiveDate   = "certificateEffectiveDate"
	FieldExpiringDate    = "certificateExpiringDate"
	FieldHolderTypeName  = "certificateHolderTypeName"
	FieldTypeName        = "certificateTypeName"
	FieldAreaCode        = "certificateAreaCode"
	FieldRelatedItemName = "relatedItemName"
	FieldRelatedItemCode = "relatedItemCode"
)

// FieldOf finds a field by any of its three spellings, as a table's header may have it; case does not matter in the two
// Latin ones, space around the name neither.
func FieldOf(header string) (Field, bool) {
	header = strings.TrimSpace(header)
	if header == "" {
		return Field{}, false
	}
	for _, f := range fields {
		if f.Chinese == header || strings.EqualFold(f.English, header) || strings.EqualFold(f.Pinyin, header) {
			return f, true
		}
	}
	return Field{}, false
}

// Fields are all fields in the order of the standard. The slice is the caller's.
func Fields() []Field { return slices.Clone(fields[:]) }

var fields = [...]Field{
	{FieldTypeName, "证照类型名称", "ZZLXMC"},
	{FieldTypeCode, "证照类型代码", "ZZLXDM"},
	{FieldName, "证照名称", "ZZMC"},
	{FieldNumber, "证照编号", "ZZBH"},
	{FieldIdentifier, "证照标识", "ZZBS"},
	{FieldAuthorityName, "证照颁发机构", "ZZBFJG"},
	{FieldAuthorityCode, "证照颁发机构代码", "ZZBFJGDM"},
	{FieldIssuedDate, "证照颁发日期", "ZZBFRQ"},
	{FieldHolderName, "持证主体", "CZZT"},
	{FieldHolderCode, "持证主体代码", "CZZTDM"},
	{FieldHolderTypeName, "持证主体代码类型", "CZZTDMLX"},
	{FieldHolderTypeCode, "持证主体代码类型代码", "CZZTDMLXDM"},
	{FieldEffectiveDate, "证照有效期起始日期", "ZZYXQQSRQ"},
	{FieldExpiringDate, "证照有效期截止日期", "ZZYXQJZRQ"},
	{FieldAreaCode, "证照所属管辖属地编码", ""},
	{FieldRelatedItemName, "关联事项名称", ""},
	{FieldRelatedItemCode, "关联事项代码", ""},
	{"certificateCopyCreationTime", "加注件制作时间", ""},
	{"certificateCopyCreator", "加注件制作者", ""},
	{"certificateCopyCause", "加注件制作事由", ""},
	{"certificateCopyExpiringTime", "加注件有效期截至时间", ""},
	{"extendInfo", "扩展业务信息", ""},
}
