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
func (f *Found) Name() string { return NameFound }

// Operation implements Command.
func (f *Found) Operation() string             { return NameFound }
func (f *Found) encode(w *attest.ObjectWriter) { w.Strings("signatures", f.Signatures) }

// Name implements Command.
func (p *ProposeRegion) Name() string { return NameProposeRegion }

// Operation implements Command.
func (p *ProposeRegion) Operation() string { return NameProposeRegion + "/" + p.Founder.Region.Code }
func (p *ProposeRegion) encode(w *attest.ObjectWriter) {
	w.Object("region", func(w *attest.ObjectWriter) { encodeFounder(w, &p.Founder) })
}

// Name implements Command.
func (a *ApproveRegion) Name() string { return NameApproveRegion }

// Operation implements Command.
func (a *ApproveRegion) Operation() string { return NameApproveRegion + "/" + a.Region }
func (a *ApproveRegion) encode(w *attest.ObjectWriter) {
	w.String("region", a.Region)
	w.String("proposal", a.Digest)
}

// Name implements Command.
func (r *RotateKey) Name() string { return NameRotateKey }

// Operation implements Command.
func (r *RotateKey) Operation() string { return r.Op }
func (r *RotateKey) encode(w *attest.ObjectWriter) {
	w.String("op", r.Op)
	w.String("owner", r.Owner)
	if r.Add != nil {
		w.Object("add", func(w *attest.ObjectWriter) { encodeNewKey(w, r.Add) })
	}
	w.OptString("retire", r.Retire)
}

// Name implements Command.
func (m *MarkCompromised) Name() string { return NameMarkCompromised }

// Operation implements Command.
func (m *MarkCompromised) Operation() string { return m.Op }
func (m *MarkCompromised) encode(w *attest.ObjectWriter) {
	w.String("op", m.Op)
	w.String("key", m.Key)
	w.Int64("from", int64(m.From)) //nolint:gosec // a block number: far below 2^63
}

// Name implements Command.
func (r *RegisterAuthority) Name() string { return NameRegisterAuthority }

// Operation implements Command.
func (r *RegisterAuthority) Operation() string { return NameRegisterAuthority + "/" + r.Authority.Code }
func (r *RegisterAuthority) encode(w *attest.ObjectWriter) {
	encodeAuthority(w, &r.Authority)
	w.Object("key", func(w *attest.ObjectWriter) { encodeNewKey(w, &r.Key) })
}

// encodeAuthority writes what a command and a record say of an authority alike.
func encodeAuthority(w *attest.ObjectWriter, a *attest.Authority) {
	w.String("code", a.Code)
	w.String("name", a.Name)
	w.String("region", a.Region)
	w.String("division", a.Division)
	w.OptString("parent", a.Parent)
	w.String("issuer", a.Issuer)
	w.Strings("types", a.Types)
}

// Name implements Command.
func (s *SetScope) Name() string { return NameSetScope }

// Operation implements Command.
func (s *SetScope) Operation() string { return s.Op }
func (s *SetScope) encode(w *attest.ObjectWriter) {
	w.String("op", s.Op)
	w.String("authority", s.Code)
	w.Strings("types", s.Types)
}

// Name implements Command.
func (s *SetAuthorityState) Name() string { return NameSetAuthorityState }

// Operation implements Command.
func (s *SetAuthorityState) Operation() string { return s.Op }
func (s *SetAuthorityState) encode(w *attest.ObjectWriter) {
	w.String("op", s.Op)
	w.String("authority", s.Code)
	w.String("state", string(s.State))
}

// Name implements Command.
func (r *RegisterType) Name() string { return NameRegisterType }

// Operation implements Command.
func (r *RegisterType) Operation() string { return KeyType(r.Type.Code, r.Type.Version) }
func (r *RegisterType) encode(w *attest.ObjectWriter) {
	w.String("code", r.Type.Code)
	w.Int64("version", int64(r.Type.Version))
	w.String("name", r.Type.Name)
	w.String("schema", string(r.Type.Schema))
	encodeGrades(w, r.Type.Grades)
	w.Strings("predicates", r.Type.Predicates)
}

// Name implements Command.
func (a *Anchor) Name() string { return NameAnchor }

// Operation implements Command.
func (a *Anchor) Operation() string { return a.ID }
func (a *Anchor) encode(w *attest.ObjectWriter) {
	w.String("id", a.ID)
	w.String("kind", string(a.Kind))
	w.String("suite", string(a.Suite))
	w.String("root", b64(a.Root[:]))
	w.Int64("size", int64(a.Size)) //nolint:gosec // bounded by MaxBatch
	if len(a.Types) > 0 {
		w.String("types", strings.Join(a.Types, ","))
	}
}

// Name implements Command.
func (s *SetStatus) Name() string { return NameSetStatus }

// Operation implements Command.
func (s *SetStatus) Operation() string { return s.Op }
func (s *SetStatus) encode(w *attest.ObjectWriter) {
	w.String("op", s.Op)
	w.String("authority", s.Authority)
	w.Objects("entries", len(s.Entries), func(i int, w *attest.ObjectWriter) {
		e := &s.Entries[i]
		w.Int64("list", int64(e.List))
		w.Int64("idx", int64(e.Index))
		w.String("state", e.State)
		w.Int64("from", e.From)
		w.String("reason", e.Reason)
		w.OptString("successor", e.Successor)
	})
}

// Name implements Command.
func (p *ProposeAgreement) Name() string { return NameProposeAgreement }

// Operation implements Command.
func (p *ProposeAgreement) Operation() string {
	return KeyAgreement(p.Agreement.ID, p.Agreement.Version)
}
func (p *ProposeAgreement) encode(w *attest.ObjectWriter) { encodeAgreement(w, &p.Agreement) }

// Name implements Command.
func (p *ApproveAgreement) Name() string { return NameApproveAgreement }

// Operation implements Command.
func (p *ApproveAgreement) Operation() string {
	return NameApproveAgreement + "/" + KeyAgreement(p.ID, p.Version)
}
func (p *ApproveAgreement) encode(w *attest.ObjectWriter) {
	w.String("id", p.ID)
	w.Int64("version", int64(p.Version))
	w.String("proposal", p.Digest)
}

// Name implements Command.
func (n *WithdrawAgreement) Name() string { return NameWithdrawAgreement }

// Operation implements Command.
func (n *WithdrawAgreement) Operation() string { return n.Op }
func (n *WithdrawAgreement) encode(w *attest.ObjectWriter) {
	w.String("op", n.Op)
	w.String("id", n.ID)
	w.Int64("version", int64(n.Version))
	w.Int64("ends", n.Ends)
}

// Name implements Command.
func (s *Witness) Name() string { return NameWitness }

// Operation implements Command.
func (s *Witness) Operation() string { return NameWitness }
func (s *Witness) encode(w *attest.ObjectWriter) {
	w.Int64("height", int64(s.Height)) //nolint:gosec // a block number: far below 2^63
	w.String("digest", b64(s.Digest[:]))
}
