package vault

import (
	"context"
	"strconv"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// rowsPerChunk is how many rows lie in one value: a row is read by its number.
const rowsPerChunk = 256

func encodeDataset(d *custody.Dataset) []byte {
	w := newWriter(256)
	for _, s := range []string{d.ID, d.Owner, d.Title, d.Grade, d.Approval, d.Sharing, d.Period} {
		w.string(s)
	}
	w.strings(d.Fields)
	w.int(d.Created)
	w.uint(uint64(d.Latest)) //nolint:gosec // a version is not negative
	return w.b
}

func decodeDataset(plain []byte) (*custody.Dataset, error) {
	r := newReader(plain)
	d := &custody.Dataset{}
	for _, s := range []*string{&d.ID, &d.Owner, &d.Title, &d.Grade, &d.Approval, &d.Sharing, &d.Period} {
		*s = r.string()
	}
	d.Fields, d.Created, d.Latest = r.strings(), r.int(), int(r.uint32())
	return d, r.done()
}

func (v *Vault) keyDataset(id string) []byte { return keyHashed(prefixEntry, v.hashed("dataset", id)) }

// PutDataset writes a catalogue entry, or replaces the one of the same id; its owner and its versions stay. The same
// operation again is a success. Errors: DATASET_EXISTS where another owner has the id; OPERATION_CONFLICT.
func (v *Vault) PutDataset(ctx context.Context, op string, d *custody.Dataset) error {
	fresh := *d
	fresh.Latest, fresh.Created = 0, 0 // a retry may come later
	digest := v.suite.Sum([]byte("huzheng/v1/request\x00"), encodeDataset(&fresh))
	v.datasetMu.Lock()
	defer v.datasetMu.Unlock()
	return v.do(ctx, func(t *tx) error {
		known, err := t.operation(op)
		if err != nil {
			return err
		}
		if known != nil {
			if known.Digest != digest {
				return conflict()
			}
			return nil
		}
		before, err := v.Dataset(d.ID)
		switch {
		case attest.CodeOf(err) == attest.CodeRecordMissing:
			fresh.Created = d.Created
		case err != nil:
			return err
		case before.Owner != d.Owner:
			return attest.Errorf(attest.CodeDatasetExists, "another authority has a dataset with this id")
		default:
			fresh.Created, fresh.Latest = before.Created, before.Latest
		}
		t.setStore(v.keyDataset(d.ID), encodeDataset(&fresh))
		t.setOperation(&custody.Operation{ID: op, Digest: digest})
		return nil
	})
}

// Dataset gives a catalogue entry: RECORD_MISSING.
func (v *Vault) Dataset(id string) (*custody.Dataset, error) {
	plain, err := v.get(v.keyDataset(id))
	if err != nil {
		return nil, err
	}
	if plain == nil {
		return nil, attest.Errorf(attest.CodeRecordMissing, "no such dataset is in the catalogue")
	}
	return decodeDataset(plain)
}

// Datasets gives the catalogue, in no particular order.
func (v *Vault) Datasets() (out []*custody.Dataset, err error) {
	err = v.scan([]byte{prefixEntry}, func(key, value []byte) error {
		plain, err := v.open(key, value)
		if err != nil {
			return err
		}
		d, err := decodeDataset(plain)
		out = append(out, d)
		return err
	})
	return out, err
}

func encodeVersion(d *custody.DatasetVersion) []byte {
	w := newWriter(160 + len(d.Header))
	w.string(d.Dataset)
	w.uint(uint64(d.Version)) //nolint:gosec // a version is positive
	w.uint(d.Rows)
	w.bytes(d.Header)
	w.fixed(d.Secret[:])
	w.fixed(d.Commitment[:])
	w.int(d.Created)
	w.fixed(d.Request[:])
	return w.b
}

func (v *Vault) decodeVersion(p custody.Place, plain []byte) (*custody.DatasetVersion, error) {
	q, err := v.queueByNumber(p.Queue)
	if err != nil {
		return nil, err
	}
	r := newReader(plain)
	d := &custody.DatasetVersion{Place: p, Queue: q.Queue, Dataset: r.string(), Version: int(r.uint32()), Rows: r.uint(),
		Header: r.bytes(), Secret: r.array32(), Commitment: r.array32(), Created: r.int(), Request: r.array32()}
	return d, r.done()
}

func (v *Vault) versionID(dataset string, version int) [16]byte {
	return v.hashed("version", dataset, strconv.Itoa(version))
}

// AddDatasetVersion writes the next version of a dataset with its rows. Rows go first, in pieces that nothing refers to;
// the version's record, its leaf and the operation follow in one durable batch, so a crash leaves the version whole or
// absent. Where the operation is known the version that it recorded is returned. Errors: RECORD_MISSING for an unknown
// dataset, OPERATION_CONFLICT, DATASET_VERSION where d.Version is not the next one.
func (v *Vault) AddDatasetVersion(ctx context.Context, op string, d *custody.DatasetVersion, rows [][]byte) (*custody.DatasetVersion, error) {
	if err := d.Queue.Validate(); err != nil {
		return nil, err
	}
	v.datasetMu.Lock()
	defer v.datasetMu.Unlock()
	known, err := v.Operation(op)
	if err != nil {
		return nil, err
	}
	if known != nil {
		return v.sameVersion(known, d)
	}
	if err := v.expectVersion(d); err != nil {
		return nil, err
	}
	if err := v.putRows(ctx, d, rows); err != nil {
		return nil, err
	}
	return d, v.do(ctx, func(t *tx) error { return t.addVersion(op, d) })
}

func (v *Vault) expectVersion(d *custody.DatasetVersion) error {
	entry, err := v.Dataset(d.Dataset)
	if err == nil && d.Version != entry.Latest+1 {
		err = attest.Errorf(attest.CodeDatasetVersion, "the next version of this dataset is %d", entry.Latest+1)
	}
	return err
}

func (v *Vault) sameVersion(known *custody.Operation, want *custody.DatasetVersion) (*custody.DatasetVersion, error) {
	at, err := single(known)
	if err != nil {
		return nil, err
	}
	got, err := v.versionAt(at)
	if attest.CodeOf(err) == attest.CodeRecordMissing || err == nil && got.Request != want.Request {
		return nil, conflict()
	}
	return got, err
}

func (v *Vault) versionSubject(d *custody.DatasetVersion) custody.Subject {
	return v.subjectOf(attest.KindDataset, d.Dataset, strconv.Itoa(d.Version))
}

func (v *Vault) putRows(ctx context.Context, d *custody.DatasetVersion, rows [][]byte) error {
	id, subject := v.versionID(d.Dataset, d.Version), v.versionSubject(d)
	for at := 0; at < len(rows); at += rowsPerChunk {
		chunk := rows[at:min(at+rowsPerChunk, len(rows))]
		number := uint32(at / rowsPerChunk)
		err := v.do(ctx, func(t *tx) error {
			with, err := t.keyOf(subject)
			if err != nil {
				return err
			}
			w := newWriter(1024)
			for _, row := range chunk {
				w.bytes(row)
			}
			t.set(keyRows(id, number), w.b, with)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) addVersion(op string, d *custody.DatasetVersion) error {
	entry, err := t.v.Dataset(d.Dataset)
	if err != nil {
		return err
	}
	if d.Version != entry.Latest+1 {
		return attest.Errorf(attest.CodeDatasetVersion, "the next version of this dataset is %d", entry.Latest+1)
	}
	with, err := t.keyOf(t.v.versionSubject(d))
	if err != nil {
		return err
	}
	d.Place = t.addLeaves(t.queue(d.Queue), 0, d.Commitment)
	t.set(keyAt(prefixVersion, d.Place), encodeVersion(d), with)
	t.setStore(keyCommitment(d.Commitment), encodePlace(d.Place))
	t.place(keyHashed(prefixIndex, t.v.versionID(d.Dataset, d.Version)), d.Place)
	entry.Latest = d.Version
	t.setStore(t.v.keyDataset(d.Dataset), encodeDataset(entry))
	t.setOperation(&custody.Operation{ID: op, Places: []custody.Place{d.Place}})
	return nil
}

// DatasetVersion gives a version: RECORD_MISSING, SUBJECT_SHREDDED.
func (v *Vault) DatasetVersion(dataset string, version int) (*custody.DatasetVersion, error) {
	at, ok, err := v.placeAt(keyHashed(prefixIndex, v.versionID(dataset, version)))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, attest.Errorf(attest.CodeRecordMissing, "no such version of this dataset is kept here")
	}
	return v.versionAt(at)
}

func (v *Vault) versionAt(p custody.Place) (*custody.DatasetVersion, error) {
	plain, err := v.getRecord(prefixVersion, p)
	if err != nil {
		return nil, err
	}
	return v.decodeVersion(p, plain)
}

// Rows gives every row of a version to each, with its number from 0.
func (v *Vault) Rows(d *custody.DatasetVersion, each func(n uint64, row []byte) error) error {
	for n := uint64(0); n < d.Rows; n += rowsPerChunk {
		chunk, err := v.rowChunk(d, n)
		if err != nil {
			return err
		}
		for i, row := range chunk {
			if err := each(n+uint64(i), row); err != nil {
				return err
			}
		}
	}
	return nil
}

// Row gives one row of a version: RECORD_MISSING for a number that it does not reach.
func (v *Vault) Row(d *custody.DatasetVersion, n uint64) ([]byte, error) {
	if n >= d.Rows {
		return nil, attest.Errorf(attest.CodeRecordMissing, "version %d of the dataset has %d rows", d.Version, d.Rows)
	}
	chunk, err := v.rowChunk(d, n)
	if err != nil {
		return nil, err
	}
	return chunk[n%rowsPerChunk], nil
}

func (v *Vault) rowChunk(d *custody.DatasetVersion, n uint64) ([][]byte, error) {
	first := n / rowsPerChunk
	plain, err := v.get(keyRows(v.versionID(d.Dataset, d.Version), uint32(first))) //nolint:gosec // below d.Rows
	if err != nil {
		return nil, err
	}
	if plain == nil {
		return nil, attest.Errorf(attest.CodeSequenceGap, "rows from %d on are missing", first*rowsPerChunk)
	}
	r := newReader(plain)
	out := make([][]byte, min(rowsPerChunk, d.Rows-first*rowsPerChunk))
	for i := range out {
		out[i] = r.bytes()
	}
	return out, r.done()
}

// ShredDatasetVersion erases the key of a version and its rows.
func (v *Vault) ShredDatasetVersion(ctx context.Context, dataset string, version int, now int64) error {
	return v.Shred(ctx, v.versionSubject(&custody.DatasetVersion{Dataset: dataset, Version: version}), now)
}
