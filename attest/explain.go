package attest

//go:generate go test . -run TestErrorsDocument -rewrite

// Text is a sentence for people, in Simplified Chinese and in English: what it means, and what to do next.
type Text struct{ Chinese, English string }

// Explain says what a code means to somebody at a window and what to do next. Every code of codes.go has its own
// sentence; a code from elsewhere gets a general one, and never none.
func Explain(code Code) (zh, en string) {
	for _, table := range []map[Code]Text{verdictTexts, formatTexts, ledgerTexts, standardTexts, storeTexts, serviceTexts, paperTexts, proofCodeTexts} {
		if t, ok := table[code]; ok {
			return t.Chinese, t.English
		}
	}
	return "系统返回了本版本不认识的代码，请记下代码并联系系统管理员。",
		"The system returned a code that this version does not know; note it and call the administrator."
}

// RecordText is what valid means of a document, a row of a dataset or a receipt: the words for certificates say what an
// office may do with one.
func RecordText() (zh, en string) {
	return "内容与链上存证一致。", "It is what was anchored."
}

// ResultText says what a verdict's result means to the person at the window.
func ResultText(r Result) (zh, en string) {
	t, ok := resultTexts[r]
	if !ok {
		t = resultTexts[Undetermined]
	}
	return t.Chinese, t.English
}

var resultTexts = map[Result]Text{
	Valid:         {"证照有效，可按本事项受理。", "The certificate is valid and accepted for this purpose."},
	Invalid:       {"证照核验不通过，请勿受理，并留存材料。", "The certificate does not verify; do not accept it, and keep what was presented."},
	Revoked:       {"证照已被吊销、撤销或注销，请勿受理。", "The certificate has been revoked; do not accept it."},
	Suspended:     {"证照处于暂扣状态，恢复之前请勿受理。", "The certificate is suspended; do not accept it until it is reinstated."},
	Expired:       {"证照已过有效期，请持证人换证后再办。", "The certificate has expired; the holder has to renew it."},
	NotYetValid:   {"证照尚未生效，请在生效日期之后再办。", "The certificate is not yet in force; come back once it is."},
	Superseded:    {"证照已被新证替换，请出示新证。", "The certificate was replaced; ask for the new one."},
	NotRecognised: {"证照真实，但本地区在此事项上尚未互认，请按未互认流程办理。", "The certificate is genuine but not recognised here for this purpose; follow the procedure for certificates that are not."},
	Undetermined:  {"目前无法判定，不代表证照无效，请稍后再验。", "No decision is possible now; that says nothing against the certificate. Try again later."},
}

// CheckText names a check in words.
func CheckText(name CheckName) (zh, en string) {
	t, ok := checkTexts[name]
	if !ok {
		return string(name), string(name)
	}
	return t.Chinese, t.English
}

var checkTexts = map[CheckName]Text{
	CheckParse:       {"格式", "Format"},
	CheckSignature:   {"颁发机构签名", "Issuer's signature"},
	CheckInclusion:   {"账本存证", "Record on the ledger"},
	CheckKey:         {"签名密钥效力", "Key in force"},
	CheckAuthority:   {"颁发权限", "Issuer's authority for the type"},
	CheckValidity:    {"有效期", "Period of validity"},
	CheckStatus:      {"证照状态", "Status"},
	CheckDispute:     {"异议", "Dispute"},
	CheckBinding:     {"持证人出示", "Holder's presence"},
	CheckRecognition: {"互认", "Recognition"},
	CheckFreshness:   {"账本副本时效", "Freshness of the ledger's copy"},
	CheckWitness:     {"各地区见证", "Agreement of the regions"},
}

var verdictTexts = map[Code]Text{
	CodeOK:                  {"核验通过。", "The check passed."},
	CodeIssuerUnknown:       {"账本上没有登记这家颁发机构，暂无法判定；请核对机构名称，或稍后再验。", "The issuer is not registered on the ledger, so nothing can be said; check its name, or try again later."},
	CodeIssuerMismatch:      {"证照所写的颁发机构网址与登记不符，请勿受理并留存。", "The certificate gives another address for its issuer than is registered; do not accept it, and keep it."},
	CodeKeyMismatch:         {"签名密钥不属于所称的颁发机构或地区，请勿受理并留存。", "The signing key does not belong to the issuer or region that is named; do not accept it, and keep it."},
	CodeTypeNotAccredited:   {"该机构存证时无权颁发此类证照，请勿受理并留存。", "The issuer had no authority for this type of certificate; do not accept it, and keep it."},
	CodeReceiptMissing:      {"没有随附存证凭据，无法判定；请持证人重新出示或由发证地提供。", "There is no inclusion receipt, so nothing can be decided; ask the holder or the issuing region for it."},
	CodeReceiptKind:         {"存证凭据不是这类材料的，无法判定；请换用与材料对应的凭据。", "The inclusion receipt is for another kind of thing; use the one that belongs to this document."},
	CodeBatchUnknown:        {"账本副本上还没有这一批存证，请稍后再验。", "This region's copy of the ledger does not have that batch yet; try again later."},
	CodeStatusMissing:       {"查不到证照的状态信息，无法判定；请向发证地核实。", "The certificate's status cannot be told; ask the issuing region."},
	CodeRevoked:             {"证照已被吊销、撤销、注销或失效，请勿受理。", "The certificate was revoked; do not accept it."},
	CodeSuspended:           {"证照处于暂扣状态。", "The certificate is suspended."},
	CodeSuperseded:          {"证照已被新证替换，请出示新证。", "The certificate was replaced; ask for the new one."},
	CodeExpired:             {"证照已过有效期，请持证人换证后再办。", "The certificate has expired; the holder has to renew it."},
	CodeNotYetValid:         {"证照尚未生效，请在生效日期之后再办。", "The certificate is not yet in force."},
	CodeClaimUnknown:        {"证照含有本系统不认识的内容，无法判定；请升级系统或向发证地核实。", "The certificate says something that this version does not know; update the system, or ask the issuing region."},
	CodeDisputed:            {"该证照正有异议处理中，请留意处理结果。", "A dispute about this certificate is open; watch for its outcome."},
	CodeNotChecked:          {"前提不具备，此项未核验。", "This check was not made, as something before it is missing."},
	CodeNoAgreement:         {"没有生效的互认协议覆盖此证照与事项，请按未互认流程办理。", "No agreement in force covers this certificate for this purpose; follow the procedure for certificates that are not recognised."},
	CodeScenarioUnknown:     {"没有互认协议提到这一事项，请核对事项名称。", "No agreement names this item of business; check its name."},
	CodeConditionDisclose:   {"互认协议要求出示的字段没有全部出示，请持证人补充后重新出示。", "The agreement asks for fields that were not disclosed; ask the holder to present them."},
	CodeConditionAge:        {"证照签发时间超过互认协议的期限，请持证人更新后再办。", "The certificate is older than the agreement accepts; ask for a newer one."},
	CodeConditionSuspended:  {"互认协议不接受暂扣中的证照，恢复之前请勿受理。", "The agreement does not accept suspended certificates."},
	CodeSameRegion:          {"本地区颁发的证照，按本地规定认可。", "The certificate is of this region, whose own law accepts it."},
	CodeAgreementAccepts:    {"互认协议认可此证照用于本事项。", "An agreement accepts this certificate for this purpose."},
	CodeIndexStale:          {"账本副本过旧，请稍后再验。", "This region's copy of the ledger is out of date; try again later."},
	CodeWitnessFrozen:       {"各地区账本出现不一致，核验已暂停；请立即报告系统管理员，稍后再验。", "The regions' ledgers disagree and verification has stopped; tell the administrator at once, and try again later."},
	CodeWitnessTooFew:       {"与本地账本一致的地区不足，请稍后再验。", "Too few regions agree with this region's ledger; try again later."},
	CodeWitnessPending:      {"这份存证还在等待其他地区确认，请稍后再验。", "Other regions have not confirmed this record yet; try again in a moment."},
	CodeWitnessLag:          {"其他地区的确认滞后，请稍后再验。", "The other regions' confirmations lag behind; try again later."},
	CodePurposeMissing:      {"没有填写用证事由（useCause），请填写后再验。", "The purpose (useCause) is missing; state it and verify again."},
	CodePurposeTooLong:      {"用证事由超过二百字，请精简后再验。", "The purpose has more than 200 characters; shorten it."},
	CodeScenarioMissing:     {"没有选择办理事项（scenario），请选择后再验。", "The item of business (scenario) is missing; choose one and verify again."},
	CodeVerificationReceipt: {"这份核验回执读不出来或格式不符，请向出具回执的地区重新索取。", "This verification receipt cannot be read; ask the region that gave it for another copy."},
}
