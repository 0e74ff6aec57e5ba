package attest

import "crypto/subtle"

// typeKeyBinding is the typ of a key binding JWT (RFC 9901, 4.3).
const typeKeyBinding = "kb+jwt"

// Binding is what a verifier asked the holder to bind to, and when it is. Times are Unix seconds.
type Binding struct {
	Audience string
	Nonce    string
	Now      int64
	MaxAge   int64 // how old the binding may be
	Skew     int64 // how far the holder's clock may be off, either way
}

// BindKey appends a key binding JWT (RFC 9901, 4.3) to a presentation that has none: the holder's signature over the
// presentation's hash, the verifier's audience and nonce, and the time iat (Unix seconds). holder is the key in cnf.
// Errors: BINDING_FORMAT where the presentation is bound already, and those of ParseSDJWT and of the signer.
func BindKey(presentation []byte, holder Signer, aud, nonce string, iat int64) ([]byte, error) {
	p, err := ParseSDJWT(presentation, Limits{})
	if err != nil {
		return nil, err
	}
	if p.KeyBinding != nil {
		return nil, Errorf(CodeBindingFormat, "the presentation is bound already")
	}
	hash, err := p.bindingHash()
	if err != nil {
		return nil, err
	}
	w := NewObjectWriter(make([]byte, 0, 256))
	w.Int64("iat", iat)
	w.String("aud", aud)
	w.String("nonce", nonce)
	w.String("sd_hash", hash)
	jwt, err := SignJWS(holder, typeKeyBinding, w.Close())
	if err != nil {
		return nil, err
	}
	return append(p.Bytes(), jwt...), nil
}

// bindingHash is sd_hash (RFC 9901, 4.3.1): over the SD-JWT as received up to its last tilde, with the hash of _sd_alg.
func (p *SDJWT) bindingHash() (string, error) {
	suite, err := p.Suite()
	if err != nil {
		return "", err
	}
	return digestText(suite, p.raw), nil
}

// VerifyBinding checks that the holder bound p to what was asked (RFC 9901, 7.3). Whether binding is required is the
// caller's to decide, and holder must come from the processed cnf of p.
//
// Errors: BINDING_MISSING, BINDING_FORMAT, BINDING_SIGNATURE, BINDING_AUDIENCE, BINDING_NONCE, BINDING_STALE (also for one
// from the future), BINDING_HASH; ALG_UNKNOWN and HASH_UNKNOWN where nothing can be said.
func VerifyBinding(p *SDJWT, holder *PublicKey, expect Binding) error {
	b := p.KeyBinding
	if b == nil {
		return Errorf(CodeBindingMissing, "the presentation has no key binding")
	}
	if b.Type != typeKeyBinding {
		return Errorf(CodeBindingFormat, "the type of the key binding is not %s", typeKeyBinding)
	}
	switch err := b.Verify(holder); CodeOf(err) {
	case "":
	case CodeAlgUnknown:
		return within("the key binding", err)
	default:
		return Errorf(CodeBindingSignature, "%s", detailOf(err))
	}
	return p.checkBinding(expect)
}

// checkBinding checks the signed payload of the key binding.
func (p *SDJWT) checkBinding(expect Binding) error {
	payload, err := ParseJSON(p.KeyBinding.Payload, p.lim)
	if err != nil {
		return Errorf(CodeBindingFormat, "the payload: %s", detailOf(err))
	}
	f := payload.Fields()
	iat, aud, nonce, hash := f.Int64("iat"), f.String("aud"), f.String("nonce"), f.String("sd_hash")
	if err := f.Err(); err != nil {
		return Errorf(CodeBindingFormat, "the payload: %s", detailOf(err))
	}
	want, err := p.bindingHash()
	if err != nil {
		return err
	}
	switch {
	case hash != want:
		return Errorf(CodeBindingHash, "the key binding is for another presentation")
	case aud != expect.Audience:
		return Errorf(CodeBindingAudience, "the key binding is for another audience")
	case subtle.ConstantTimeCompare([]byte(nonce), []byte(expect.Nonce)) != 1:
		return Errorf(CodeBindingNonce, "the key binding is for another nonce")
	case iat > expect.Now+expect.Skew:
		return Errorf(CodeBindingStale, "the key binding is from the future")
	case iat < expect.Now-expect.MaxAge-expect.Skew:
		return Errorf(CodeBindingStale, "the key binding is older than %d s", expect.MaxAge)
	}
	return nil
}
