package portable

// Bytes of the packed text that stand for something. JSON and base64url have no such characters.
const (
	tokenRaw       = 0x01 // and a length: so many bytes of the raw part, in base64url
	tokenDigest    = 0x02 // and firstDigest plus a number: the digest of that disclosure, in base64url
	tokenWhole     = 0x03 // the digest of the SD-JWT up to its last tilde (sd_hash), in base64url
	tokenOpen      = 0x04 // what follows, up to tokenClose, stands in base64url
	tokenClose     = 0x05
	tokenSeparator = 0x06 // between segments
	tokenLast      = 0x08 // up to here a byte is a token or refused

	firstDigest = 0x20                // so that no token stands in the place of a number
	maxDigests  = 0x100 - firstDigest // what a byte can name
)

// dictionary is what DEFLATE may refer to before the first byte (RFC 1950, 2.2 calls it a preset dictionary). It is a part
// of the format and never changes; what is most common stands last.
const dictionary = `"archiveNumber""area""businessScope""category""firstIssuedDate""grade""legalRepresentative""location""operationCategory"` +
	`"productName""purpose""qualificationCertificateNumber""registrationNumber""registrationProfession""rightType""unitNumber"` +
	`"age_over_60",true]"age_over_18",true]"valid_in_2025",true]"valid_in_2026",true]"valid_in_2027",true]` +
	`建筑工程公路工程水利水电工程市政公用工程矿业工程机电工程人力资源和社会保障局市场监督管理局住房和城乡建设厅自然资源局公安局民政局卫生健康委员会` +
	`广东省四川省湖南省重庆市北京市上海市中华人民共和国不动产权证书营业执照工业产品生产许可证二级建造师注册证书操作资格证书` +
	`有限公司张三李四王五` + `0123456789-01-01"]-12-31"]2024-2025-2026-2027-2028-2029-2030-` +
	`"certificateHolderType","自然人"]"certificateHolderTypeCode","111"]"certificateHolderTypeName"` +
	`"certificateAreaCode""certificateTypeName""certificateTypeCode","11100000` +
	`"certificateIssuingAuthorityCode","11"certificateIssuingAuthorityName","` +
	`"certificateIdentifier","1.2.156.3005.2.11100000000013338W0` + `"certificateEffectiveDate","2026-` +
	`"certificateExpiringDate","203"certificateIssuedDate","2026-` + `"certificateHolderCode","999999` +
	`"certificateHolderName","` + `"certificateNumber","` + `"certificateName","` +
	"\x06\x04[\"\x01\x10\",\"" +
	`{"v":1,"kind":"certificate","suite":"gm","batch":"` + `{"v":1,"kind":"certificate","suite":"std","batch":"` + "\x01\x10" + `","index":` +
	`,"size":4096,"path":["` + "\x01\x20\",\"\x01\x20\",\"\x01\x20\",\"\x01\x20\",\"\x01\x20\"]}\x06" +
	"\x05\x06\x04" + `{"alg":"SM2-SM3","kid":"11440000` + `{"alg":"ES256","kid":"11` + `#issue-1","typ":"dc+sd-jwt"}` + "\x05.\x04" +
	`{"iss":"https://gw.440000.example/v1/authorities/11` + `","vct":"urn:huzheng:type:11100000` + `:1","iat":17` + `,"nbf":17` + `,"exp":1` +
	`,"cnf":{"jwk":{"crv":"SM2","kty":"EC","x":"` + `,"cnf":{"jwk":{"crv":"P-256","kty":"EC","x":"` + "\x01\x20\",\"y\":\"\x01\x20" +
	`"}},"status":{"status_list":{"idx":` + `,"uri":"https://gw.440000.example/v1/authorities/11` + `/status-lists/0"}},"_sd":["` +
	"\x02\x20\",\"\x02\x21\",\"\x01\x20\",\"\x01\x20\",\"\x01\x20\"" +
	`],"_sd_alg":"sm3"}` + `],"_sd_alg":"sha-256"}` + "\x05.\x01\x40\x06\x04" +
	`{"alg":"SM2-SM3","typ":"kb+jwt"}` + `{"alg":"ES256","typ":"kb+jwt"}` + "\x05.\x04" + `{"iat":17` +
	`,"aud":"urn:huzheng:self-contained","nonce":"none","sd_hash":"` + "\x03\"}\x05.\x01\x40"
