package text

// verdictWords and uploadWords are of what sections share: verdicts, and why something could not be read.
var verdictWords = Section{
	"verdict.result.valid":                {"有效", "Valid"},
	"verdict.result.invalid":              {"核验不通过", "Not valid"},
	"verdict.result.revoked":              {"已撤销", "Revoked"},
	"verdict.result.suspended":            {"已暂扣", "Suspended"},
	"verdict.result.expired":              {"已过期", "Expired"},
	"verdict.result.not_yet_valid":        {"尚未生效", "Not yet in force"},
	"verdict.result.superseded":           {"已换发新证", "Replaced"},
	"verdict.result.not_recognised":       {"未互认", "Not recognised here"},
	"verdict.result.undetermined":         {"暂时无法判定", "Undetermined"},
	"verdict.outcome.pass":                {"通过", "passed"},
	"verdict.outcome.fail":                {"不通过", "failed"},
	"verdict.outcome.unknown":             {"未能判定", "undecided"},
	"verdict.outcome.skipped":             {"未核验", "not asked for"},
	"verdict.passed.parse":                {"格式完整，可以读取。", "It is whole and can be read."},
	"verdict.passed.issuer_signature":     {"由颁发机构签名，内容未被改动。", "The issuer signed it, and nothing was changed since."},
	"verdict.passed.inclusion":            {"颁发时已记入各地共同的账本。", "It was recorded on the regions' common ledger."},
	"verdict.passed.key_in_force":         {"签名时所用的密钥有效。", "The key was in force when it signed."},
	"verdict.passed.authority_accredited": {"颁发机构有权颁发这类证照。", "The issuer is accredited for this type."},
	"verdict.passed.validity_period":      {"在有效期内。", "It is within its period."},
	"verdict.passed.status":               {"没有被暂扣、撤销或注销。", "It is neither suspended nor revoked."},
	"verdict.passed.dispute":              {"没有正在处理的异议。", "No dispute about it is open."},
	"verdict.passed.holder_binding":       {"由持证人本人出示。", "Its holder presented it."},
	"verdict.passed.recognition":          {"本地区在此事项上认可。", "It is recognised here for this purpose."},
	"verdict.passed.index_freshness":      {"核对所用的账本是最新的。", "The copy of the ledger is up to date."},
	"verdict.passed.witness_agreement":    {"足够多的地区与本地账本一致。", "Enough regions agree with this ledger."},
	"verdict.skipped.dispute":             {"账本目前不记录异议。", "Disputes are not recorded on the ledger yet."},
}

var uploadWords = Section{
	"upload.unknown":        {"认不出文件的内容。请选取 SD-JWT、JSON 或核验回执文件。", "The content is not known here. Pick an SD-JWT, JSON or receipt file."},
	"upload.json":           {"JSON 文件里没有证照，或格式不符。", "The JSON holds no certificate, or is not well-formed."},
	"upload.pdf":            {"本网关暂不支持直接核验 PDF，请选取随附的 SD-JWT 文件。", "This gateway does not read PDF; pick the SD-JWT file that came with it."},
	"upload.pdf-empty":      {"PDF 里没有随附可核验的证照。请向持证人索取带存证附件的原始文件，不要使用打印后扫描的文件。", "The PDF carries no certificate that can be verified. Ask for the original file, not for a scan."},
	"upload.image":          {"本网关暂不识别图片，请选取证照文件。", "This gateway does not read pictures; pick the certificate's file."},
	"upload.image-empty":    {"图片中没有识别出二维码，请靠近一些、对准后重拍。", "No code was found in the picture. Move closer, hold still, and take another."},
	"upload.receipt-only":   {"只有存证凭据，没有证照。请同时选取两个文件。", "That is only the inclusion receipt. Pick the certificate with it."},
	"upload.broken":         {"文件没有传完，请重新选取。", "The file did not arrive whole; pick it again."},
	"upload.self-contained": {"自包含出示的内容不完整，请重新扫码或选取文件。", "The self-contained presentation is not whole; scan it again or pick the file."},
}
