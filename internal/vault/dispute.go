package vault

import (
	"context"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

func encodeDispute(d *custody.Dispute) []byte {
	w := newWriter(256)
	w.fixed(d.ID[:])
	w.fixed(d.Subject[:])
	w.string(d.Authority)
	w.fixed(d.Commitment[:])
	w.uint(d.Use)
	w.fixed([]byte{byte(d.Kind), byte(d.State)})
	for _, s := range []string{d.Field, d.Wrong, d.Should} {
		w.string(s)
	}
	w.int(d.Created)
	w.int(d.Changed)
	return w.b
}

func decodeDispute(plain []byte) (*custody.Dispute, error) {
	r := newReader(plain)
	d := &custody.Dispute{}
	copy(d.ID[:], r.take(uint64(len(d.ID))))
	d.Subject, d.Authority, d.Commitment, d.Use = r.array32(), r.string(), r.array32(), r.uint()
	d.Kind, d.State = custody.DisputeKind(r.byte()), custody.DisputeState(r.byte())
	d.Field, d.Wrong, d.Should = r.string(), r.string(), r.string()
	d.Created, d.Changed = r.int(), r.int()
	return d, r.done()
}

func (v *Vault) keyDispute(id custody.DisputeID) []byte {
	return keyHashed(prefixDispute, v.hashed("dispute", string(id[:])))
}

func keySubjectDispute(s custody.Subject, dispute []byte) []byte {
	return append(append([]byte{prefixSubjectDispute}, s[:]...), dispute[1:]...)
}

// officeDisputes begins the keys of the open drafts about an authority's certificates.
func (v *Vault) officeDisputes(authority string) []byte {
	return keyHashed(prefixOfficeDispute, v.hashed("office of disputes", authority))
}

func (v *Vault) keyOfficeDispute(authority string, dispute []byte) []byte {
	return append(v.officeDisputes(authority), dispute[1:]...)
}

func noDispute() error {
	return attest.Errorf(attest.CodeRecordMissing, "no such dispute is kept here")
}

// AddDispute writes a draft and its operation in one durable batch. Where the operation is known, nothing is written and the
// draft it made is named. Errors: OPERATION_CONFLICT, OPERATION_MISSING; RECORD_MISSING where the citizen has no key: nothing
// of theirs is kept here.
func (v *Vault) AddDispute(ctx context.Context, op string, digest [32]byte, d *custody.Dispute) (custody.DisputeID, error) {
	made := d.ID
	err := v.do(ctx, func(t *tx) error {
		known, err := t.operation(op)
		if err != nil {
			return err
		}
		if known != nil {
			made, err = filedDispute(known, digest)
			return err
		}
		with, ok, err := t.liveKey(d.Subject)
		if err != nil {
			return err
		}
		if !ok {
			return attest.Errorf(attest.CodeRecordMissing, "nothing is kept under a key of this subject")
		}
		key := v.keyDispute(d.ID)
		t.setLatest(key, encodeDispute(d), with)
		t.setStore(keySubjectDispute(d.Subject, key), nil)
		t.setStore(v.keyOfficeDispute(d.Authority, key), nil)
		t.setOperation(&custody.Operation{ID: op, Digest: digest, Result: d.ID[:]})
		return nil
	})
	return made, err
}

func filedDispute(known *custody.Operation, digest [32]byte) (id custody.DisputeID, err error) {
	if known.Digest != digest || len(known.Result) != len(id) {
		return id, conflict()
	}
	return custody.DisputeID(known.Result), nil
}

// FiledDispute names the draft that an operation made; false where it made none yet. Errors: OPERATION_CONFLICT.
func (v *Vault) FiledDispute(op string, digest [32]byte) (id custody.DisputeID, filed bool, err error) {
	known, err := v.Operation(op)
	if err != nil || known == nil {
		return id, false, err
	}
	id, err = filedDispute(known, digest)
	return id, err == nil, err
}

// Dispute gives a draft: RECORD_MISSING, SUBJECT_SHREDDED.
func (v *Vault) Dispute(id custody.DisputeID) (*custody.Dispute, error) {
	return v.disputeAt(v.keyDispute(id))
}

func (v *Vault) disputeAt(key []byte) (*custody.Dispute, error) {
	plain, err := v.get(key)
	if err != nil {
		return nil, err
	}
	if plain == nil {
		return nil, noDispute()
	}
	return decodeDispute(plain)
}

// Disputes lists a citizen's drafts, in no order that means anything.
func (v *Vault) Disputes(subject custody.Subject) ([]*custody.Dispute, error) {
	return v.disputes(append([]byte{prefixSubjectDispute}, subject[:]...))
}

// DisputesOf lists the open drafts about an authority's certificates, in no order that means anything.
func (v *Vault) DisputesOf(authority string) ([]*custody.Dispute, error) {
	return v.disputes(v.officeDisputes(authority))
}

func (v *Vault) disputes(prefix []byte) (out []*custody.Dispute, err error) {
	err = v.linked(prefix, prefixDispute, func(key []byte) error {
		d, err := v.disputeAt(key)
		if err == nil {
			out = append(out, d)
		}
		return err
	})
	return out, err
}

// linked gives each the keys of the records that entries with a prefix lead to; what was shredded is passed over.
func (v *Vault) linked(prefix []byte, record byte, each func(key []byte) error) error {
	return v.scan(prefix, func(key, _ []byte) error {
		if len(key) != len(prefix)+16 {
			return unreadable(key)
		}
		err := each(append([]byte{record}, key[len(prefix):]...))
		if attest.CodeOf(err) == attest.CodeSubjectShredded {
			return nil
		}
		return err
	})
}

// ChangeDispute runs change on a draft, one change after the other, and makes what it did durable. change must decide by its
// argument alone. One that is withdrawn is led to from its office no more. An error of change changes nothing. Errors:
// RECORD_MISSING, SUBJECT_SHREDDED.
func (v *Vault) ChangeDispute(ctx context.Context, id custody.DisputeID, change func(d *custody.Dispute) error) error {
	key := v.keyDispute(id)
	return v.do(ctx, func(t *tx) error {
		plain, with, err := t.latest(key, func(plain []byte) (custody.Subject, error) {
			d, err := decodeDispute(plain)
			if err != nil {
				return custody.Subject{}, err
			}
			return d.Subject, nil
		}, noDispute)
		if err != nil {
			return err
		}
		d, err := decodeDispute(plain)
		if err != nil {
			return err
		}
		if err := change(d); err != nil {
			return err
		}
		t.setLatest(key, encodeDispute(d), with)
		if d.State != custody.DisputeDraft {
			t.delete(v.keyOfficeDispute(d.Authority, key))
		}
		return nil
	})
}

// disputeKeys are the entries that lead to a subject's drafts, from the subject and from the offices.
func (v *Vault) disputeKeys(subject custody.Subject) (owned [][]byte, err error) {
	err = v.linked(append([]byte{prefixSubjectDispute}, subject[:]...), prefixDispute, func(key []byte) error {
		owned = append(owned, keySubjectDispute(subject, key))
		d, err := v.disputeAt(key)
		if err == nil {
			owned = append(owned, v.keyOfficeDispute(d.Authority, key))
		}
		return err
	})
	return owned, err
}
