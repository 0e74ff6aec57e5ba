package testledger

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Digest is the digest of a command as approvals name it.
func Digest(command []byte) string {
	sum := sha256.Sum256(command)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Issued is a certificate with its place on the ledger.
type Issued struct {
	*attest.SDJWT
	Signer string        // id of the key that signed and anchored it
	Holder attest.Signer // whose key cnf names
	Batch  string
	Index  uint32 // in status list 0
	Tree   *merkle.Tree
	Leaf   uint64
}

// Certificate is a certificate of TypeConstructor by the authority, before it is signed: four fields about a synthetic
// person, valid for ten years from Start.
func (c *Consortium) Certificate(authority string, index uint32) *attest.Certificate {
	a, err := c.Authority(authority)
	if err != nil || a == nil {
		c.t.Fatalf("authority %s: %v", authority, err)
	}
	return &attest.Certificate{Issuer: a.Issuer, Type: TypeConstructor, TypeVersion: 1, IssuedAt: Start,
		NotBefore: Start, Expires: Start + 10*365*86400, Holder: c.Holder(index).Public(), StatusIndex: index,
		Fields: []attest.Field{
			{Name: "certificateNumber", Value: []byte(`"TEST-0001"`)},
			{Name: "certificateHolderName", Value: []byte(`"测试一"`)},
			{Name: "certificateHolderCode", Value: []byte(`"999999199001010013"`)},
			{Name: "certificateExpiringDate", Value: []byte(`"2035-12-30"`)},
			{Name: "age_over_60", Value: []byte(`false`)},
		}}
}

// Holder is the key of the holder of the certificate with that status index.
func (c *Consortium) Holder(index uint32) attest.Signer {
	return c.Signer("holder-" + strconv.FormatUint(uint64(index), 10))
}

// Issue signs the certificate with the key of that id and anchors it in a batch of others leaves.
func (c *Consortium) Issue(key string, cert *attest.Certificate, others int) *Issued {
	c.t.Helper()
	sd, err := attest.SignCertificate(cert, c.Signer(key), Salts(key+strconv.FormatUint(uint64(cert.StatusIndex), 10)))
	if err != nil {
		c.t.Fatal(err)
	}
	return c.Anchor(key, sd, cert, others)
}

// Anchor anchors a signed certificate in a batch of others leaves with the key of that id.
func (c *Consortium) Anchor(key string, sd *attest.SDJWT, cert *attest.Certificate, others int) *Issued {
	c.t.Helper()
	leaves := make([][32]byte, others+1)
	for i := range leaves {
		leaves[i] = c.Suite.Sum([]byte(key), sd.Bytes(), strconv.AppendInt(nil, int64(i), 10))
	}
	leaf := others / 2
	leaves[leaf] = attest.CommitCertificate(c.Suite, sd.IssuerJWT())
	tree := merkle.NewTree(c.Suite, leaves)
	anchor := &registry.Anchor{Kind: attest.KindCertificate, Suite: c.Suite, Root: tree.Root(), Size: tree.Size(),
		Types: []string{cert.Type}, ID: registry.BatchID(key, attest.KindCertificate, c.Suite, tree.Root(), tree.Size())}
	c.Do(key, anchor)
	return &Issued{SDJWT: sd, Signer: key, Holder: c.Holder(cert.StatusIndex), Batch: anchor.ID, Index: cert.StatusIndex,
		Tree: tree, Leaf: uint64(leaf)} //nolint:gosec // half of a count
}

// Receipt is the inclusion receipt.
func (i *Issued) Receipt(c *Consortium) []byte {
	c.t.Helper()
	r, err := merkle.NewReceipt(attest.KindCertificate, c.Suite, i.Batch, i.Tree, i.Leaf)
	if err != nil {
		c.t.Fatal(err)
	}
	return r.JSON()
}

// Present is a presentation of the named claims, without key binding.
func (i *Issued) Present(c *Consortium, claims ...string) []byte {
	c.t.Helper()
	p, err := i.SDJWT.Present(claims...)
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}
