package p256

import (
	"bytes"
	"crypto/elliptic"
	"math/big"

	"filippo.io/nistec"
)

// Sizes in bytes.
const (
	PointSize     = 65 // SEC 1, 2.3.3, uncompressed: 4, x, y
	DigestSize    = 32
	SignatureSize = 64 // r‖s
)

// A scalar of 256 bits is read in windows of so many bits.
const (
	windowBits = 6
	windows    = (256 + windowBits - 1) / windowBits
	multiples  = 1<<windowBits - 1
)

// Table holds the multiples of a public key Q that a check adds up: j·2^(6i)·Q for every window i and every j from 1 to 63. It
// takes 260 kB, and as long to make as some twenty checks without it.
type Table struct {
	of [windows][multiples]nistec.P256Point
}

// NewTable makes the table of a key; nil where the bytes are no point of the curve.
func NewTable(point *[PointSize]byte) *Table {
	q, err := nistec.NewP256Point().SetBytes(point[:])
	if err != nil {
		return nil
	}
	t := &Table{}
	for i := range t.of {
		row := &t.of[i]
		row[0].Set(q)
		for j := 1; j < multiples; j++ {
			row[j].Add(&row[j-1], q)
		}
		q.Add(&row[multiples-1], q) // 63 of them and one more: 2⁶
	}
	return t
}

// order is that of the group.
var order = elliptic.P256().Params().N

// Verify reports whether r‖s is the key's signature over a digest (SEC 1, 4.1.4).
func (t *Table) Verify(digest *[DigestSize]byte, signature *[SignatureSize]byte) bool {
	r, s := scalar(signature[:32]), scalar(signature[32:])
	if r == nil || s == nil {
		return false
	}
	w := new(big.Int).ModInverse(s, order)
	u1, u2 := new(big.Int).SetBytes(digest[:]), r.Mul(r, w)
	u1.Mul(u1, w)
	var u [32]byte
	sum, err := nistec.NewP256Point().ScalarBaseMult(u1.Mod(u1, order).FillBytes(u[:]))
	if err != nil {
		return false
	}
	t.add(sum, u2.Mod(u2, order))
	x, err := sum.BytesX()
	if err != nil { // the point at infinity has no x
		return false
	}
	v := new(big.Int).SetBytes(x)
	return bytes.Equal(v.Mod(v, order).FillBytes(u[:]), signature[:32])
}

// scalar reads a number from 1 to the order less one; nil: it is none.
func scalar(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if n.Sign() == 0 || n.Cmp(order) >= 0 {
		return nil
	}
	return n
}

// add adds u·Q to a sum.
func (t *Table) add(sum *nistec.P256Point, u *big.Int) {
	var b [1 + 32]byte // a leading zero, so that the last window lies within two bytes like the others
	u.FillBytes(b[1:])
	for i := range t.of {
		at := len(b) - 1 - i*windowBits/8
		bits := uint(b[at-1])<<8 | uint(b[at])
		if j := bits >> (i * windowBits % 8) & multiples; j != 0 {
			sum.Add(sum, &t.of[i][j-1])
		}
	}
}
