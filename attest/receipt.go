package attest

import "encoding/base64"

// TypeVerification is the JWS typ of a verification receipt.
const TypeVerification = "huzheng-verification+jwt"

// VerificationReceipt (核验回执) is what a gateway answers for afterwards: who verified what for which purpose, on which
// state of the ledger, with which result. It names the certificate by its commitment alone and repeats no claim. The
// gateway signs it as a compact JWS, keeps it, and anchors it like a certificate.
type VerificationReceipt struct {
	ID       string // 128 random bits, base64url: also what keeps the receipt's own commitment from being guessed
	Network  string
	Region   string // whose gateway judged
	Verifier string
	UseCause string
	Scenario string
	Time     int64 // Unix seconds
	Verdict  *Verdict
}

// Sign signs the receipt with the gateway's key, whose id is "<region>#<name>".
func (r *VerificationReceipt) Sign(s Signer) ([]byte, error) {
	return SignJWS(s, TypeVerification, r.payload())
}

func (r *VerificationReceipt) payload() []byte {
	v := r.Verdict
	w := NewObjectWriter(make([]byte, 0, 2048)) // twelve checks with their evidence
	w.Int64("v", 1)
	w.String("jti", r.ID)
	w.String("net", r.Network)
	w.String("region", r.Region)
	w.String("verifier", r.Verifier)
	w.Int64("iat", r.Time)
	w.String("useCause", r.UseCause)
	w.String("scenario", r.Scenario)
	w.String("result", string(v.Result))
	w.String("code", string(v.Code))
	w.Bool("disputed", v.Disputed)
	w.String("commitment", base64.RawURLEncoding.EncodeToString(v.Commitment[:]))
	w.OptString("authority", v.Authority)
	w.OptString("issuer", v.Issuer)
	w.OptString("type", v.Type)
	if v.Version != 0 {
		w.Int64("typeVersion", int64(v.Version))
	}
	if v.Agreement != "" {
		w.String("agreement", v.Agreement)
		w.Int64("agreementVersion", int64(v.Revision))
	}
	w.Int64("height", int64(v.Height)) //nolint:gosec // a block number: far below 2^63
	w.String("digest", base64.RawURLEncoding.EncodeToString(v.Digest[:]))
	w.Int64("agreedHeight", int64(v.AgreedAt)) //nolint:gosec // a block number: far below 2^63
	w.Strings("agreeing", v.Agreeing)
	w.Objects("checks", len(v.Checks), func(i int, w *ObjectWriter) {
		w.String("name", string(v.Checks[i].Name))
		w.String("outcome", string(v.Checks[i].Outcome))
		w.String("code", string(v.Checks[i].Code))
		w.OptString("evidence", v.Checks[i].Evidence)
	})
	return w.Close()
}

// ParseVerificationReceipt reads a receipt and returns it with the JWS that carries it, whose signature the caller
// checks with the registered gateway key that its kid names.
func ParseVerificationReceipt(raw []byte) (*VerificationReceipt, *JWS, error) {
	j, err := ParseJWS(raw)
	if err != nil {
		return nil, nil, err
	}
	if j.Type != TypeVerification {
		return nil, nil, Errorf(CodeVerificationReceipt, "typ is not %s", TypeVerification)
	}
	payload, err := ParseJSON(j.Payload, DefaultLimits())
	if err != nil {
		return nil, nil, err
	}
	f := payload.Fields()
	r, err := readReceipt(f)
	if err != nil {
		return nil, nil, err
	}
	return r, j, nil
}

func readReceipt(f *Fields) (*VerificationReceipt, error) {
	if f.Int64("v") != 1 && f.Err() == nil {
		return nil, Errorf(CodeVerificationReceipt, "version of the receipt is not known")
	}
	v := &Verdict{}
	r := &VerificationReceipt{ID: f.String("jti"), Network: f.String("net"), Region: f.String("region"),
		Verifier: f.String("verifier"), Time: f.Int64("iat"), UseCause: f.String("useCause"),
		Scenario: f.String("scenario"), Verdict: v}
	v.Result, v.Code, v.Disputed = Result(f.String("result")), Code(f.String("code")), f.Bool("disputed")
	commitment, digest := f.String("commitment"), f.String("digest")
	v.Authority, _ = f.OptString("authority")
	v.Issuer, _ = f.OptString("issuer")
	v.Type, _ = f.OptString("type")
	v.Version = optInt(f, "typeVersion")
	v.Agreement, _ = f.OptString("agreement")
	v.Revision = optInt(f, "agreementVersion")
	v.Height, v.AgreedAt = readHeight(f, "height"), readHeight(f, "agreedHeight")
	v.Agreeing = f.Strings("agreeing")
	for _, c := range f.Objects("checks") {
		check := Check{Name: CheckName(c.String("name")), Outcome: Outcome(c.String("outcome")), Code: Code(c.String("code"))}
		check.Evidence, _ = c.OptString("evidence")
		v.Checks = append(v.Checks, check)
	}
	if err := f.Done(); err != nil {
		return nil, err
	}
	if !decode32(commitment, &v.Commitment) || !decode32(digest, &v.Digest) {
		return nil, Errorf(CodeVerificationReceipt, "commitment or digest is not 32 bytes in base64url")
	}
	return r, nil
}

func readHeight(f *Fields, name string) uint64 {
	n := f.Int64(name)
	if n < 0 {
		f.Fail(CodeJSONNumber, name, "is a block number")
		return 0
	}
	return uint64(n)
}

func optInt(f *Fields, name string) int {
	n, _ := f.OptInt64(name)
	return int(n)
}

// decode32 reads 32 bytes in unpadded base64url, in their one canonical spelling.
func decode32(s string, dst *[32]byte) bool {
	if len(s) != 43 {
		return false
	}
	n, err := base64.RawURLEncoding.Strict().Decode(dst[:], []byte(s))
	return err == nil && n == 32
}
