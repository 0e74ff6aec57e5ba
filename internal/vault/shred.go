package vault

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Shred erases a subject's key, and with it everything that is sealed under it, here and in every copy of the data. The
// intent is durable first and is kept: an erasure that a crash cut short, or that a restored keyring undid, is done
// again whenever the vault is opened. A subject without a key is none to erase: RECORD_MISSING. A certificate that is
// issued to the same holder later gets a fresh key.
func (v *Vault) Shred(ctx context.Context, subject custody.Subject, now int64) error {
	return v.do(ctx, func(t *tx) error {
		slot, ok, err := t.slotOf(subject)
		if err != nil {
			return err
		}
		if !ok {
			return attest.Errorf(attest.CodeRecordMissing, "nothing is kept under a key of this subject")
		}
		owned, err := v.ownedKeys(subject)
		if err != nil {
			return err
		}
		for _, key := range owned {
			t.delete(key)
		}
		t.lastUse[subject] = 0
		t.delete(keySubject(subject))
		w := newWriter(16)
		w.int(now)
		t.setStore(keyNumber(prefixShredded, slot), w.b)
		delete(t.subjects, subject)
		t.erased[subject] = true
		t.after = append(t.after, func() error { return v.eraseSlots(slot) })
		return nil
	})
}

// ownedKeys are the entries that lead from a subject to its records: without them, nobody who guesses a holder's code finds
// how many there were.
func (v *Vault) ownedKeys(subject custody.Subject) (owned [][]byte, err error) {
	for _, prefix := range []byte{prefixHeld, prefixSubjectCode, prefixUsePointer} {
		err = errors.Join(err, v.scan(append([]byte{prefix}, subject[:]...), func(key, _ []byte) error {
			owned = append(owned, bytes.Clone(key))
			return nil
		}))
	}
	disputes, failed := v.disputeKeys(subject)
	return append(owned, disputes...), errors.Join(err, failed)
}

// ShredDocument erases the key of a recorded document.
func (v *Vault) ShredDocument(ctx context.Context, authority string, digest [32]byte, now int64) error {
	return v.Shred(ctx, v.documentSubject(authority, digest), now)
}

func (t *tx) slotOf(subject custody.Subject) (uint64, bool, error) {
	if k, ok := t.subjects[subject]; ok {
		return k.slot, true, nil
	}
	if t.erased[subject] {
		return 0, false, nil
	}
	return t.v.slotOf(subject)
}

func (v *Vault) eraseSlots(slots ...uint64) error {
	if err := v.ring.erase(slots...); err != nil {
		return err
	}
	v.erasures.Add(1) // before the removal: see slotKey
	for _, n := range slots {
		v.slotKeys.remove(n)
	}
	return nil
}

// redoErasures erases every slot that was ever shredded and is not erased.
func (v *Vault) redoErasures() error {
	var again []uint64
	err := v.scan([]byte{prefixShredded}, func(key, _ []byte) error {
		if len(key) != 9 {
			return unreadable(key)
		}
		slot := binary.BigEndian.Uint64(key[1:])
		if _, err := v.ring.key(slot); attest.CodeOf(err) != attest.CodeSubjectShredded {
			again = append(again, slot)
		}
		return nil
	})
	if err != nil || len(again) == 0 {
		return err
	}
	return v.ring.erase(again...)
}
