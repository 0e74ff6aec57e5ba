package index

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/index/indextest"
)

// replica is an index under the real rules, with a consortium founded in block 0 and a clock that is set by hand.
type replica struct {
	*Index
	t       *testing.T
	dir     string
	o       Options
	now     *int64
	alarms  *[]attest.Code
	regions []indextest.Region
	chain   indextest.Chain
}

func founded(t *testing.T, n int) *replica {
	now, alarms := int64(1000), []attest.Code(nil)
	o := options(nil)
	o.Rules = nil // registry.Apply
	o.Clock = func() time.Time { return time.Unix(now, 0) }
	o.OnAlarm = func(code attest.Code) { alarms = append(alarms, code) }
	r := &replica{t: t, dir: t.TempDir() + "/index", o: o, now: &now, alarms: &alarms}
	x, err := Create(r.dir, o)
	require.NoError(t, err)
	r.Index = x
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	regions, found := indextest.Consortium(t, n)
	r.regions = regions
	r.apply(regions[0].By(found))
	return r
}

func (r *replica) apply(txs ...registry.Transaction) {
	r.t.Helper()
	require.NoError(r.t, r.Apply(r.chain.Add(txs...)))
}

// state is a transaction by which region i states the digest at height, honestly or not.
func (r *replica) state(i int, height uint64, honest bool) registry.Transaction {
	r.t.Helper()
	d, held, err := r.digestAt(height)
	require.NoError(r.t, err)
	require.True(r.t, held || !honest)
	if !honest {
		d[0] ^= 1
	}
	return r.regions[i].By(r.regions[i].Witness(r.t, height, d))
}

func (r *replica) ledger() attest.Ledger {
	r.t.Helper()
	l, err := r.Ledger(*r.now)
	require.NoError(r.t, err)
	return l
}

// TestAgreement follows four regions, one of which may lie: two statements make an agreed height.
func TestAgreement(t *testing.T) {
	r := founded(t, 4)
	r.Heard(990)
	l := r.ledger()
	require.Equal(t, attest.Ledger{Height: 0, Digest: r.Progress().Digest, Age: 10, Regions: 4}, l)

	*r.now = 1007
	require.Equal(t, int64(7), r.ledger().Lag, "the founding block waits for agreement")

	r.apply(r.state(0, 0, true)) // block 1
	l = r.ledger()
	require.Equal(t, []string{"110000"}, l.Agreeing)
	require.Equal(t, int64(7), l.Lag, "one region alone is not enough")

	r.apply(r.state(1, 0, true)) // block 2
	l = r.ledger()
	require.Equal(t, []string{"110000", "310000"}, l.Agreeing)
	require.Zero(t, l.AgreedHeight)
	require.Zero(t, l.Lag, "statements alone need no agreement")

	r.apply(r.regions[0].By(r.regions[0].Anchor(t, 1))) // block 3
	*r.now = 1010
	r.apply(r.regions[0].By(r.regions[0].Anchor(t, 2))) // block 4
	*r.now = 1030
	require.Equal(t, int64(23), r.ledger().Lag, "counts from the oldest")
	r.apply(r.state(2, 3, true), r.state(3, 4, true)) // block 5
	l = r.ledger()
	require.Equal(t, uint64(3), l.AgreedHeight)
	require.Equal(t, []string{"430000", "440000"}, l.Agreeing, "those that agree at the agreed height or above")
	require.Equal(t, int64(20), l.Lag, "block 4 has one statement only")
	r.apply(r.state(0, 4, true)) // block 6
	l = r.ledger()
	require.Equal(t, uint64(4), l.AgreedHeight)
	require.Zero(t, l.Lag)
	require.False(t, l.Frozen)
	require.Empty(t, *r.alarms)

	require.NoError(t, r.Close())
	x, err := Open(r.dir, r.o)
	require.NoError(t, err)
	r.Index = x
	again := r.ledger()
	require.Greater(t, again.Age, int64(1)<<60, "nothing was heard since the start")
	again.Age = l.Age
	require.Equal(t, l, again, "the standing follows from what is stored")
}

func TestContradictionFreezes(t *testing.T) {
	r := founded(t, 4)
	r.apply(r.state(0, 0, true), r.state(1, 0, true))
	require.False(t, r.ledger().Frozen)
	r.apply(r.state(2, 1, false))
	require.True(t, r.ledger().Frozen)
	require.Equal(t, attest.CodeWitnessFrozen, attest.CodeOf(r.Frozen()))
	require.Contains(t, r.Frozen().Error(), "430000")
	require.Equal(t, []attest.Code{attest.CodeWitnessFrozen}, *r.alarms)
	r.apply(r.state(3, 2, true))
	require.True(t, r.ledger().Frozen, "blocks are applied all the same")
	require.Len(t, *r.alarms, 1, "one alarm")
	require.Error(t, r.Export(nil, nil))

	require.NoError(t, r.Close())
	x, err := Open(r.dir, r.o)
	require.NoError(t, err)
	r.Index = x
	require.True(t, r.ledger().Frozen, "still, after a restart")
}

// TestStatementAboveOurHeight is not compared before we get there, and then it is.
func TestStatementAboveOurHeight(t *testing.T) {
	r := founded(t, 4)
	r.apply(r.state(0, 3, false)) // about block 3, said in block 1
	l := r.ledger()
	require.False(t, l.Frozen)
	require.Empty(t, l.Agreeing)
	r.apply(r.regions[0].By(r.regions[0].Anchor(t, 1)))
	require.False(t, r.ledger().Frozen)
	r.apply(r.regions[0].By(r.regions[0].Anchor(t, 2)))
	require.True(t, r.ledger().Frozen)
}

func TestViewFollowsTheState(t *testing.T) {
	r := founded(t, 4)
	c, err := r.Consortium()
	require.NoError(t, err)
	require.Equal(t, []string{"110000", "310000", "430000", "440000"}, c.Regions)
	region, err := r.Region("440000")
	require.NoError(t, err)
	require.Equal(t, "Region440000MSP", region.MSP)
	gd := &r.regions[3]
	key, err := r.Key(gd.Gateway.KeyID())
	require.NoError(t, err)
	require.False(t, key.Retired)

	id := gd.BatchID(5)
	b, err := r.Batch(id)
	require.NoError(t, err)
	require.Nil(t, b, "absent is nil without an error")
	r.apply()
	r.apply(invalid(), gd.By(gd.Anchor(t, 5)))
	b, err = r.Batch(id)
	require.NoError(t, err)
	require.Equal(t, registry.Position{Block: 2, Tx: 1}, registry.Position{Block: b.Block, Tx: b.Tx})
	require.Equal(t, uint64(1), r.Batches())
	r.apply(gd.By(gd.Anchor(t, 6)), gd.By(gd.Anchor(t, 7)))
	require.Equal(t, uint64(3), r.Batches())

	// A record that was read before a block changes it is read anew afterwards.
	r.apply(gd.By(indextest.Sign(t, &registry.MarkCompromised{Op: "operation-1", Key: gd.Gateway.KeyID(), From: 3}, gd.Govern)))
	key, err = r.Key(gd.Gateway.KeyID())
	require.NoError(t, err)
	require.Equal(t, uint64(3), key.CompromisedFrom)

	for _, absent := range []func() (bool, error){
		func() (bool, error) { v, err := r.Region("650000"); return v == nil, err },
		func() (bool, error) { v, err := r.Key("x#y"); return v == nil, err },
		func() (bool, error) { v, err := r.Authority("x"); return v == nil, err },
		func() (bool, error) { v, err := r.Type("x", 1); return v == nil, err },
		func() (bool, error) { v, err := r.Status("x", 1, 2); return v == nil, err },
		func() (bool, error) { v, err := r.Agreements(); return len(v) == 0, err },
	} {
		none, err := absent()
		require.NoError(t, err)
		require.True(t, none)
	}
}

// TestReadSeesWholeBlocks: what one Read sees belongs to one block, while blocks are being applied.
func TestReadSeesWholeBlocks(t *testing.T) {
	o := options(nil)
	o.Rules = func(s registry.State, _ registry.Tx, c []byte) (registry.Event, error) {
		err := s.Put(registry.KeyConsortium, []byte(`{"net":"`+string(c)+`","suite":"std","regions":[],"cmd":""}`))
		if err == nil {
			err = s.Put(registry.KeyStatus("a", 0, 0), []byte(`{"intervals":[{"state":"revoked","from":`+string(c)+`,"until":0,"reason":"04"}]}`))
		}
		return registry.Event{}, err
	}
	x := create(t, o)
	chain := &indextest.Chain{}
	const blocks = 300
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range blocks {
			if err := x.Apply(chain.Add(registry.Transaction{Command: []byte("1" + strconv.Itoa(n)), Valid: true})); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	reads := 0
	for finished := false; !finished; reads++ {
		select {
		case <-done:
			finished = true
		default:
		}
		require.NoError(t, x.Read(func(v registry.View) error {
			c, err := v.Consortium()
			if err != nil || c == nil {
				return err
			}
			s, err := v.Status("a", 0, 0)
			require.NoError(t, err)
			l, err := v.Ledger(0)
			require.NoError(t, err)
			require.Equal(t, c.Network, strconv.FormatInt(s[0].From, 10))
			require.Equal(t, c.Network, "1"+strconv.FormatUint(l.Height, 10))
			return nil
		}))
	}
	require.Greater(t, reads, 10)
}
