package main

import (
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/terminal"
)

// checkText names a check to a person.
func checkText(name attest.CheckName) string {
	if zh, ok := checkNames[name]; ok {
		return zh
	}
	return string(name)
}

var checkNames = map[attest.CheckName]string{
	attest.CheckParse:       "格式",
	attest.CheckSignature:   "颁发机构签名",
	attest.CheckInclusion:   "链上存证",
	attest.CheckKey:         "签名密钥",
	attest.CheckAuthority:   "颁发权限",
	attest.CheckValidity:    "有效期",
	attest.CheckStatus:      "证照状态",
	attest.CheckDispute:     "异议",
	attest.CheckBinding:     "持证人绑定",
	attest.CheckRecognition: "互认",
	attest.CheckFreshness:   "账本时效",
	attest.CheckWitness:     "各省见证",
}

func outcomeText(o attest.Outcome) (terminal.Style, string) {
	switch o {
	case attest.Passed:
		return terminal.Green, "通过"
	case attest.Failed:
		return terminal.Red, "不通过"
	case attest.Unknown:
		return terminal.Yellow, "不明"
	default:
		return terminal.Dim, "未要求"
	}
}

// claimText names a field as offices do, with its name in the certificate.
func claimText(name string) string {
	if f, ok := gbt.FieldOf(name); ok {
		return f.Chinese + " " + name
	}
	return name
}

// fieldTitle names a field as tables do.
func fieldTitle(name string) string {
	if f, ok := gbt.FieldOf(name); ok {
		return f.Chinese
	}
	return name
}

// resultNames are the results in a word or two; attest.ResultText says what to do about them.
var resultNames = map[attest.Result]string{
	attest.Valid:         "有效",
	attest.Invalid:       "无效",
	attest.Revoked:       "已吊销",
	attest.Suspended:     "已暂扣",
	attest.Expired:       "已过期",
	attest.NotYetValid:   "尚未生效",
	attest.Superseded:    "已被替换",
	attest.NotRecognised: "不予互认",
	attest.Undetermined:  "无法判定",
}

func resultText(r attest.Result) string { return resultNames[r] + " " + string(r) }
