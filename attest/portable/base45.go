package portable

import "github.com/huzheng-ledger/huzheng/attest"

// alphabet is that of RFC 9285, 4: the alphanumeric mode of QR codes (ISO/IEC 18004, 7.4.4).
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// values are the inverse of alphabet; 0xff for a stranger.
var values = func() (v [256]byte) {
	for i := range v {
		v[i] = 0xff
	}
	for i := range len(alphabet) {
		v[alphabet[i]] = byte(i)
	}
	return v
}()

// appendBase45 appends the encoding of src: two bytes to three characters, a last one to two.
func appendBase45(dst, src []byte) []byte {
	for ; len(src) >= 2; src = src[2:] {
		n := int(src[0])<<8 | int(src[1])
		dst = append(dst, alphabet[n%45], alphabet[n/45%45], alphabet[n/(45*45)])
	}
	if len(src) == 1 {
		dst = append(dst, alphabet[int(src[0])%45], alphabet[int(src[0])/45])
	}
	return dst
}

// decodeBase45 reads one canonical encoding.
func decodeBase45(src []byte) ([]byte, error) {
	out := make([]byte, 0, len(src)/3*2+1)
	for len(src) > 0 {
		group := src[:min(3, len(src))]
		src = src[len(group):]
		n, unit := 0, 1
		for _, c := range group {
			if values[c] == 0xff {
				return nil, attest.Errorf(attest.CodePortableFormat, "a character is none of base45")
			}
			n += int(values[c]) * unit
			unit *= 45
		}
		switch {
		case len(group) == 3 && n <= 0xffff:
			out = append(out, byte(n>>8), byte(n))
		case len(group) == 2 && n <= 0xff:
			out = append(out, byte(n))
		default:
			return nil, attest.Errorf(attest.CodePortableFormat, "a group of characters is no base45")
		}
	}
	return out, nil
}
