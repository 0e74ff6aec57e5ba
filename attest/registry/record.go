package registry

import (
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
)

// The records of the state, as JSON with one fixed order of members. They are written by the rules alone and read by
// whoever holds the state; a record that does not read back is a broken store, never a bad input.

// Consortium is who is in it.
type Consortium struct {
	Network string
	Suite   attest.Suite
	Regions []string // division codes, sorted
	Digest  string   // of the founding command, base64url
}

// Statement is a region's latest witness statement.
type Statement struct {
	Region string
	Height uint64
	Digest [32]byte
	Time   int64 // of the transaction that brought it, Unix seconds
}

// Proposal is an admission that is being voted on.
type Proposal struct {
	Founder  Founder
	Approved []string // regions, sorted
	Digest   string   // of the command that proposed it, base64url: what an approval names
	Admitted bool
}

func encodeRecord(write func(w *attest.ObjectWriter)) []byte {
	w := attest.NewObjectWriter(make([]byte, 0, 256))
	write(w)
	return w.Close()
}

func decodeRecord[T any](value []byte, read func(f *attest.Fields) T) (*T, error) {
	v, err := attest.ParseJSON(value, attest.Limits{Bytes: 2 * MaxCommand, Depth: 8, Members: 65536})
	if err != nil {
		return nil, err
	}
	f := v.Fields()
	out := read(f)
	if err := f.Done(); err != nil {
		return nil, err
	}
	return &out, nil
}

func (c *Consortium) encode() []byte {
	return encodeRecord(func(w *attest.ObjectWriter) {
		w.String("net", c.Network)
		w.String("suite", string(c.Suite))
		w.Strings("regions", c.Regions)
		w.String("cmd", c.Digest)
	})
}

// DecodeConsortium reads the record at KeyConsortium.
func DecodeConsortium(value []byte) (*Consortium, error) {
	return decodeRecord(value, func(f *attest.Fields) Consortium {
		return Consortium{Network: f.String("net"), Suite: attest.Suite(f.String("suite")), Regions: f.Strings("regions"),
			Digest: f.String("cmd")}
	})
}

func encodeRegionRecord(r *attest.Region) []byte {
	return encodeRecord(func(w *attest.ObjectWriter) { encodeRegion(w, r) })
}

// DecodeRegion reads the record at KeyRegion.
func DecodeRegion(value []byte) (*attest.Region, error) {
	return decodeRecord(value, decodeRegionFields)
}

func (p *Proposal) encode() []byte {
	return encodeRecord(func(w *attest.ObjectWriter) {
		encodeFounder(w, &p.Founder)
		w.Strings("approved", p.Approved)
		w.String("cmd", p.Digest)
		w.Bool("admitted", p.Admitted)
	})
}

// DecodeProposal reads the record at KeyRegionProposal.
func DecodeProposal(value []byte) (*Proposal, error) {
	return decodeRecord(value, func(f *attest.Fields) Proposal {
		return Proposal{Founder: decodeFounder(f), Approved: f.Strings("approved"), Digest: f.String("cmd"),
			Admitted: f.Bool("admitted")}
	})
}

func encodeKey(k *attest.Key) []byte {
	return encodeRecord(func(w *attest.ObjectWriter) {
		w.String("id", k.ID)
		w.String("use", string(k.Use))
		w.Raw("jwk", k.Public.JWK())
		w.Bool("retired", k.Retired)
		w.Int64("compromisedFrom", int64(k.CompromisedFrom)) //nolint:gosec // a block number: far below 2^63
	})
}

// DecodeKey reads the record at KeyKey.
func DecodeKey(value []byte) (*attest.Key, error) {
	return decodeRecord(value, func(f *attest.Fields) attest.Key {
		return attest.Key{ID: f.String("id"), Use: attest.KeyUse(f.String("use")), Public: decodeJWK(f),
			Retired: f.Bool("retired"), CompromisedFrom: height(f, "compromisedFrom")}
	})
}

// authority is the record behind attest.Authority, with the digest of the command that registered it.
type authority struct {
	attest.Authority
	digest string
}

func (a *authority) encode() []byte {
	return encodeRecord(func(w *attest.ObjectWriter) {
		encodeAuthority(w, &a.Authority)
		w.String("state", string(a.State))
		w.String("cmd", a.digest)
	})
}

func decodeAuthority(value []byte) (*authority, error) {
	return decodeRecord(value, func(f *attest.Fields) authority {
		a := authority{Authority: attest.Authority{Code: f.String("code"), Name: f.String("name"),
			Region: f.String("region"), Division: f.String("division"), Issuer: f.String("issuer"),
			Types: f.Strings("types"), State: attest.AuthorityState(f.String("state"))}, digest: f.String("cmd")}
		a.Parent, _ = f.OptString("parent")
		return a
	})
}

// DecodeAuthority reads the record at KeyAuthority.
func DecodeAuthority(value []byte) (*attest.Authority, error) {
	a, err := decodeAuthority(value)
	if err != nil {
		return nil, err
	}
	return &a.Authority, nil
}

func encodeGrades(w *attest.ObjectWriter, grades map[string]attest.Grade) {
	names := make([]string, 0, len(grades))
	for name := range grades { // ordered: sorted below
		names = append(names, name)
	}
	slices.Sort(names)
	w.Object("grades", func(w *attest.ObjectWriter) {
		for _, name := range names {
			w.String(name, string(grades[name]))
		}
	})
}

// decodeGrades reads an object whose members are any field names.
func decodeGrades(f *attest.Fields) map[string]attest.Grade {
	grades := map[string]attest.Grade{}
	v := f.Value("grades")
	if f.Err() == nil && v.Kind() != attest.JSONObject {
		f.Fail(attest.CodeJSONType, "grades", "want an object")
	}
	for _, m := range v.Members() {
		if m.Value.Kind() != attest.JSONString {
			f.Fail(attest.CodeJSONType, "grades", "want an object of strings")
		}
		grades[m.Name] = attest.Grade(m.Value.Str())
	}
	return grades
}

func encodeType(t *attest.CertificateType, digest string) []byte {
	return encodeRecord(func(w *attest.ObjectWriter) {
		w.String("code", t.Code)
		w.Int64("version", int64(t.Version))
		w.String("name", t.Name)
		w.String("registrar", t.Registrar)
		w.String("schema", string(t.Schema))
		encodeGrades(w, t.Grades)
		w.Strings("predicates", t.Predicates)
		w.String("cmd", digest)
	})
}

// DecodeType reads the record at KeyType.
func DecodeType(value []byte) (*attest.CertificateType, error) {
	t, _, err := decodeType(value)
	return t, err
}

func decodeType(value []byte) (*attest.CertificateType, string, error) {
	var digest string
	t, err := decodeRecord(value, func(f *attest.Fields) attest.CertificateType {
		digest = f.String("cmd")
		return attest.CertificateType{Code: f.String("code"), Version: int(f.Int64("version")), Name: f.String("name"),
			Registrar: f.String("registrar"), Schema: []byte(f.String("schema")),
			Grades: decodeGrades(f), Predicates: f.Strings("predicates")}
	})
	return t, digest, err
}

func encodeBatch(b *attest.Batch) []byte {
	return encodeRecord(func(w *attest.ObjectWriter) {
		w.String("id", b.ID)
		w.String("kind", string(b.Kind))
		w.String("suite", string(b.Suite))
		w.String("key", b.Key)
		w.String("root", b64(b.Root[:]))
		w.Int64("size", int64(b.Size)) //nolint:gosec // bounded by MaxBatch
		w.Strings("types", b.Types)
		w.String("cmd", b64(b.Digest[:]))
	})
}

// DecodeBatch reads the record at KeyBatch. Block and Tx are the index's to fill in.
func DecodeBatch(value []byte) (*attest.Batch, error) {
	return decodeRecord(value, func(f *attest.Fields) attest.Batch {
		return attest.Batch{ID: f.String("id"), Kind: attest.Kind(f.String("kind")),
			Suite: attest.Suite(f.String("suite")), Key: f.String("key"), Root: hash32(f, "root"),
			Size: height(f, "size"), Types: f.Strings("types"), Digest: hash32(f, "cmd")}
	})
}

func encodeStatus(intervals []attest.Interval) []byte {
	return encodeRecord(func(w *attest.ObjectWriter) {
		w.Objects("intervals", len(intervals), func(i int, w *attest.ObjectWriter) {
			v := &intervals[i]
			w.String("state", string(v.State))
			w.Int64("from", v.From)
			w.Int64("until", v.Until)
			w.String("reason", v.Reason)
			w.OptString("successor", v.Successor)
		})
	})
}

// DecodeStatus reads the record at KeyStatus: the intervals in the order in which they were recorded.
func DecodeStatus(value []byte) ([]attest.Interval, error) {
	out, err := decodeRecord(value, func(f *attest.Fields) []attest.Interval {
		var intervals []attest.Interval
		for _, e := range f.Objects("intervals") {
			i := attest.Interval{State: attest.StatusState(e.String("state")), From: e.Int64("from"),
				Until: e.Int64("until"), Reason: e.String("reason")}
			i.Successor, _ = e.OptString("successor")
			intervals = append(intervals, i)
		}
		return intervals
	})
	if err != nil {
		return nil, err
	}
	return *out, nil
}

func encodeStatement(s *Statement) []byte {
	return encodeRecord(func(w *attest.ObjectWriter) {
		w.String("region", s.Region)
		w.Int64("height", int64(s.Height)) //nolint:gosec // a block number: far below 2^63
		w.String("digest", b64(s.Digest[:]))
		w.Int64("time", s.Time)
	})
}

// DecodeWitness reads the record at KeyWitness.
func DecodeWitness(value []byte) (*Statement, error) {
	return decodeRecord(value, func(f *attest.Fields) Statement {
		return Statement{Region: f.String("region"), Height: height(f, "height"), Digest: hash32(f, "digest"),
			Time: f.Int64("time")}
	})
}
