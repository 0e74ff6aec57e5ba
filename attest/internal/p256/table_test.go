package p256

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"math/big"
	mathrand "math/rand/v2"
	"testing"

	"filippo.io/nistec"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// private is a key whose scalar a test knows.
type private struct {
	d     *big.Int
	point [PointSize]byte
	key   *ecdsa.PublicKey
}

func newPrivate(t testing.TB, seed *big.Int) *private {
	t.Helper()
	p := &private{d: new(big.Int).Mod(seed, new(big.Int).Sub(order, big.NewInt(1)))}
	p.d.Add(p.d, big.NewInt(1)) // 1 … order − 1
	q, err := nistec.NewP256Point().ScalarBaseMult(p.d.FillBytes(make([]byte, 32)))
	require.NoError(t, err)
	p.point = [PointSize]byte(q.Bytes())
	p.key, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), p.point[:])
	require.NoError(t, err)
	return p
}

// sign follows SEC 1, 4.1.3 with a nonce of the test's choice.
func (p *private) sign(t testing.TB, e, nonce *big.Int) (r, s *big.Int) {
	t.Helper()
	k := new(big.Int).Mod(nonce, order)
	point, err := nistec.NewP256Point().ScalarBaseMult(k.FillBytes(make([]byte, 32)))
	require.NoError(t, err)
	x, err := point.BytesX()
	require.NoError(t, err)
	r = new(big.Int).SetBytes(x)
	r.Mod(r, order)
	s = new(big.Int).Mul(r, p.d)
	s.Add(s, e).Mul(s, new(big.Int).ModInverse(k, order)).Mod(s, order)
	return r, s
}

func digestOf(e *big.Int) (digest [DigestSize]byte) {
	e.FillBytes(digest[:])
	return digest
}

func signatureOf(r, s *big.Int) (signature [SignatureSize]byte) {
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature
}

// same requires the verdict of crypto/ecdsa.
func same(t require.TestingT, p *private, table *Table, digest *[DigestSize]byte, signature *[SignatureSize]byte) bool {
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	want := ecdsa.Verify(p.key, digest[:], r, s)
	require.Equal(t, want, table.Verify(digest, signature), "key %x digest %x signature %x", p.point, *digest, *signature)
	return want
}

func number(label string) *rapid.Generator[*big.Int] {
	return rapid.Custom(func(t *rapid.T) *big.Int {
		return new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label))
	})
}

func TestVerifiesWhatEcdsaVerifies(t *testing.T) {
	keys, tables := make([]*private, 8), make([]*Table, 8)
	rng := mathrand.New(mathrand.NewPCG(1, 2))
	for i := range keys {
		b := make([]byte, 32)
		for j := range b {
			b[j] = byte(rng.Uint32())
		}
		keys[i] = newPrivate(t, new(big.Int).SetBytes(b))
		tables[i] = NewTable(&keys[i].point)
	}
	valid, invalid := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(keys)-1).Draw(rt, "key")
		p, table := keys[i], tables[i]
		e, nonce := number("digest").Draw(rt, "e"), number("nonce").Draw(rt, "k")
		if new(big.Int).Mod(nonce, order).Sign() == 0 {
			rt.Skip("no nonce")
		}
		digest := digestOf(e)
		signature := signatureOf(p.sign(t, e, nonce))
		require.True(rt, same(rt, p, table, &digest, &signature), "a signature that was made")
		valid++
		at, bit := rapid.IntRange(0, SignatureSize+DigestSize-1).Draw(rt, "byte"), byte(1)<<rapid.IntRange(0, 7).Draw(rt, "bit")
		if at < SignatureSize {
			signature[at] ^= bit
		} else {
			digest[at-SignatureSize] ^= bit
		}
		if !same(rt, p, table, &digest, &signature) {
			invalid++
		}
		same(rt, keys[(i+1)%len(keys)], tables[(i+1)%len(keys)], &digest, &signature)
	})
	require.Positive(t, valid)
	require.Positive(t, invalid)
}

// Numbers at the edges of what r, s, the digest and the key may be, each with each.
func TestVerifiesAtTheEdges(t *testing.T) {
	one := big.NewInt(1)
	p := new(big.Int).Set(elliptic.P256().Params().P)
	edges := []*big.Int{new(big.Int), one, big.NewInt(2), big.NewInt(63), big.NewInt(64), new(big.Int).Rsh(order, 1),
		new(big.Int).Sub(order, one), order, new(big.Int).Add(order, one), p, new(big.Int).Sub(new(big.Int).Lsh(one, 256), one),
		new(big.Int).Lsh(one, 255), new(big.Int).Lsh(one, 252), new(big.Int).Sub(new(big.Int).Lsh(one, 252), one)}
	count := 0
	for _, seed := range []*big.Int{new(big.Int), one, big.NewInt(63), new(big.Int).Sub(order, big.NewInt(2)), new(big.Int).Rsh(order, 3)} {
		k := newPrivate(t, seed)
		table := NewTable(&k.point)
		for _, e := range edges {
			digest := digestOf(e)
			for _, r := range edges {
				for _, s := range edges {
					signature := signatureOf(r, s)
					same(t, k, table, &digest, &signature)
					count++
				}
			}
			for _, nonce := range edges[1:5] {
				signature := signatureOf(k.sign(t, e, nonce))
				require.True(t, same(t, k, table, &digest, &signature) || signature == [SignatureSize]byte{}, "nonce %v digest %x", nonce, e)
			}
		}
	}
	t.Logf("%d triples of digest, r and s are judged alike", count)
}

// The sum of both products is the point at infinity, which has no x, or both are the same point, which is added to itself.
func TestVerifiesWhereProductsMeet(t *testing.T) {
	k := newPrivate(t, new(big.Int).Rsh(order, 5))
	table := NewTable(&k.point)
	r := big.NewInt(0x1234567)
	product := new(big.Int).Mul(r, k.d)
	product.Mod(product, order)
	opposite := new(big.Int).Sub(order, product)
	for _, s := range []int64{1, 2, 12345} {
		infinity, double := digestOf(opposite), digestOf(product)
		signature := signatureOf(r, big.NewInt(s))
		require.False(t, same(t, k, table, &infinity, &signature))
		same(t, k, table, &double, &signature)
	}
	// A doubling that is valid: e = r·d, and the nonce such that s·k = 2·r·d.
	nonce := big.NewInt(7)
	r, _ = k.sign(t, new(big.Int), nonce)
	e := new(big.Int).Mul(r, k.d)
	e.Mod(e, order)
	digest, signature := digestOf(e), signatureOf(k.sign(t, e, nonce))
	require.True(t, same(t, k, table, &digest, &signature))
}

func TestNoTableOfWhatIsNoPoint(t *testing.T) {
	k := newPrivate(t, big.NewInt(5))
	k.point[PointSize-1] ^= 1
	require.Nil(t, NewTable(&k.point))
}

func FuzzVerify(f *testing.F) {
	k := newPrivate(f, big.NewInt(987654321))
	table := NewTable(&k.point)
	e := new(big.Int).Rsh(order, 9)
	digest, signature := digestOf(e), signatureOf(k.sign(f, e, big.NewInt(11)))
	f.Add(digest[:], signature[:])
	f.Fuzz(func(t *testing.T, digest, signature []byte) {
		if len(digest) != DigestSize || len(signature) != SignatureSize {
			return
		}
		same(t, k, table, (*[DigestSize]byte)(digest), (*[SignatureSize]byte)(signature))
	})
}

func BenchmarkVerify(b *testing.B) {
	k := newPrivate(b, big.NewInt(987654321))
	e := new(big.Int).Rsh(order, 9)
	r, s := k.sign(b, e, new(big.Int).Rsh(order, 1))
	digest, signature := digestOf(e), signatureOf(r, s)
	b.Run("crypto/ecdsa", func(b *testing.B) {
		for b.Loop() {
			ecdsa.Verify(k.key, digest[:], r, s)
		}
	})
	b.Run("table", func(b *testing.B) {
		table := NewTable(&k.point)
		for b.Loop() {
			table.Verify(&digest, &signature)
		}
	})
	b.Run("making the table", func(b *testing.B) {
		for b.Loop() {
			NewTable(&k.point)
		}
	})
}
