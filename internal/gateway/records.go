package gateway

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/dataset"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/notary"
)

// documents is api.Documents over the notary and the verifier.
type documents struct{ g *Gateway }

// RecordDocument implements api.Documents.
func (s documents) RecordDocument(ctx context.Context, op api.Operation, authority string, digest [32]byte) (*api.Document, error) {
	if err := s.g.own(authority); err != nil {
		return nil, err
	}
	d, err := s.g.notary.RecordDocument(ctx, op.ID, authority, digest)
	if err != nil {
		return nil, err
	}
	s.g.metrics.Recorded(string(attest.KindDocument), 1)
	out := &api.Document{ID: custody.ID(d.Commitment), Commitment: text(d.Commitment), Digest: text(d.Digest),
		Salt: base64.RawURLEncoding.EncodeToString(d.Salt[:]), State: progress(d.State)}
	if d.Receipt != nil {
		out.Receipt = d.Receipt.JSON()
	}
	return out, nil
}

// CheckDocument implements api.Documents.
func (s documents) CheckDocument(_ context.Context, digest [32]byte, salt string, receipt json.RawMessage) (*api.CheckResult, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(salt)
	if err == nil && len(raw) != attest.SaltSize {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		err = attest.Errorf(attest.CodeFieldInvalid, "a salt is %d bytes in base64url without padding", attest.SaltSize)
	}
	return s.g.checkLeaf(attest.KindDocument, func(suite attest.Suite) [32]byte {
		return attest.CommitDocument(suite, raw, digest[:])
	}, err, receipt), nil
}

// checkLeaf judges what stands on the ledger by its commitment.
func (g *Gateway) checkLeaf(kind attest.Kind, commit func(attest.Suite) [32]byte, content error, receipt []byte) *api.CheckResult {
	if content != nil {
		commit = nil
	}
	v, anchored := g.verifier.VerifyLeaf(kind, commit, content, receipt)
	g.observe(v)
	return leafResult(v, anchored)
}

// datasets is api.Datasets over the notary.
type datasets struct{ g *Gateway }

// The deployed terms of a catalogue entry, beside the API's words for them.
var (
	grades = [][2]string{{"general", custody.GradeGeneral}, {"important", custody.GradeImportant}, {"core", custody.GradeCore}}
	shares = [][2]string{{"open", "无条件共享"}, {"conditional", "有条件共享"}, {"none", "不予共享"}}
)

// translate finds the other word of a pair: from 0 to 1 or from 1 to 0. A word that has none stays as it is.
func translate(pairs [][2]string, word string, from int) string {
	for _, p := range pairs {
		if p[from] == word {
			return p[1-from]
		}
	}
	return word
}

// DatasetOwner implements api.Datasets.
func (s datasets) DatasetOwner(_ context.Context, id string) (string, error) {
	d, err := s.g.vault.Dataset(id)
	if err != nil {
		return "", missing(err, "dataset")
	}
	return d.Owner, nil
}

// PublishDataset implements api.Datasets.
func (s datasets) PublishDataset(ctx context.Context, op api.Operation, id string, e api.DatasetEntry) (*api.DatasetEntry, error) {
	if err := s.g.own(e.Authority); err != nil {
		return nil, err
	}
	err := s.g.notary.PublishDataset(ctx, op.ID, custody.Dataset{ID: id, Owner: e.Authority, Title: e.Name, Fields: e.Fields,
		Grade: translate(grades, string(e.Grade), 0), Approval: e.Approval,
		Sharing: translate(shares, string(e.Sharing), 0), Period: e.UpdatePeriod})
	if err != nil {
		return nil, err
	}
	d, err := s.g.vault.Dataset(id)
	if err != nil {
		return nil, err
	}
	return &api.DatasetEntry{Dataset: d.ID, Authority: d.Owner, Name: d.Title, Fields: d.Fields, Approval: d.Approval,
		Grade:        api.DatasetEntryGrade(translate(grades, d.Grade, 1)),
		Sharing:      api.DatasetEntrySharing(translate(shares, d.Sharing, 1)),
		UpdatePeriod: d.Period, Versions: int32(d.Latest)}, nil //nolint:gosec // counts the versions of one dataset
}

// AddVersion implements api.Datasets.
func (s datasets) AddVersion(ctx context.Context, op api.Operation, id string, csv io.Reader) (*api.DatasetVersion, error) {
	v, err := s.g.notary.AnchorVersion(ctx, op.ID, id, csv)
	if err != nil {
		return nil, err
	}
	s.g.metrics.Recorded(string(attest.KindDataset), 1)
	out := &api.DatasetVersion{Dataset: id, Version: int32(v.Version), Rows: count(v.Rows), //nolint:gosec // counts the versions of one dataset
		Commitment: text(v.Commitment), State: progress(v.State)}
	if v.State.Progress == notary.Anchored {
		out.Receipt, err = s.g.receiptOf(v.Commitment, api.StateAnchored)
	}
	return out, err
}

// ProveRow implements api.Datasets.
func (s datasets) ProveRow(ctx context.Context, id string, version int32, row int64) (api.RowProof, error) {
	if row < 0 {
		return nil, notFound("row")
	}
	p, err := s.g.notary.ProveRow(ctx, id, int(version), uint64(row))
	if err != nil {
		return nil, missing(err, "row")
	}
	return p.JSON(), nil
}

// CheckRow implements api.Datasets.
func (s datasets) CheckRow(_ context.Context, proof api.RowProof) (*api.CheckResult, error) {
	p, err := dataset.ParseRowProof(proof)
	if err == nil {
		err = p.Verify()
	}
	if err != nil {
		return s.g.checkLeaf(attest.KindDataset, nil, err, nil), nil
	}
	return s.g.checkLeaf(attest.KindDataset, func(attest.Suite) [32]byte { return p.Commitment() }, nil, p.Receipt.JSON()), nil
}
