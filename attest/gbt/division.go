package gbt

import "slices"

// Division is a province-level division of GB/T 2260.
type Division struct {
	Code    string // six digits, the last four zero
	Chinese string
	English string
}

// Level is the level of a division code: 1 province, 2 city, 3 county; 0 for what is no division code.
func Level(code string) int {
	switch {
	case !IsDivision(code):
		return 0
	case code[2:] == "0000":
		return 1
	case code[4:] == "00":
		return 2
	default:
		return 3
	}
}

// IsDivision reports whether code has the form of a division code: six digits, not beginning with 0, no county without
// a city. It does not ask whether the division exists: codes are retired and added every year, and 100000 (the centre)
// and 999999 (unassigned, see SyntheticArea) are in use.
func IsDivision(code string) bool {
	return len(code) == 6 && isDigits(code) && code[0] != '0' && (code[2:4] != "00" || code[4:] == "00")
}

// Within reports whether the division child lies in parent or is parent: county → city → province by prefix.
func Within(child, parent string) bool {
	if !IsDivision(child) {
		return false
	}
	switch Level(parent) {
	case 1:
		return child[:2] == parent[:2]
	case 2:
		return child[:4] == parent[:4]
	case 3:
		return child == parent
	default:
		return false
	}
}

// Province is the province-level division that a division code of any level belongs to.
func Province(code string) (Division, bool) {
	if !IsDivision(code) {
		return Division{}, false
	}
	i := slices.IndexFunc(provinces[:], func(d Division) bool { return d.Code[:2] == code[:2] })
	if i < 0 {
		return Division{}, false
	}
	return provinces[i], true
}

// Provinces are the 34 province-level divisions, by code. The slice is the caller's.
func Provinces() []Division { return slices.Clone(provinces[:]) }

var provinces = [34]Division{
	{"110000", "北京市", "Beijing"},
	{"120000", "天津市", "Tianjin"},
	{"130000", "河北省", "Hebei"},
	{"140000", "山西省", "Shanxi"},
	{"150000", "内蒙古自治区", "Inner Mongolia"},
	{"210000", "辽宁省", "Liaoning"},
	{"220000", "吉林省", "Jilin"},
	{"230000", "黑龙江省", "Heilongjiang"},
	{"310000", "上海市", "Shanghai"},
	{"320000", "江苏省", "Jiangsu"},
	{"330000", "浙江省", "Zhejiang"},
	{"340000", "安徽省", "Anhui"},
	{"350000", "福建省", "Fujian"},
	{"360000", "江西省", "Jiangxi"},
	{"370000", "山东省", "Shandong"},
	{"410000", "河南省", "Henan"},
	{"420000", "湖北省", "Hubei"},
	{"430000", "湖南省", "Hunan"},
	{"440000", "广东省", "Guangdong"},
	{"450000", "广西壮族自治区", "Guangxi"},
	{"460000", "海南省", "Hainan"},
	{"500000", "重庆市", "Chongqing"},
	{"510000", "四川省", "Sichuan"},
	{"520000", "贵州省", "Guizhou"},
	{"530000", "云南省", "Yunnan"},
	{"540000", "西藏自治区", "Tibet"},
	{"610000", "陕西省", "Shaanxi"},
	{"620000", "甘肃省", "Gansu"},
	{"630000", "青海省", "Qinghai"},
	{"640000", "宁夏回族自治区", "Ningxia"},
	{"650000", "新疆维吾尔自治区", "Xinjiang"},
	{"710000", "台湾省", "Taiwan"},
	{"810000", "香港特别行政区", "Hong Kong"},
	{"820000", "澳门特别行政区", "Macao"},
}
