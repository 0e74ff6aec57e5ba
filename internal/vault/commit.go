package vault

import (
	"crypto/cipher"
	"encoding/binary"
	"runtime"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// job is one write on its way to the committer. build either returns an error before it has written anything, and the
// job alone is refused, or it returns nil.
type job struct {
	build func(t *tx) error
	done  chan error
}

// A group is cut at this many jobs or bytes, so that the first of them does not wait for the last for long.
const (
	maxGroupJobs  = 2048
	maxGroupBytes = 4 << 20
)

// tx is the group that the committer is building. What a job of the group wrote, the next one sees through the maps.
type tx struct {
	v          *Vault
	batch      *pebblekv.Batch
	slots      newSlots
	subjects   map[custody.Subject]dataKey
	operations map[[16]byte]*custody.Operation
	seen       map[string]bool // store keys that must not be written twice in a group
	placed     map[string]custody.Place
	leaves     map[uint32]*pendingLeaves
	audited    bool
	used       bool                       // entries were added to the record of uses
	records    map[string][]byte          // proof codes and disputes as the group has left them, by store key
	lastUse    map[custody.Subject]uint64 // see Vault.lastUse
	grew       bool
	erased     map[custody.Subject]bool // subjects whose key this group erases
	after      []func() error           // once durable; an error fails the vault
	plain      []byte                   // reused
	sealed     []byte                   // reused
	err        error                    // of a write: the whole group, and the vault, fails
}

// dataKey is a key of the keyring at hand.
type dataKey struct {
	slot uint64
	aead cipher.AEAD
}

func (v *Vault) commitLoop() {
	defer close(v.stopped)
	for j := range v.jobs {
		group, t := v.gather(j)
		err := t.finish()
		if err != nil {
			v.fail(err)
		}
		for _, j := range group {
			j.done <- err
		}
		if err == nil && t.grew {
			v.signal()
		}
	}
}

// gather builds the first job and whatever else is waiting. A refused job is answered at once.
func (v *Vault) gather(j *job) ([]*job, *tx) {
	t := &tx{
		v: v, batch: v.db.NewBatch(), slots: newSlots{ring: v.ring},
		subjects: map[custody.Subject]dataKey{}, operations: map[[16]byte]*custody.Operation{}, seen: map[string]bool{}, placed: map[string]custody.Place{},
		leaves: map[uint32]*pendingLeaves{}, erased: map[custody.Subject]bool{}, records: map[string][]byte{},
		lastUse: map[custody.Subject]uint64{}, err: v.failure(),
	}
	var group []*job
	yielded := false
	for n := 1; ; n++ {
		if t.take(j) {
			group = append(group, j)
		}
		if n >= maxGroupJobs || t.batch.Len() >= maxGroupBytes || t.err != nil {
			return group, t
		}
		if j = v.waiting(&yielded); j == nil {
			return group, t
		}
	}
}

// waiting gives the next job that was handed over, nil where none is. Once in a group it steps back for the goroutines
// that are ready to run: the callers of the last group have just been answered, and on a disk that syncs quickly each of
// them would otherwise find a group of one or two underway.
func (v *Vault) waiting(yielded *bool) *job {
	for {
		select {
		case j := <-v.jobs: // nil once they are closed
			return j
		default:
		}
		if *yielded {
			return nil
		}
		*yielded = true
		runtime.Gosched()
	}
}

// take builds a job; false where it was refused.
func (t *tx) take(j *job) bool {
	if t.err != nil {
		return true
	}
	err := j.build(t)
	if err != nil && t.err == nil {
		j.done <- err
		return false
	}
	return true
}

// finish makes the group durable, in the one order that leaves nothing undecryptable behind: new keys, records, heads of
// the audit log and of the record of uses.
func (t *tx) finish() error {
	t.flushLeaves()
	err := t.err
	if err == nil {
		err = t.slots.flush()
	}
	if err != nil || t.batch.Len() == 0 {
		if closeErr := t.batch.Close(); err == nil {
			err = closeErr
		}
		return err
	}
	if err := t.batch.Commit(); err != nil {
		return err
	}
	if err := t.writeHeads(); err != nil {
		return err
	}
	for _, done := range t.after {
		if err := done(); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) writeHeads() error {
	if t.audited {
		if err := t.v.head.write(t.v.audit.count, t.v.audit.chain); err != nil {
			return err
		}
	}
	if t.used {
		return t.v.useHead.write(t.v.useLog.count, t.v.useLog.chain)
	}
	return nil
}

func (v *Vault) fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failed == nil {
		v.failed = attest.Errorf(attest.CodeOf(err), "the vault has failed and serves reads only until it is opened anew (%s)", attest.CodeOf(err))
		v.log.Error("vault failed", "code", string(attest.CodeOf(err)))
	}
}

func (v *Vault) failure() error {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.failed
}

// Err is the failure that made the vault refuse writes, nil while it serves.
func (v *Vault) Err() error { return v.failure() }

// set seals plaintext under key and writes it. The value is slot ‖ nonce ‖ ciphertext ‖ tag.
func (t *tx) set(key, plaintext []byte, with dataKey) {
	if t.err != nil {
		return
	}
	t.sealed = t.v.sealValue(t.sealed[:0], key, plaintext, with)
	t.err = t.batch.Set(key, t.sealed)
}

func (t *tx) setStore(key, plaintext []byte) { t.set(key, plaintext, dataKey{aead: t.v.ring.store}) }

func (t *tx) delete(key []byte) {
	if t.err == nil {
		t.err = t.batch.Delete(key)
	}
}

func (v *Vault) sealValue(dst, key, plaintext []byte, with dataKey) []byte {
	dst = binary.AppendUvarint(dst, with.slot)
	return keys.Seal(dst, with.aead, &v.nonces, plaintext, valueAAD(key, with.slot))
}

// valueAAD binds a value to its store key and its slot.
func valueAAD(key []byte, slot uint64) []byte {
	aad := make([]byte, 0, 64)
	return append(binary.AppendUvarint(aad, slot), key...)
}

// open unseals what set wrote. Errors: SUBJECT_SHREDDED, KEYRING_DAMAGED, RECORD_UNREADABLE.
func (v *Vault) open(key, value []byte) ([]byte, error) { return v.unseal(key, value, false) }

// unseal is open; in the value's own memory where that is nobody else's.
func (v *Vault) unseal(key, value []byte, inPlace bool) ([]byte, error) {
	slot, n := binary.Uvarint(value)
	if n <= 0 {
		return nil, unreadable(key)
	}
	aead := v.ring.store
	if slot != 0 {
		with, err := v.slotKey(slot)
		if err != nil {
			return nil, err
		}
		aead = with.aead
	}
	var dst []byte
	if sealed := value[n:]; inPlace && len(sealed) > keys.NonceSize {
		dst = sealed[keys.NonceSize:keys.NonceSize]
	}
	plaintext, ok := keys.Open(dst, aead, value[n:], valueAAD(key, slot))
	if !ok {
		return nil, unreadable(key)
	}
	return plaintext, nil
}

func unreadable(key []byte) error {
	return attest.Errorf(attest.CodeRecordUnreadable, "a record of kind %q was changed, moved or sealed under another key", key[0])
}

// get reads and unseals; nil where there is no such key.
func (v *Vault) get(key []byte) ([]byte, error) {
	value, err := v.db.Get(key)
	if err != nil || value == nil {
		return nil, err
	}
	return v.unseal(key, value, true)
}

func (v *Vault) slotKey(slot uint64) (dataKey, error) {
	if k, ok := v.slotKeys.get(slot); ok {
		return k, nil
	}
	before := v.erasures.Load()
	aead, err := v.ring.key(slot)
	if err != nil {
		return dataKey{}, err
	}
	k := dataKey{slot: slot, aead: aead}
	v.slotKeys.put(slot, k)
	if v.erasures.Load() != before { // this very key may have been erased since it was read
		v.slotKeys.remove(slot)
	}
	return k, nil
}

// keyOf gives the key of a subject, a fresh one where it has none or the last one was erased.
func (t *tx) keyOf(subject custody.Subject) (dataKey, error) {
	k, ok, err := t.liveKey(subject)
	if err != nil {
		return dataKey{}, err
	}
	if !ok {
		if k.slot, k.aead, err = t.slots.add(subject); err != nil {
			return dataKey{}, err
		}
		t.setStore(keySubject(subject), binary.AppendUvarint(nil, k.slot))
		t.after = append(t.after, func() error { t.v.slotKeys.put(k.slot, k); return nil })
	}
	t.subjects[subject] = k
	return k, nil
}

// liveKey is a subject's key, also one that the group has made; false where there is none that still exists.
func (t *tx) liveKey(subject custody.Subject) (dataKey, bool, error) {
	if k, ok := t.subjects[subject]; ok || t.erased[subject] {
		return k, ok, nil
	}
	return t.v.liveKey(subject)
}

// liveKey looks a subject's key up; false where there is none that still exists.
func (v *Vault) liveKey(subject custody.Subject) (dataKey, bool, error) {
	slot, ok, err := v.slotOf(subject)
	if err != nil || !ok {
		return dataKey{}, false, err
	}
	k, err := v.slotKey(slot)
	if attest.CodeOf(err) == attest.CodeSubjectShredded {
		return dataKey{}, false, nil
	}
	return k, err == nil, err
}

func (v *Vault) slotOf(subject custody.Subject) (uint64, bool, error) {
	value, err := v.get(keySubject(subject))
	if err != nil || value == nil {
		return 0, false, err
	}
	slot, n := binary.Uvarint(value)
	if n != len(value) {
		return 0, false, unreadable(keySubject(subject))
	}
	return slot, true, nil
}
