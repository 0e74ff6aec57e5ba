package notary

import (
	"context"
	"encoding/base64"
	"io"
	"regexp"
	"slices"
	"sync"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/dataset"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// PublishDataset puts an entry into the catalogue, or replaces the one of the same id and owner. 核心 data is refused;
// 重要 data needs the reference of an approval. Errors: DATASET_GRADE, FIELD_INVALID, DATASET_EXISTS,
// OPERATION_CONFLICT, those of the owner's look-up.
func (n *Notary) PublishDataset(ctx context.Context, op string, d custody.Dataset) error {
	if err := checkEntry(&d); err != nil {
		return err
	}
	if _, err := n.issuer(d.Owner); err != nil {
		return err
	}
	d.Created = n.d.Now().Unix()
	return n.d.Store.PutDataset(ctx, op, &d)
}

var datasetID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// maxFields bounds the columns of a dataset.
const maxFields = 1000

func checkEntry(d *custody.Dataset) error {
	switch {
	case !datasetID.MatchString(d.ID):
		return refuse("id", attest.CodeFieldInvalid, "an id has 1 to 63 characters of A-Za-z0-9._- and begins with a letter or digit")
	case d.Title == "":
		return refuse("title", attest.CodeFieldMissing, "a dataset has a title")
	case len(d.Fields) == 0 || len(d.Fields) > maxFields || slices.Contains(d.Fields, ""):
		return refuse("fields", attest.CodeFieldInvalid, "a dataset has 1 to 1000 fields with names")
	case len(slices.Compact(slices.Sorted(slices.Values(d.Fields)))) != len(d.Fields):
		return refuse("fields", attest.CodeFieldTwice, "a field is named twice")
	}
	return checkGrade(d)
}

func checkGrade(d *custody.Dataset) error {
	switch d.Grade {
	case custody.GradeGeneral:
		return nil
	case custody.GradeImportant:
		if d.Approval != "" {
			return nil
		}
		return refuse("approval", attest.CodeDatasetGrade, "important data (重要) is published with the reference of its approval")
	case custody.GradeCore:
		return refuse("grade", attest.CodeDatasetGrade, "core data (核心) stays out of every catalogue")
	}
	return refuse("grade", attest.CodeDatasetGrade, "the grade is one of 一般, 重要, 核心")
}

// AnchoredVersion is a version of a dataset with how far it has come.
type AnchoredVersion struct {
	*custody.DatasetVersion
	State State
}

// AnchorVersion reads a CSV table to its end and records it as the next version of a dataset, whole or not at all,
// durable when it returns. The header row names the catalogue's fields in their order. Errors: RECORD_MISSING for an
// unknown dataset; DATASET_ENCODING, DATASET_CSV with the line; OPERATION_CONFLICT; those of table, wrapped.
func (n *Notary) AnchorVersion(ctx context.Context, op, id string, table io.Reader) (*AnchoredVersion, error) {
	n.signing.RLock()
	defer n.signing.RUnlock()
	entry, err := n.d.Store.Dataset(id)
	if err != nil {
		return nil, err
	}
	is, err := n.issuer(entry.Owner)
	if err != nil {
		return nil, err
	}
	rows, digest, err := readTable(table, entry.Fields)
	if err != nil {
		return nil, err
	}
	for {
		v, err := n.newVersion(is, entry, rows, digest)
		if err != nil {
			return nil, err
		}
		v, err = n.d.Store.AddDatasetVersion(ctx, op, v, rows)
		if attest.CodeOf(err) == attest.CodeDatasetVersion { // another call was faster
			if entry, err = n.d.Store.Dataset(id); err == nil {
				continue
			}
		}
		if err != nil {
			return nil, err
		}
		state, err := n.StateAt(v.Place)
		return &AnchoredVersion{DatasetVersion: v, State: state}, err
	}
}

// newVersion draws the secrets of a version, computes its tree and writes its header.
func (n *Notary) newVersion(is *issuer, entry *custody.Dataset, rows [][]byte, request [32]byte) (*custody.DatasetVersion, error) {
	v := &custody.DatasetVersion{Queue: is.queue(attest.KindDataset), Dataset: entry.ID, Version: entry.Latest + 1,
		Rows: uint64(len(rows)), Created: n.d.Now().Unix(), Request: request}
	h := dataset.Header{Suite: v.Queue.Suite, Owner: entry.Owner, Dataset: entry.ID, Version: v.Version, Fields: entry.Fields, Rows: v.Rows}
	for _, random := range [][]byte{v.Secret[:], h.Salt[:]} {
		if _, err := io.ReadFull(n.d.Salts, random); err != nil {
			return nil, attest.Errorf(attest.CodeInternal, "the source of randomness failed: %v", err)
		}
	}
	h.Root = merkle.Root(h.Suite, rowLeaves(h.Suite, v.Secret, rows))
	v.Header = h.JSON()
	v.Commitment = attest.CommitDataset(h.Suite, v.Header)
	return v, nil
}

func rowLeaves(s attest.Suite, secret [32]byte, rows [][]byte) [][32]byte {
	leaves := make([][32]byte, len(rows))
	inParallel(len(rows), func(i int) bool {
		salt := dataset.RowSalt(s, secret, uint64(i)) //nolint:gosec // i ≥ 0
		leaves[i] = attest.CommitRow(s, salt[:], rows[i])
		return true
	})
	return leaves
}

// ProveRow proves row (from 0) of a version that is anchored. Errors: RECORD_MISSING, NOT_ANCHORED_YET,
// SUBJECT_SHREDDED where the version was destroyed.
func (n *Notary) ProveRow(_ context.Context, id string, version int, row uint64) (*dataset.RowProof, error) {
	v, err := n.d.Store.DatasetVersion(id, version)
	if err != nil {
		return nil, err
	}
	if row >= v.Rows {
		return nil, attest.Errorf(attest.CodeRecordMissing, "the version has %d rows", v.Rows)
	}
	receipt, err := n.d.Store.ReceiptAt(v.Place)
	if err != nil {
		return nil, err
	}
	header, err := dataset.ParseHeader(v.Header)
	if err != nil {
		return nil, err
	}
	table, err := n.rows.get(n.d.Store, v, header)
	if err != nil {
		return nil, err
	}
	values, err := decodeRow(table.rows[row])
	if err != nil {
		return nil, err
	}
	path, err := table.tree.Path(row)
	if err != nil {
		return nil, err
	}
	p := &dataset.RowProof{HeaderJSON: v.Header, Header: header, Row: values, Index: row,
		Salt: dataset.RowSalt(header.Suite, v.Secret, row), Path: make([][32]byte, len(path)), Receipt: receipt}
	for i := range path {
		p.Path[i] = [32]byte(path[i])
	}
	return p, nil
}

// rowTrees keeps the table that was last proved from, so that a run of proofs builds one tree.
type rowTrees struct {
	mu    sync.Mutex
	place string
	table *provable
}

type provable struct {
	rows [][]byte
	tree *merkle.Tree
}

func (c *rowTrees) get(store Datasets, v *custody.DatasetVersion, h *dataset.Header) (*provable, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := base64.RawURLEncoding.EncodeToString(v.Commitment[:])
	if c.place == name {
		return c.table, nil
	}
	rows := make([][]byte, 0, v.Rows)
	err := store.Rows(v, func(_ uint64, row []byte) error {
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return nil, err
	}
	t := &provable{rows: rows, tree: merkle.NewTree(h.Suite, rowLeaves(h.Suite, v.Secret, rows))}
	if t.tree.Root() != h.Root {
		return nil, attest.Errorf(attest.CodeBatchDiffers, "the stored rows do not give the root of the version")
	}
	c.place, c.table = name, t
	return t, nil
}
