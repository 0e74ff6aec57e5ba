package attest

// ParseJWK reads a public key in the form of RFC 7517: kty EC, crv P-256 (RFC 7518, 6.2.1) or the private SM2, and x and
// y of exactly 32 bytes. Other members are left aside, kid, alg and use among them: the key alone says what it is for.
// A private key is refused, as its secret must not travel.
//
// Errors: JSON_MISSING_MEMBER, JSON_WRONG_TYPE, KEY_FORMAT, and ALG_UNKNOWN for a type or curve of key that is not ours.
func ParseJWK(v Value) (*PublicKey, error) {
	f := v.Fields()
	kty := f.String("kty")
	if f.Err() == nil && kty != "EC" {
		return nil, Errorf(CodeAlgUnknown, "the key type is not EC")
	}
	crv, x, y := f.String("crv"), f.String("x"), f.String("y")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if _, private := v.Get("d"); private {
		return nil, Errorf(CodeKeyFormat, "the key carries its private part")
	}
	suite, err := suiteByCurve(crv)
	if err != nil {
		return nil, err
	}
	point := [65]byte{0: 4}
	if !decodeCoordinate(point[1:33], x) || !decodeCoordinate(point[33:], y) {
		return nil, Errorf(CodeKeyFormat, "x and y are not base64url of 32 bytes each")
	}
	return keyFromPoint(suite, point)
}

func suiteByCurve(crv string) (Suite, error) {
	switch crv {
	case curveP256:
		return SuiteStd, nil
	case curveSM2:
		return SuiteGM, nil
	}
	return "", Errorf(CodeAlgUnknown, "the curve is neither %s nor %s", curveP256, curveSM2)
}

func decodeCoordinate(dst []byte, s string) bool {
	n, ok := decodeBase64([]byte(s))
	return ok && copy(dst, n) == len(dst) && len(n) == len(dst)
}

// JWK writes the key as compact JSON with only its required members, in the order that RFC 7638, 3 hashes them.
func (k *PublicKey) JWK() []byte {
	crv := curveP256
	if k.suite == SuiteGM {
		crv = curveSM2
	}
	w := NewObjectWriter(make([]byte, 0, 128))
	w.String("crv", crv)
	w.String("kty", "EC")
	w.String("x", b64.EncodeToString(k.point[1:33]))
	w.String("y", b64.EncodeToString(k.point[33:]))
	return w.Close()
}

// Thumbprint is the key's thumbprint (RFC 7638, 3) with the hash of suite, as 43 characters of base64url.
func (k *PublicKey) Thumbprint(suite Suite) string {
	sum := suite.Sum(k.JWK())
	return b64.EncodeToString(sum[:])
}
