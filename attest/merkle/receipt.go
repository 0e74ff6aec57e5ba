package merkle

import (
	"encoding/base64"

	"github.com/huzheng-ledger/huzheng/attest"
)

// ReceiptVersion is the version of the receipt file that this package writes and reads.
const ReceiptVersion = 1

// Bounds of a receipt file.
const (
	maxPath     = 64
	maxBatchID  = 128
	maxReceipt  = 8 << 10 // bytes: 64 entries of 43 characters, and the rest
	maxTreeSize = 1 << 53 // so that every JSON reader reads index and size alike (RFC 8259, 6)
	encodedHash = 43      // characters of base64url without padding
)

// Receipt is an inclusion receipt: it says where in which batch a commitment stands, and leads from it to the batch's
// root. It holds nothing of the certificate, not even the commitment, and proves nothing by itself: root and size come
// from the ledger.
type Receipt struct {
	Version int          // ReceiptVersion
	Kind    string       // what the batch holds, an attest.Kind
	Suite   attest.Suite // of the batch
	Batch   string       // id of the batch on the ledger
	Index   uint64       // of the leaf, from 0
	Size    uint64       // of the batch in leaves
	Path    [][32]byte   // neighbours from the leaf up
}

// NewReceipt is the receipt of the leaf at index of a tree that is anchored as batch. Errors: RECEIPT_INDEX,
// and those of ParseReceipt for a kind, suite or batch id that it would refuse.
func NewReceipt(kind attest.Kind, s attest.Suite, batch string, t *Tree, index uint64) (*Receipt, error) {
	path, err := t.path(index)
	if err != nil {
		return nil, err
	}
	r := &Receipt{
		Version: ReceiptVersion, Kind: string(kind), Suite: s, Batch: batch, Index: index, Size: t.Size(), Path: path,
	}
	if err := r.checkNames(); err != nil {
		return nil, err
	}
	return r, nil
}

// Verify checks that the receipt leads from the commitment to the batch of that root and size, which the caller has
// from the ledger under r.Batch. Errors: RECEIPT_SIZE, RECEIPT_INDEX, RECEIPT_PATH.
func (r *Receipt) Verify(commitment [32]byte, root [32]byte, size uint64) error {
	if r.Size != size {
		return attest.Errorf(attest.CodeReceiptSize, "the receipt is of a batch of %d leaves, the anchored batch has %d", r.Size, size)
	}
	return VerifyInclusion(r.Suite, commitment, r.Index, r.Size, views(r.Path), root)
}

// JSON is the receipt file: one compact object, members in the order v, kind, suite, batch, index, size, path; path
// entries in base64url without padding. ParseReceipt reads it back.
func (r *Receipt) JSON() []byte {
	path := make([]string, len(r.Path))
	for i := range r.Path {
		path[i] = base64.RawURLEncoding.EncodeToString(r.Path[i][:])
	}
	w := attest.NewObjectWriter(make([]byte, 0, 192+48*len(path)))
	w.Int64("v", int64(r.Version))
	w.String("kind", r.Kind)
	w.String("suite", string(r.Suite))
	w.String("batch", r.Batch)
	w.Int64("index", int64(r.Index)) //nolint:gosec // below Size, which is below maxTreeSize
	w.Int64("size", int64(r.Size))   //nolint:gosec // below maxTreeSize
	w.Strings("path", path)
	return w.Close()
}

// ParseReceipt reads a receipt file strictly: every member once, none beside them. Errors: the JSON_ codes;
// RECEIPT_FORMAT for a value out of bounds, RECEIPT_KIND for an unknown kind, RECEIPT_INDEX where index is not below size.
func ParseReceipt(data []byte) (*Receipt, error) {
	v, err := attest.ParseJSON(data, attest.Limits{Bytes: maxReceipt, Depth: 3, Members: 2 * maxPath})
	if err != nil {
		return nil, err
	}
	f := v.Fields()
	version, kind, suite, batch := f.Int64("v"), f.String("kind"), f.String("suite"), f.String("batch")
	index, size, path := f.Int64("index"), f.Int64("size"), f.Strings("path")
	if err := f.Done(); err != nil {
		return nil, err
	}
	r := &Receipt{Version: int(version), Kind: kind, Suite: attest.Suite(suite), Batch: batch}
	if err := r.checkNames(); err != nil {
		return nil, err
	}
	if size < 1 || size > maxTreeSize {
		return nil, attest.Errorf(attest.CodeReceiptFormat, "the size is not in 1..2^53")
	}
	if index < 0 || index >= size {
		return nil, attest.Errorf(attest.CodeReceiptIndex, "leaf %d is outside a tree of %d leaves", index, size)
	}
	r.Index, r.Size = uint64(index), uint64(size)
	if r.Path, err = decodePath(path); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Receipt) checkNames() error {
	switch {
	case r.Version != ReceiptVersion:
		return attest.Errorf(attest.CodeReceiptFormat, "version %d of the receipt file is unknown", r.Version)
	case !knownKind(r.Kind):
		return attest.Errorf(attest.CodeReceiptKind, "the receipt's kind is unknown")
	case !r.Suite.Valid():
		return attest.Errorf(attest.CodeReceiptFormat, "the receipt's suite is unknown")
	case !isBatchID(r.Batch):
		return attest.Errorf(attest.CodeReceiptFormat, "the batch id is not 1 to %d of A-Za-z0-9._:-", maxBatchID)
	}
	return nil
}

func knownKind(kind string) bool {
	switch attest.Kind(kind) {
	case attest.KindCertificate, attest.KindDocument, attest.KindDataset, attest.KindReceipt:
		return true
	}
	return false
}

func isBatchID(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '_', c == ':', c == '-':
		default:
			return false
		}
	}
	return s != "" && len(s) <= maxBatchID
}

// decodePath refuses bits beyond the 32 bytes, so that a receipt has one spelling.
func decodePath(path []string) ([][hashSize]byte, error) {
	if len(path) > maxPath {
		return nil, attest.Errorf(attest.CodeReceiptFormat, "the path has more than %d entries", maxPath)
	}
	strict := base64.RawURLEncoding.Strict()
	nodes := make([][hashSize]byte, len(path))
	var encoded [encodedHash]byte // a conversion of the text would be a piece of memory for each entry
	for i, text := range path {
		copy(encoded[:], text)
		n, err := 0, error(nil)
		if len(text) == encodedHash {
			n, err = strict.Decode(nodes[i][:], encoded[:])
		}
		// Decode skips line breaks; the count tells them.
		if err != nil || n != hashSize {
			return nil, attest.Errorf(attest.CodeReceiptFormat, "path entry %d is not 32 bytes in base64url without padding", i)
		}
	}
	return nodes, nil
}
