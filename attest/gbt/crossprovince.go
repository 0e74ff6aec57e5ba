package gbt

import "slices"

// ServiceMode is one of the three ways in which a matter is handled across provinces (跨省通办, 国办发〔2020〕35号).
type ServiceMode string

// The modes.
const (
	// ModeOnline: accepted, decided and delivered online by the province in charge; what can be verified is not shown again.
	ModeOnline ServiceMode = "全程网办"
	// ModeRelay: a window elsewhere receives, checks form and identity, and forwards to the province in charge.
	ModeRelay ServiceMode = "异地代收代办"
	// ModeJoint: one place accepts, several work together, files move over the national platform.
	ModeJoint ServiceMode = "多地联办"
)

// ServiceModes are the three modes. The slice is the caller's.
func ServiceModes() []ServiceMode { return []ServiceMode{ModeOnline, ModeRelay, ModeJoint} }

// Known reports whether m is one of the three modes.
func (m ServiceMode) Known() bool { return slices.Contains(ServiceModes(), m) }

// English is the name of the mode; empty for an unknown one.
func (m ServiceMode) English() string {
	switch m {
	case ModeOnline:
		return "wholly online"
	case ModeRelay:
		return "received elsewhere, handled at home"
	case ModeJoint:
		return "handled jointly"
	}
	return ""
}

// ServiceItem is a matter (事项) that is handled across provinces.
type ServiceItem struct {
	Name  string
	Batch string // of 国办发〔2020〕35号: 2020, 2021 or later; 2022-34: added by 国办发〔2022〕34号
}

// ServiceItems are some of the published matters, as both documents list them; not the whole lists. The slice is the
// caller's.
func ServiceItems() []ServiceItem { return slices.Clone(serviceItems[:]) }

var serviceItems = [...]ServiceItem{
	{"机动车驾驶证公证", "2020"},
	{"失业登记", "2020"},
	{"企业职工基本养老保险关系转移接续", "2020"},
	{"城乡居民基本养老保险关系转移接续", "2020"},
	{"正常退休提取住房公积金", "2020"},
	{"排污许可", "2020"},
	{"内资企业及分支机构设立登记", "2020"},
	{"不动产抵押登记", "2021"},
	{"购房提取住房公积金", "2021"},
	{"工业产品生产许可证", "2021"},
	{"门诊费用直接结算", "2021"},
	{"开具无犯罪记录证明", "2021"},
	{"开具户籍类证明", "2021"},
	{"工作调动户口迁移", "2021"},
	{"大中专院校录取学生户口迁移", "2021"},
	{"大中专学生毕业户口迁移", "2021"},
	{"夫妻投靠户口迁移", "2021"},
	{"父母投靠子女户口迁移", "2021"},
	{"新生儿入户", "later"},
	{"婚姻登记", "later"},
	{"首次申领居民身份证(试点)", "later"},
	{"异地电子缴税", "2022-34"},
	{"开具税收完税证明", "2022-34"},
	{"单位社会保险费申报", "2022-34"},
	{"临时居民身份证办理", "2022-34"},
	{"城乡居民养老保险参保登记", "2022-34"},
	{"城乡居民养老保险待遇申请", "2022-34"},
	{"5种门诊慢特病费用结算", "2022-34"},
}
