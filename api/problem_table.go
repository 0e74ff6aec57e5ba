package api

import (
	"net/http"

	"github.com/huzheng-ledger/huzheng/attest"
)

// class is one kind of problem: the HTTP status and the title that its codes share.
type class struct {
	status int
	zh, en string
	codes  []attest.Code
}

// problemClasses is the one place where a code becomes an HTTP status and a title. A test holds that every code of
// attest has its place here.
func problemClasses() []class {
	return append(append(requestClasses(), ruleClasses()...), gatewayClasses()...)
}

// requestClasses: the request cannot be taken up as it is.
func requestClasses() []class {
	return []class{
		{400, "JSON 格式有误", "The JSON cannot be read in exactly one way", []attest.Code{
			attest.CodeJSONSyntax, attest.CodeJSONDuplicate, attest.CodeJSONDepth, attest.CodeJSONSize, attest.CodeJSONTrailing,
			attest.CodeJSONEncoding, attest.CodeJSONType, attest.CodeJSONUnknown, attest.CodeJSONMissing, attest.CodeJSONNumber,
		}},
		{400, "参数或字段不合要求", "A parameter or field is not as it must be", []attest.Code{
			attest.CodeFieldInvalid, attest.CodeDateFormat, attest.CodeDatesReversed, attest.CodeStatusIndexRange, attest.CodeCheckInput,
		}},
		{400, "未说明用证事由", "No purpose given, or too long a one", []attest.Code{attest.CodePurposeMissing, attest.CodePurposeTooLong}},
		{400, "未说明事项", "No scenario given", []attest.Code{attest.CodeScenarioMissing}},
		{400, "缺少幂等键", "A write needs an Idempotency-Key", []attest.Code{attest.CodeIdempotencyKeyMissing}},
		{400, "请求为空或条目过多", "No items, or too many", []attest.Code{attest.CodeRequestsNone, attest.CodeRequestsTooMany}},
		{401, "未认证或凭证无效", "No credential, or one that is not known", []attest.Code{attest.CodeUnauthenticated}},
		{403, "凭证无权进行此操作", "The credential may not do this", []attest.Code{attest.CodeForbidden}},
		{404, "未找到", "Not found", []attest.Code{attest.CodeNotFound, attest.CodeBatchUnknown, attest.CodeRecordMissing, attest.CodeOperationMissing}},
		{405, "不支持的方法", "The method is not supported here", []attest.Code{attest.CodeMethodNotAllowed}},
		{413, "请求内容过大", "The body is too large", []attest.Code{attest.CodeBodyTooLarge, attest.CodeCommandTooLarge, attest.CodeSDJWTSize}},
		{400, "请求内容不完整", "The body breaks off", []attest.Code{attest.CodeBodyIncomplete}},
		{415, "不支持的内容类型", "The content type is not taken here", []attest.Code{attest.CodeContentType}},
		{400, "用证码格式不对", "Not the form of a proof code", []attest.Code{attest.CodeProofCodeFormat}},
		{422, "异议草稿不合要求", "The draft of a dispute is not as it must be", []attest.Code{
			attest.CodeDisputeKind, attest.CodeDisputeField, attest.CodeDisputeText,
		}},
		{409, "异议草稿不能这样处理", "The draft of a dispute cannot be changed so", []attest.Code{attest.CodeDisputeLimit, attest.CodeDisputeWithdrawn}},
		{404, "用证码无法使用", "The proof code cannot be used", []attest.Code{
			attest.CodeProofCodeUnusable, attest.CodeProofCodeUnknown, attest.CodeProofCodeExpired, attest.CodeProofCodeUsedUp,
			attest.CodeProofCodeCancelled, attest.CodeProofCodeAudience, attest.CodeProofCodeScenario,
			attest.CodeProofCodeFaceStale, attest.CodeProofCodeFaceForged,
		}},
		{429, "请求过于频繁", "Too many requests", []attest.Code{attest.CodeRateLimited}},
	}
}

// ruleClasses: it was understood, and a rule refuses it.
func ruleClasses() []class {
	return []class{
		{409, "幂等键已用于其他请求", "The operation was used for another request", []attest.Code{attest.CodeOperationConflict}},
		{409, "与已有记录冲突", "In conflict with what is recorded", []attest.Code{
			attest.CodeAlreadyFounded, attest.CodeKeyExists, attest.CodeRegionExists, attest.CodeAuthorityExists, attest.CodeTypeExists,
			attest.CodeBatchExists, attest.CodeAgreementExists, attest.CodeAgreementState, attest.CodeStatusTransition,
			attest.CodeProposalMismatch, attest.CodeWitnessBackwards, attest.CodeKeyLast, attest.CodeSubjectShredded,
			attest.CodeDatasetExists, attest.CodeDatasetVersion, attest.CodeCSVChanged,
		}},
		{409, "本次用证未完成", "The use was not completed", []attest.Code{attest.CodeRedemptionLapsed, attest.CodeRedemptionReserved}},
		{409, "尚未上链", "Not on the ledger yet", []attest.Code{attest.CodeNotAnchoredYet}},
		{409, "持证主体自行保管密钥", "The holder keeps the key", []attest.Code{attest.CodeNotInCustody}},
		{403, "账本规则不允许", "The ledger's rules do not permit it", []attest.Code{
			attest.CodeNotPermitted, attest.CodeKeyUse, attest.CodeKeyRetired, attest.CodeKeyCompromised, attest.CodeAuthorityInactive,
			attest.CodeScopeTooWide, attest.CodeTypeNotAccredited, attest.CodeSubmitterMismatch, attest.CodeDatasetGrade,
		}},
		{422, "引用的对象未登记", "Something named is not registered", []attest.Code{
			attest.CodeKeyUnknown, attest.CodeRegionUnknown, attest.CodeProposalUnknown, attest.CodeAuthorityUnknown,
			attest.CodeTypeUnknown, attest.CodeAgreementUnknown, attest.CodeIssuerUnknown, attest.CodeScenarioUnknown,
			attest.CodePredicateUnknown, attest.CodeClaimUnknown, attest.CodeDisclosurePath, attest.CodeNotFounded,
		}},
		{422, "证照编码不合国家标准", "An identifier or code is not as the standard has it", []attest.Code{
			attest.CodeIdentifierFormat, attest.CodeIdentifierCheck, attest.CodeTypeCode, attest.CodeUSCC,
			attest.CodeCitizenNumber, attest.CodeHolderCodeType, attest.CodeIdentifierLegacy,
		}},
		{422, "字段与证照类型不符", "The fields are not those of the certificate type", []attest.Code{
			attest.CodeFieldMissing, attest.CodeFieldUnknown, attest.CodeFieldTwice, attest.CodeSchema,
		}},
		{422, "数据表无法读取", "The table cannot be read", []attest.Code{
			attest.CodeCSVEmpty, attest.CodeCSVEncoding, attest.CodeCSVGBK, attest.CodeCSVHeader, attest.CodeCSVColumnTwice,
			attest.CodeCSVColumnUnknown, attest.CodeCSVColumnMissing, attest.CodeCSVRagged, attest.CodeCSVQuote,
			attest.CodeCSVRowSize, attest.CodeCSVValueMissing, attest.CodeCSVValueForm,
			attest.CodeDatasetHeader, attest.CodeDatasetRow, attest.CodeDatasetProof, attest.CodeDatasetCSV, attest.CodeDatasetEncoding,
		}},
		{422, "证照、披露或签名格式有误", "A certificate, disclosure or signature does not have its form", []attest.Code{
			attest.CodeJWSFormat, attest.CodeJWSHeader, attest.CodeAlgNone, attest.CodeAlgUnknown, attest.CodeAlgMismatch,
			attest.CodeSignature, attest.CodeKeyFormat, attest.CodeKeyMismatch, attest.CodeSDJWTFormat, attest.CodeSDJWTType,
			attest.CodeDisclosure, attest.CodeDisclosureExtra, attest.CodeDisclosureTwice, attest.CodeDigestTwice,
			attest.CodeClaimReserved, attest.CodeClaimConflict, attest.CodeClaimTree, attest.CodeHashUnknown, attest.CodeProfile,
			attest.CodeIssuerMismatch, attest.CodeVerificationReceipt,
		}},
		{422, "持证绑定不成立", "The holder binding does not hold", []attest.Code{
			attest.CodeBindingMissing, attest.CodeBindingFormat, attest.CodeBindingSignature, attest.CodeBindingAudience,
			attest.CodeBindingNonce, attest.CodeBindingStale, attest.CodeBindingHash, attest.CodeBindingNotAsked,
		}},
		{422, "存证回执或状态列表格式有误", "A receipt or status list does not have its form", []attest.Code{
			attest.CodeReceiptFormat, attest.CodeReceiptIndex, attest.CodeReceiptSize, attest.CodeReceiptPath,
			attest.CodeReceiptMissing, attest.CodeReceiptKind, attest.CodeStatusListFormat, attest.CodeStatusListSize,
			attest.CodeStatusValue, attest.CodeStatusMissing, attest.CodeSnapshotFormat, attest.CodeSnapshotDigest,
		}},
		{422, "图片、PDF 或自包含出示无法读取", "A picture, PDF or self-contained presentation cannot be read", []attest.Code{
			attest.CodePortableFormat, attest.CodePortableTooLarge, attest.CodePortableMissing, attest.CodePortableMixed,
			attest.CodeQRTooLarge, attest.CodeQRMissing, attest.CodeImageFormat, attest.CodeImageTooLarge, attest.CodePDFFormat, attest.CodePDFTooLarge, attest.CodePDFAttachment,
		}},
		{422, "账本指令无效", "The command is not valid", []attest.Code{
			attest.CodeCommandFormat, attest.CodeCommandUnknown, attest.CodeNetworkMismatch, attest.CodeCharter, attest.CodeBatchID,
		}},
		{422, "核验条件不满足", "A condition of the verdict is not met", []attest.Code{
			attest.CodeRevoked, attest.CodeSuspended, attest.CodeSuperseded, attest.CodeExpired, attest.CodeNotYetValid,
			attest.CodeDisputed, attest.CodeNotChecked, attest.CodeNoAgreement, attest.CodeConditionDisclose,
			attest.CodeConditionAge, attest.CodeConditionSuspended, attest.CodeSameRegion, attest.CodeAgreementAccepts, attest.CodeOK,
		}},
	}
}

// gatewayClasses: the gateway cannot do it now. Their details stay in the log.
func gatewayClasses() []class {
	return []class{
		{http.StatusServiceUnavailable, "系统繁忙，请稍后重试", "Overloaded; try again later", []attest.Code{
			attest.CodeOverloaded, attest.CodeLedgerOverloaded,
		}},
		{http.StatusServiceUnavailable, "服务暂不可用", "Not available now", []attest.Code{
			attest.CodeUnavailable, attest.CodeIndexStale, attest.CodeWitnessFrozen, attest.CodeWitnessTooFew,
			attest.CodeWitnessPending, attest.CodeWitnessLag, attest.CodeStoreClosed, attest.CodeStoreFull, attest.CodeLedgerBehind,
		}},
		{http.StatusServiceUnavailable, "缺少中文字体，无法打印", "Cannot print: no Chinese font", []attest.Code{attest.CodeFontMissing}},
		{http.StatusServiceUnavailable, "发证地暂不可用", "The home region is not available", []attest.Code{
			attest.CodeRegionUnreachable, attest.CodeRegionSlow, attest.CodeRegionPaused, attest.CodeRegionIdentity,
			attest.CodeRegionAnswer, attest.CodeRedemptionUnconfirmed,
		}},
		{http.StatusGatewayTimeout, "处理超时", "Timed out", []attest.Code{attest.CodeTimeout}},
		{http.StatusGatewayTimeout, "提交结果未知，请用同一幂等键重试", "Outcome unknown; ask again with the same Idempotency-Key", []attest.Code{
			attest.CodeOutcomeUnknown,
		}},
		{http.StatusInternalServerError, "内部错误", "Internal error", internalCodes()},
	}
}

// internalCodes are states of the gateway's own stores and keys. A client is told the code, and nothing more.
func internalCodes() []attest.Code {
	return []attest.Code{
		attest.CodeInternal,
		attest.CodeStoreLocked, attest.CodeStoreMissing, attest.CodeStoreExists, attest.CodeStoreCorrupt, attest.CodeStoreFailed,
		attest.CodeStoreReadOnly, attest.CodeStoreFormat, attest.CodeBlockFormat, attest.CodeChainGap, attest.CodeChainFork,
		attest.CodeChainBroken, attest.CodeStateDiffers, attest.CodeRulesDiverged,
		attest.CodeMasterMissing, attest.CodeMasterFormat, attest.CodeMasterPermissions, attest.CodeMasterBeside,
		attest.CodeMasterExists, attest.CodeMasterWrong, attest.CodeKeyStore, attest.CodeKeyMissing, attest.CodeKeyDamaged,
		attest.CodeKeySign, attest.CodeRecordUnreadable, attest.CodeKeyringDamaged, attest.CodeKeyringBeside,
		attest.CodeAuditTruncated, attest.CodeAuditMissing, attest.CodeAuditEdited, attest.CodeAuditHead,
		attest.CodeSequenceGap, attest.CodeBatchDiffers, attest.CodeStatusSlot,
		attest.CodeUseLogEdited, attest.CodeUseLogMissing, attest.CodeUseLogHead,
	}
}
