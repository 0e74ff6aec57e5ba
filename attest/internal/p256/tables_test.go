package p256

import (
	"math/big"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTableForAKeyThatIsUsedAgain(t *testing.T) {
	var tables Tables
	k := newPrivate(t, big.NewInt(3))
	for range worth - 1 {
		require.Nil(t, tables.For(&k.point))
	}
	table := tables.For(&k.point)
	require.NotNil(t, table)
	require.Same(t, table, tables.For(&k.point))
	require.Equal(t, 1, tables.built)
}

func TestTablesAreBounded(t *testing.T) {
	var tables Tables
	k := newPrivate(t, big.NewInt(3))
	point := k.point
	for i := range maxKeys * 2 { // keys that are used once; For does not look at them
		point[1], point[2] = byte(i), byte(i>>8)
		require.Nil(t, tables.For(&point))
		require.LessOrEqual(t, len(tables.keys), maxKeys)
	}
	require.Zero(t, tables.built)
	for i := range maxTables + 2 {
		k := newPrivate(t, big.NewInt(int64(i)))
		for range worth {
			tables.For(&k.point)
		}
		require.LessOrEqual(t, tables.built, maxTables)
	}
	for range 2 * worth {
		tables.For(&k.point)
	}
	require.NotNil(t, tables.For(&k.point), "a key that is used after all were forgotten")
}

func TestTablesAtOnce(t *testing.T) {
	var tables Tables
	var running sync.WaitGroup
	keys := []*private{newPrivate(t, big.NewInt(1)), newPrivate(t, big.NewInt(2)), newPrivate(t, big.NewInt(3))}
	e := big.NewInt(99)
	digest := digestOf(e)
	for range 8 {
		running.Go(func() {
			for i := range 3 * worth {
				k := keys[i%len(keys)]
				signature := signatureOf(k.sign(t, e, big.NewInt(int64(i+1))))
				if table := tables.For(&k.point); table != nil && !table.Verify(&digest, &signature) {
					t.Error("a signature that was made is refused")
					return
				}
			}
		})
	}
	running.Wait()
	for _, k := range keys {
		require.NotNil(t, tables.For(&k.point))
	}
	require.Equal(t, len(keys), tables.built)
}
