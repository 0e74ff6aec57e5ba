package registry

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// MaxBatch is the largest batch in leaves.
const MaxBatch = 1 << 20

// BatchID is the id of a batch, 128 bits in base64url: it follows from what is anchored and by which key, so that equal
// batches have equal ids and a retry is the same operation.
func BatchID(key string, kind attest.Kind, suite attest.Suite, root [32]byte, size uint64) string {
	text := strings.Join([]string{"huzheng/v1/batch", key, string(kind), string(suite)}, "\x00") + "\x00"
	sum := suite.Sum([]byte(text), root[:], binary.BigEndian.AppendUint64(nil, size))
	return b64(sum[:16])
}

// apply anchors a batch. Only the owner's key can, for what the owner's scope allows now: whoever verifies later need
// not ask what it allowed then.
func (a *Anchor) apply(c *call) (Event, error) {
	if err := a.check(c); err != nil {
		return Event{}, err
	}
	return c.put(NameAnchor, KeyBatch(a.ID), encodeBatch(&attest.Batch{ID: a.ID, Kind: a.Kind, Suite: a.Suite, Key: c.key.ID,
		Root: a.Root, Size: a.Size, Types: a.Types, Digest: c.signed.Digest}))
}

func (a *Anchor) check(c *call) error {
	switch {
	case !a.Suite.Valid():
		return attest.Errorf(attest.CodeHashUnknown, "suite is not known")
	case a.Size == 0 || a.Size > MaxBatch:
		return invalid("size", "is not between 1 and 2^20")
	case a.ID != BatchID(c.key.ID, a.Kind, a.Suite, a.Root, a.Size):
		return attest.Errorf(attest.CodeBatchID, "the id does not follow from the batch")
	}
	switch a.Kind {
	case attest.KindReceipt:
		return a.untyped(c.require(attest.UseGateway))
	case attest.KindDocument, attest.KindDataset:
		return a.untyped(c.mayAnchor())
	case attest.KindCertificate:
		return a.typed(c)
	default:
		return invalid("kind", "is not known")
	}
}

// untyped passes err on, or refuses types where the kind has none.
func (a *Anchor) untyped(err error) error {
	if err == nil && len(a.Types) > 0 {
		err = invalid("types", "belong to certificates")
	}
	return err
}

func (a *Anchor) typed(c *call) error {
	if err := c.mayAnchor(); err != nil {
		return err
	}
	if err := checkTypes(a.Types); err != nil {
		return err
	}
	for _, t := range a.Types {
		if !slices.Contains(c.signer.Types, t) {
			return attest.Errorf(attest.CodeTypeNotAccredited, "a type is not in the authority's scope")
		}
	}
	return nil
}

// mayAnchor demands an active authority.
func (c *call) mayAnchor() error {
	if err := c.require(attest.UseIssue); err != nil {
		return err
	}
	if c.signer.State != attest.AuthorityActive {
		return attest.Errorf(attest.CodeAuthorityInactive, "the authority is %s", c.signer.State)
	}
	return nil
}
