package attest

import (
	"bytes"
	"encoding/base64"
)

// b64 is base64url without padding (RFC 7515, 2), with the unused bits of the last character required to be zero: one
// byte string has one spelling.
var b64 = base64.RawURLEncoding.Strict()

// appendBase64 appends the encoding of src.
func appendBase64(dst, src []byte) []byte { return b64.AppendEncode(dst, src) }

// decodeBase64 decodes src.
func decodeBase64(src []byte) ([]byte, bool) {
	return appendDecodedBase64(make([]byte, 0, b64.DecodedLen(len(src))), src)
}

// appendDecodedBase64 appends what src encodes. The line breaks that encoding/base64 would skip are refused like any
// other stranger.
func appendDecodedBase64(dst, src []byte) ([]byte, bool) {
	if bytes.IndexByte(src, '\n') >= 0 || bytes.IndexByte(src, '\r') >= 0 {
		return nil, false
	}
	out, err := b64.AppendDecode(dst, src)
	return out, err == nil
}
