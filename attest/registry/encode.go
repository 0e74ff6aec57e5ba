package registry

import (
	"encoding/base64"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Sign encodes a command for the network and signs it with the key that the command needs. The result is final: keep
// it, and submit these bytes again after an unknown outcome.
func Sign(network string, c Command, s attest.Signer) ([]byte, error) {
	w := attest.NewObjectWriter(make([]byte, 0, 512))
	w.Int64("v", Version)
	w.String("net", network)
	w.String("cmd", c.Name())
	c.encode(w)
	return attest.SignJWS(s, Type, w.Close())
}

// TypeCharter is the JWS typ of a charter's signatures.
const TypeCharter = "huzheng-charter+jwt"

// SignCharter signs a charter for one of its founders, with that founder's governance key. Every founder must be given
// an equal Charter: the bytes that they sign have to be the same.
func SignCharter(ch Charter, s attest.Signer) (string, error) {
	w := attest.NewObjectWriter(make([]byte, 0, 2048))
	w.Int64("v", Version)
	w.String("net", ch.Network)
	w.String("suite", string(ch.Suite))
	w.Objects("founders", len(ch.Founders), func(i int, w *attest.ObjectWriter) { encodeFounder(w, &ch.Founders[i]) })
	jws, err := attest.SignJWS(s, TypeCharter, w.Close())
	return string(jws), err
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func encodeFounder(w *attest.ObjectWriter, f *Founder) {
	encodeRegion(w, &f.Region)
	w.Objects("keys", len(f.Keys), func(i int, w *attest.ObjectWriter) { encodeNewKey(w, &f.Keys[i]) })
}

func encodeRegion(w *attest.ObjectWriter, r *attest.Region) {
	w.String("code", r.Code)
	w.String("name", r.Name)
	w.String("msp", r.MSP)
	w.String("url", r.URL)
}

func encodeNewKey(w *attest.ObjectWriter, k *NewKey) {
	w.String("name", k.Name)
	w.String("use", string(k.Use))
	w.Raw("jwk", k.Public.JWK())
}

// Name implements Command.
func (c *Found) Name() string { return NameFound }

// Operation implements Command.
func (c *Found) Operation() string             { return NameFound }
func (c *Found) encode(w *attest.ObjectWriter) { w.Strings("signatures", c.Signatures) }

// Name implements Command.
func (c *ProposeRegion) Name() string { return NameProposeRegion }

// Operation implements Command.
func (c *ProposeRegion) Operation() string { return NameProposeRegion + "/" + c.Founder.Region.Code }
func (c *ProposeRegion) encode(w *attest.ObjectWriter) {
	w.Object("region", func(w *attest.ObjectWriter) { encodeFounder(w, &c.Founder) })
}

// Name implements Command.
func (c *ApproveRegion) Name() string { return NameApproveRegion }

// Operation implements Command.
func (c *ApproveRegion) Operation() string { return NameApproveRegion + "/" + c.Region }
func (c *ApproveRegion) encode(w *attest.ObjectWriter) {
	w.String("region", c.Region)
	w.String("proposal", c.Digest)
}

// Name implements Command.
func (c *RotateKey) Name() string { return NameRotateKey }

// Operation implements Command.
func (c *RotateKey) Operation() string { return c.Op }
func (c *RotateKey) encode(w *attest.ObjectWriter) {
	w.String("op", c.Op)
	w.String("owner", c.Owner)
	if c.Add != nil {
		w.Object("add", func(w *attest.ObjectWriter) { encodeNewKey(w, c.Add) })
	}
	w.OptString("retire", c.Retire)
}

// Name implements Command.
func (c *MarkCompromised) Name() string { return NameMarkCompromised }

// Operation implements Command.
func (c *MarkCompromised) Operation() string { return c.Op }
func (c *MarkCompromised) encode(w *attest.ObjectWriter) {
	w.String("op", c.Op)
	w.String("key", c.Key)
	w.Int64("from", int64(c.From)) //nolint:gosec // a block number: far below 2^63
}

// Name implements Command.
func (c *RegisterAuthority) Name() string { return NameRegisterAuthority }

// Operation implements Command.
func (c *RegisterAuthority) Operation() string { return NameRegisterAuthority + "/" + c.Authority.Code }
func (c *RegisterAuthority) encode(w *attest.ObjectWriter) {
	a := &c.Authority
	w.String("code", a.Code)
	w.String("name", a.Name)
	w.String("region", a.Region)
	w.String("division", a.Division)
	w.OptString("parent", a.Parent)
	w.String("issuer", a.Issuer)
	w.Strings("types", a.Types)
	w.Object("key", func(w *attest.ObjectWriter) { encodeNewKey(w, &c.Key) })
}

// Name implements Command.
func (c *SetScope) Name() string { return NameSetScope }

// Operation implements Command.
func (c *SetScope) Operation() string { return c.Op }
func (c *SetScope) encode(w *attest.ObjectWriter) {
	w.String("op", c.Op)
	w.String("authority", c.Code)
	w.Strings("types", c.Types)
}

// Name implements Command.
func (c *SetAuthorityState) Name() string { return NameSetAuthorityState }

// Operation implements Command.
func (c *SetAuthorityState) Operation() string { return c.Op }
func (c *SetAuthorityState) encode(w *attest.ObjectWriter) {
	w.String("op", c.Op)
	w.String("authority", c.Code)
	w.String("state", string(c.State))
}

// Name implements Command.
func (c *RegisterType) Name() string { return NameRegisterType }

// Operation implements Command.
func (c *RegisterType) Operation() string { return KeyType(c.Type.Code, c.Type.Version) }
func (c *RegisterType) encode(w *attest.ObjectWriter) {
	w.String("code", c.Type.Code)
	w.Int64("version", int64(c.Type.Version))
	w.String("name", c.Type.Name)
	w.String("schema", string(c.Type.Schema))
	encodeGrades(w, c.Type.Grades)
	w.Strings("predicates", c.Type.Predicates)
}

// Name implements Command.
func (c *Anchor) Name() string { return NameAnchor }

// Operation implements Command.
func (c *Anchor) Operation() string { return c.ID }
func (c *Anchor) encode(w *attest.ObjectWriter) {
	w.String("id", c.ID)
	w.String("kind", string(c.Kind))
	w.String("suite", string(c.Suite))
	w.String("root", b64(c.Root[:]))
	w.Int64("size", int64(c.Size)) //nolint:gosec // bounded by MaxBatch
	if len(c.Types) > 0 {
		w.String("types", strings.Join(c.Types, ","))
	}
}

// Name implements Command.
func (c *SetStatus) Name() string { return NameSetStatus }

// Operation implements Command.
func (c *SetStatus) Operation() string { return c.Op }
func (c *SetStatus) encode(w *attest.ObjectWriter) {
	w.String("op", c.Op)
	w.String("authority", c.Authority)
	w.Objects("entries", len(c.Entries), func(i int, w *attest.ObjectWriter) {
		e := &c.Entries[i]
		w.Int64("list", int64(e.List))
		w.Int64("idx", int64(e.Index))
		w.String("state", e.State)
		w.Int64("from", e.From)
		w.String("reason", e.Reason)
		w.OptString("successor", e.Successor)
	})
}

// Name implements Command.
func (c *ProposeAgreement) Name() string { return NameProposeAgreement }

// Operation implements Command.
func (c *ProposeAgreement) Operation() string {
	return KeyAgreement(c.Agreement.ID, c.Agreement.Version)
}
func (c *ProposeAgreement) encode(w *attest.ObjectWriter) { encodeAgreement(w, &c.Agreement) }

// Name implements Command.
func (c *ApproveAgreement) Name() string { return NameApproveAgreement }

// Operation implements Command.
func (c *ApproveAgreement) Operation() string {
	return NameApproveAgreement + "/" + KeyAgreement(c.ID, c.Version)
}
func (c *ApproveAgreement) encode(w *attest.ObjectWriter) {
	w.String("id", c.ID)
	w.Int64("version", int64(c.Version))
	w.String("proposal", c.Digest)
}

// Name implements Command.
func (c *WithdrawAgreement) Name() string { return NameWithdrawAgreement }

// Operation implements Command.
func (c *WithdrawAgreement) Operation() string { return c.Op }
func (c *WithdrawAgreement) encode(w *attest.ObjectWriter) {
	w.String("op", c.Op)
	w.String("id", c.ID)
	w.Int64("version", int64(c.Version))
	w.Int64("ends", c.Ends)
}

// Name implements Command.
func (c *Witness) Name() string { return NameWitness }

// Operation implements Command.
func (c *Witness) Operation() string { return NameWitness }
func (c *Witness) encode(w *attest.ObjectWriter) {
	w.Int64("height", int64(c.Height)) //nolint:gosec // a block number: far below 2^63
	w.String("digest", b64(c.Digest[:]))
}
