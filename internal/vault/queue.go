package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

type queueState struct {
	custody.Queue
	number  uint32
	next    uint64 // leaves assigned; the committer's alone
	durable atomic.Uint64
	sealed  atomic.Uint64
}

// chunkLeaves is how many leaves lie in one value at most. A value a leaf would cost a log record, an index entry and 40
// bytes of seal for each 32 bytes.
const chunkLeaves = 4096

// pendingLeaves are the leaves that a group adds to a queue. tags hold, a leaf, the number of a name: the certificate's
// type; zero for other kinds.
type pendingLeaves struct {
	queue  *queueState
	first  uint64
	leaves [][32]byte
	tags   []uint32
}

// Names of numbered strings begin with what they name.
const (
	nameQueue     = "q\x00"
	nameAuthority = "a\x00"
	nameType      = "t\x00"
	nameRegion    = "r\x00"
)

func queueName(q custody.Queue) string {
	return nameQueue + q.Key + "\x00" + string(q.Kind) + "\x00" + string(q.Suite)
}

// queue finds or makes the queue's state. The committer's alone.
func (t *tx) queue(q custody.Queue) *queueState {
	n := t.number(queueName(q))
	t.v.mu.Lock()
	defer t.v.mu.Unlock()
	state, ok := t.v.queues[n]
	if !ok {
		state = &queueState{Queue: q, number: n}
		t.v.queues[n] = state
	}
	return state
}

// addLeaves puts leaves at the next places of a queue and gives the first.
func (t *tx) addLeaves(q *queueState, tag uint32, leaves ...[32]byte) custody.Place {
	p, ok := t.leaves[q.number]
	if !ok {
		p = &pendingLeaves{queue: q, first: q.next}
		t.leaves[q.number] = p
	}
	at := custody.Place{Queue: q.number, Seq: q.next}
	p.leaves = append(p.leaves, leaves...)
	for range leaves {
		p.tags = append(p.tags, tag)
	}
	q.next += uint64(len(leaves))
	return at
}

// flushLeaves writes what the group added, in chunks.
func (t *tx) flushLeaves() {
	for _, p := range t.leaves {
		for at := 0; at < len(p.leaves); at += chunkLeaves {
			end := min(at+chunkLeaves, len(p.leaves))
			t.plain = appendChunk(t.plain[:0], p.leaves[at:end], p.tags[at:end])
			t.setStore(keyAt(prefixLeaves, custody.Place{Queue: p.queue.number, Seq: p.first + uint64(at)}), t.plain)
		}
		queue, next := p.queue, p.queue.next
		t.grew = true
		t.after = append(t.after, func() error { queue.durable.Store(next); return nil })
	}
}

// appendChunk encodes leaves and their tags: format, count, leaves, then runs of (tag, length).
func appendChunk(dst []byte, leaves [][32]byte, tags []uint32) []byte {
	dst = binary.AppendUvarint(append(dst, recordFormat), uint64(len(leaves)))
	for i := range leaves {
		dst = append(dst, leaves[i][:]...)
	}
	for i := 0; i < len(tags); {
		run := i
		for run < len(tags) && tags[run] == tags[i] {
			run++
		}
		dst = binary.AppendUvarint(dst, uint64(tags[i]))
		dst = binary.AppendUvarint(dst, uint64(run-i))
		i = run
	}
	return dst
}

func readChunk(plain []byte) (leaves [][32]byte, tags []uint32, err error) {
	r := newReader(plain)
	n := r.uint()
	raw := r.take(n * 32)
	if n > chunkLeaves || r.bad {
		return nil, nil, attest.Errorf(attest.CodeRecordUnreadable, "a chunk of leaves does not have the form of this version")
	}
	leaves, tags = make([][32]byte, n), make([]uint32, 0, n)
	for i := range leaves {
		copy(leaves[i][:], raw[32*i:])
	}
	for uint64(len(tags)) < n && !r.bad {
		tag, run := r.uint32(), r.uint()
		if run == 0 || run > n-uint64(len(tags)) {
			r.bad = true
			break
		}
		for range run {
			tags = append(tags, tag)
		}
	}
	return leaves, tags, r.done()
}

// Enqueue adds ready commitments to a queue, durable when it returns, and gives the place of the first; the others follow
// it. They are found by place (ReceiptAt), not by commitment: an index entry a leaf would cost more than the leaf, and
// whoever anchors in bulk knows what it put where.
func (v *Vault) Enqueue(ctx context.Context, q custody.Queue, leaves [][32]byte) (custody.Place, error) {
	if err := q.Validate(); err != nil {
		return custody.Place{}, err
	}
	if q.Kind == attest.KindCertificate {
		return custody.Place{}, attest.Errorf(attest.CodeProfile, "certificates are added with their records, which say their type")
	}
	var at custody.Place
	err := v.do(ctx, func(t *tx) error {
		at = t.addLeaves(t.queue(q), 0, leaves...)
		return nil
	})
	return at, err
}

// Queues gives how far every queue has come.
func (v *Vault) Queues() []custody.QueueState {
	v.mu.RLock()
	defer v.mu.RUnlock()
	var out []custody.QueueState
	for n := range uint32(len(v.byNumber)) { //nolint:gosec // names are numbered with 32 bits
		if q, ok := v.queues[n]; ok {
			out = append(out, custody.QueueState{Queue: q.Queue, Number: n, Sealed: q.sealed.Load(), Durable: q.durable.Load()})
		}
	}
	return out
}

// Grown receives after leaves became durable. Several writes may show as one.
func (v *Vault) Grown() <-chan struct{} { return v.grown }

func (v *Vault) signal() {
	select {
	case v.grown <- struct{}{}:
	default:
	}
}

func (v *Vault) queueByNumber(n uint32) (*queueState, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if q, ok := v.queues[n]; ok {
		return q, nil
	}
	return nil, attest.Errorf(attest.CodeRecordMissing, "no queue has this number")
}

// Leaves reads n leaves of a queue from first on, with the type codes of certificates. Error: SEQUENCE_GAP where a leaf
// is missing.
func (v *Vault) Leaves(queue uint32, first, n uint64) (leaves [][32]byte, types []string, err error) {
	it, err := v.db.NewIter(&pebble.IterOptions{
		LowerBound: keyAt(prefixLeaves, custody.Place{Queue: queue, Seq: 0}), UpperBound: keyAt(prefixLeaves, custody.Place{Queue: queue, Seq: first + n}),
	})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, pebblekv.Classify(it.Close())) }()
	leaves = make([][32]byte, 0, n)
	seen := map[uint32]bool{}
	at := first
	for ok := it.SeekLT(keyAt(prefixLeaves, custody.Place{Queue: queue, Seq: first + 1})); ok && at < first+n; ok = it.Next() {
		start, chunk, tags, err := v.chunkAt(it)
		if err != nil {
			return nil, nil, err
		}
		if start > at || start+uint64(len(chunk)) <= at {
			break
		}
		from, to := at-start, min(uint64(len(chunk)), first+n-start)
		leaves = append(leaves, chunk[from:to]...)
		for _, tag := range tags[from:to] {
			seen[tag] = true
		}
		at = start + to
	}
	if at < first+n {
		return nil, nil, attest.Errorf(attest.CodeSequenceGap, "leaf %d of queue %d is missing", at, queue)
	}
	types, err = v.typeNames(seen)
	return leaves, types, err
}

func (v *Vault) chunkAt(it *pebble.Iterator) (first uint64, leaves [][32]byte, tags []uint32, err error) {
	p, ok := placeOf(it.Key())
	if !ok {
		return 0, nil, nil, unreadable(it.Key())
	}
	value, err := it.ValueAndErr()
	if err != nil {
		return 0, nil, nil, pebblekv.Classify(err)
	}
	plain, err := v.open(it.Key(), value)
	if err != nil {
		return 0, nil, nil, err
	}
	leaves, tags, err = readChunk(plain)
	return p.Seq, leaves, tags, err
}

// loadQueues finds the end of every queue and of its batches.
func (v *Vault) loadQueues() error {
	for _, q := range v.queues {
		last, err := v.lastChunk(q.number)
		if err != nil {
			return err
		}
		q.next = last
		q.durable.Store(last)
		batch, err := v.lastBatch(custody.Place{Queue: q.number, Seq: last})
		if err != nil {
			return err
		}
		if batch != nil {
			q.sealed.Store(batch.First + batch.Size)
		}
	}
	return nil
}

// lastChunk gives the number of leaves in a queue.
func (v *Vault) lastChunk(queue uint32) (n uint64, err error) {
	it, err := v.db.NewIter(&pebble.IterOptions{
		LowerBound: keyAt(prefixLeaves, custody.Place{Queue: queue, Seq: 0}), UpperBound: keyAt(prefixLeaves, custody.Place{Queue: queue + 1, Seq: 0}),
	})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, pebblekv.Classify(it.Close())) }()
	if !it.Last() {
		return 0, pebblekv.Classify(it.Error())
	}
	first, leaves, _, err := v.chunkAt(it)
	return first + uint64(len(leaves)), err
}
