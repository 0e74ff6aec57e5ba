package dataset

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
)

// Version is the version of the header and of the row proof that this package writes and reads. Both are frozen and
// pinned by golden tests.
const Version = 1

// Bounds of what is read.
const (
	maxHeader = 64 << 10 // bytes
	maxProof  = 1 << 20  // bytes: a row and its way up
	maxFields = 1 << 10
	maxPath   = 64
)

// Header describes one version of a dataset. Its salt keeps the commitment from being guessed from a catalogue.
type Header struct {
	Suite   attest.Suite
	Owner   string // USCC
	Dataset string // id in the owner's catalogue
	Version int    // from 1
	Fields  []string
	Rows    uint64
	Root    [32]byte // of the tree over the rows' commitments
	Salt    [attest.SaltSize]byte
}

// JSON is the header as it is committed to: written once, kept, and never written again from its values.
func (h *Header) JSON() []byte {
	w := attest.NewObjectWriter(make([]byte, 0, 512))
	w.Int64("v", Version)
	w.String("suite", string(h.Suite))
	w.String("owner", h.Owner)
	w.String("dataset", h.Dataset)
	w.Int64("version", int64(h.Version))
	w.Strings("fields", h.Fields)
	w.Int64("rows", int64(h.Rows)) //nolint:gosec // rows are counted in memory
	w.String("root", encode(h.Root[:]))
	w.String("salt", encode(h.Salt[:]))
	return w.Close()
}

// ParseHeader reads a header strictly. Errors: the JSON_ codes, DATASET_HEADER.
func ParseHeader(data []byte) (*Header, error) {
	v, err := attest.ParseJSON(data, attest.Limits{Bytes: maxHeader, Depth: 3, Members: maxFields + 16})
	if err != nil {
		return nil, err
	}
	f := v.Fields()
	format, suite, owner, id := f.Int64("v"), f.String("suite"), f.String("owner"), f.String("dataset")
	version, fields, rows := f.Int64("version"), f.Strings("fields"), f.Int64("rows")
	root, salt := f.String("root"), f.String("salt")
	if err := f.Done(); err != nil {
		return nil, err
	}
	h := &Header{Suite: attest.Suite(suite), Owner: owner, Dataset: id, Version: int(version), Fields: fields, Rows: uint64(rows)} //nolint:gosec // checked below
	inRange := format == Version && version <= math.MaxInt32 && min(version, rows, int64(len(fields))) >= 1
	if !inRange || !h.Suite.Valid() || !decode(h.Root[:], root) || !decode(h.Salt[:], salt) {
		return nil, attest.Errorf(attest.CodeDatasetHeader, "the header of the dataset version is not one of this format")
	}
	return h, nil
}

// EncodeRow gives the bytes of a row that its commitment covers: its values as one compact JSON array of strings, with
// the fewest escapes.
func EncodeRow(values []string) []byte {
	dst := []byte{'['}
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = attest.AppendString(dst, v)
	}
	return append(dst, ']')
}

// RowSalt derives the salt of row n (from 0) from the version's secret: HMAC by the suite's hash, cut to
// attest.SaltSize. One secret of 256 bits takes the place of a salt a row; who has one salt learns no other.
func RowSalt(s attest.Suite, secret [32]byte, n uint64) (salt [attest.SaltSize]byte) {
	m := hmac.New(s.New, secret[:])
	m.Write(binary.BigEndian.AppendUint64([]byte("huzheng/v1/row-salt\x00"), n))
	copy(salt[:], m.Sum(nil))
	return salt
}

// RowProof proves that a row belongs to a version of a dataset that is on the ledger.
type RowProof struct {
	HeaderJSON []byte // as committed to
	Header     *Header
	Row        []string
	Index      uint64 // from 0
	Salt       [attest.SaltSize]byte
	Path       [][32]byte // neighbours from the row up
	Receipt    *merkle.Receipt
}

// Commitment is what the inclusion receipt is about.
func (p *RowProof) Commitment() [32]byte { return attest.CommitDataset(p.Header.Suite, p.HeaderJSON) }

// Content is what the row's commitment covers beside the salt: EncodeRow of the row.
func (p *RowProof) Content() []byte { return EncodeRow(p.Row) }

// Verify leads from the row to the header's root. It says nothing about the ledger: for that, take Commitment and
// Receipt to a view of it. Errors: RECEIPT_INDEX, RECEIPT_PATH; DATASET_ROW for a row of another number of fields.
func (p *RowProof) Verify() error {
	if len(p.Row) != len(p.Header.Fields) {
		return attest.Errorf(attest.CodeDatasetRow, "the row has %d values, the dataset %d fields", len(p.Row), len(p.Header.Fields))
	}
	path := make([][]byte, len(p.Path))
	for i := range p.Path {
		path[i] = p.Path[i][:]
	}
	leaf := attest.CommitRow(p.Header.Suite, p.Salt[:], p.Content())
	return merkle.VerifyInclusion(p.Header.Suite, leaf, p.Index, p.Header.Rows, path, p.Header.Root)
}

// JSON is the proof as a file: one compact object, members in the order v, header, row, index, salt, path, receipt.
// Header is the header's bytes in base64url, so that they are committed to as they came.
func (p *RowProof) JSON() []byte {
	path := make([]string, len(p.Path))
	for i := range p.Path {
		path[i] = encode(p.Path[i][:])
	}
	w := attest.NewObjectWriter(make([]byte, 0, 2048))
	w.Int64("v", Version)
	w.String("header", encode(p.HeaderJSON))
	w.Strings("row", p.Row)
	w.Int64("index", int64(p.Index)) //nolint:gosec // below the number of rows
	w.String("salt", encode(p.Salt[:]))
	w.Strings("path", path)
	w.Raw("receipt", p.Receipt.JSON())
	return w.Close()
}

// ParseRowProof reads a proof strictly. Errors: the JSON_ codes; DATASET_PROOF, DATASET_HEADER, and those of
// merkle.ParseReceipt. It checks nothing but the form: see RowProof.Verify.
func ParseRowProof(data []byte) (*RowProof, error) {
	v, err := attest.ParseJSON(data, attest.Limits{Bytes: maxProof, Depth: 4, Members: 4 * maxFields})
	if err != nil {
		return nil, err
	}
	f := v.Fields()
	format, header, row, index := f.Int64("v"), f.String("header"), f.Strings("row"), f.Int64("index")
	salt, path, receipt := f.String("salt"), f.Strings("path"), f.Value("receipt")
	if err := f.Done(); err != nil {
		return nil, err
	}
	p := &RowProof{Row: row, Index: uint64(index)} //nolint:gosec // checked below
	if format != Version || index < 0 || !decode(p.Salt[:], salt) {
		return nil, malformed("v, index or salt")
	}
	if err := p.readPath(path); err != nil {
		return nil, err
	}
	if err := p.readHeader(header); err != nil {
		return nil, err
	}
	if err := p.readReceipt(receipt.Raw()); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *RowProof) readReceipt(raw []byte) (err error) {
	if p.Receipt, err = merkle.ParseReceipt(raw); err != nil {
		return err
	}
	if p.Receipt.Kind != string(attest.KindDataset) || p.Receipt.Suite != p.Header.Suite {
		return malformed("the receipt")
	}
	return nil
}

func (p *RowProof) readPath(path []string) error {
	if len(path) > maxPath {
		return malformed("path")
	}
	p.Path = make([][32]byte, len(path))
	for i := range path {
		if !decode(p.Path[i][:], path[i]) {
			return malformed("path entry " + strconv.Itoa(i))
		}
	}
	return nil
}

func (p *RowProof) readHeader(header string) (err error) {
	p.HeaderJSON, err = base64.RawURLEncoding.Strict().DecodeString(header)
	if err != nil || encode(p.HeaderJSON) != header {
		return malformed("header")
	}
	p.Header, err = ParseHeader(p.HeaderJSON)
	return err
}

func malformed(what string) error {
	return attest.Errorf(attest.CodeDatasetProof, "%s of the row proof is not of this format", what)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode fills dst from its one spelling in base64url.
func decode(dst []byte, s string) bool {
	if len(s) != base64.RawURLEncoding.EncodedLen(len(dst)) {
		return false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != len(dst) {
		return false
	}
	copy(dst, raw)
	return true
}
