package attest

var paperTexts = map[Code]Text{
	CodePortableFormat:   {"自包含出示的内容读不出来，可能不完整；请重新扫码，或改用文件出示。", "The self-contained presentation cannot be read, perhaps it is cut off; scan it again, or hand over the file."},
	CodePortableTooLarge: {"自包含出示的内容过大，请减少出示的字段后重试。", "The self-contained presentation is too large; disclose fewer fields."},
	CodePortableMissing:  {"这份出示分在几个二维码里，还没有扫全；请补扫缺少的二维码。", "The presentation is spread over several QR codes, and some are missing; scan the missing ones too."},
	CodePortableMixed:    {"这些二维码不属于同一份出示；请只扫同一份的二维码。", "The QR codes are of different presentations; scan those of one presentation alone."},
	CodeQRTooLarge:       {"内容过多，二维码放不下；请减少出示的字段，或改用文件出示。", "It is too much for QR codes; disclose fewer fields, or hand over the file."},
	CodeQRMissing:        {"图片中没有找到二维码；请对准、拍清楚后重拍，或改为输入短码。", "No QR code was found in the picture; take a sharper one, or type the short code."},
	CodeImageFormat:      {"图片无法读取，请使用 PNG、JPEG 或 GIF。", "The picture cannot be read; use PNG, JPEG or GIF."},
	CodeImageTooLarge:    {"图片过大，请缩小后重试。", "The picture is too large; make it smaller."},
	CodePDFFormat:        {"PDF 已损坏，或在出具之后被改动过；请使用原始文件。", "The PDF is damaged or was changed after it was written; use the original file."},
	CodePDFTooLarge:      {"PDF 过大，不是本系统出具的文件；请核对文件。", "The PDF is too large to be one of this system; check the file."},
	CodePDFAttachment:    {"PDF 中没有本系统的附件，印出的文字不能作为依据；请索取原始 PDF，或按文件存证核验。", "The PDF carries no attachment of this system, and its text proves nothing; ask for the original PDF, or check it as a recorded file."},
	CodeFontMissing:      {"找不到可用的中文字体；请安装 fonts-droid-fallback，或用 HUZHENG_FONT 指定 TrueType 字体文件。", "No usable Chinese font was found; install fonts-droid-fallback, or name a TrueType file in HUZHENG_FONT."},
}
