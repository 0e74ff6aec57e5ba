package vault

import (
	"context"
	"encoding/binary"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

func (w *writer) shown(list []custody.Shown) {
	w.uint(uint64(len(list)))
	for _, s := range list {
		w.fixed(s.Commitment[:])
		w.strings(s.Fields)
	}
}

func (r *reader) shown() (list []custody.Shown) {
	for n := r.count(); n > 0 && !r.bad; n-- {
		list = append(list, custody.Shown{Commitment: r.array32(), Fields: r.strings()})
	}
	return list
}

func (w *writer) by(b *custody.UseBy) {
	for _, s := range []string{b.Region, b.Verifier, b.Office, b.Tenant} {
		w.string(s)
	}
}

func (r *reader) by() custody.UseBy {
	return custody.UseBy{Region: r.string(), Verifier: r.string(), Office: r.string(), Tenant: r.string()}
}

// count reads the number of a list's entries, each of which takes a byte at least.
func (r *reader) count() uint64 {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.bad = true
		return 0
	}
	return n
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func encodeCode(c *custody.ProofCode) []byte {
	w := newWriter(512)
	w.fixed(c.ID[:])
	w.fixed(c.Handle[:])
	w.fixed(c.Secret[:])
	w.fixed(c.Random[:])
	w.fixed(c.Subject[:])
	w.shown(c.Shown)
	w.string(c.UseCause)
	w.string(c.Scenario)
	w.fixed([]byte{byte(c.Audience.Kind)})
	w.string(c.Audience.Region)
	w.string(c.Audience.Office)
	w.string(c.Audience.Tenant)
	w.uint(uint64(c.Uses)) //nolint:gosec // at most 100
	for _, n := range []int64{c.Created, c.Expires, c.Cancelled, c.Seen} {
		w.int(n)
	}
	w.uint(c.Next)
	w.uint(c.Refused)
	w.uint(uint64(len(c.Holds)))
	for i := range c.Holds {
		h := &c.Holds[i]
		w.fixed(h.Operation[:])
		w.uint(h.Number)
		w.fixed([]byte{byte(h.State)})
		w.int(h.At)
		w.int(h.Until)
		w.fixed(h.Outcome[:])
		w.by(&h.Verifier)
	}
	return w.b
}

func decodeCode(plain []byte) (*custody.ProofCode, error) {
	r := newReader(plain)
	c := &custody.ProofCode{}
	copy(c.ID[:], r.take(uint64(len(c.ID))))
	copy(c.Handle[:], r.take(uint64(len(c.Handle))))
	copy(c.Secret[:], r.take(uint64(len(c.Secret))))
	copy(c.Random[:], r.take(uint64(len(c.Random))))
	c.Subject, c.Shown = r.array32(), r.shown()
	c.UseCause, c.Scenario = r.string(), r.string()
	c.Audience = custody.Audience{Kind: custody.AudienceKind(r.byte()), Region: r.string(), Office: r.string(), Tenant: r.string()}
	c.Uses = int(r.uint32())
	c.Created, c.Expires, c.Cancelled, c.Seen = r.int(), r.int(), r.int(), r.int()
	c.Next, c.Refused = r.uint(), r.uint()
	for n := r.count(); n > 0 && !r.bad; n-- {
		c.Holds = append(c.Holds, custody.Hold{Operation: r.array32(), Number: r.uint(), State: custody.HoldState(r.byte()), At: r.int(),
			Until: r.int(), Outcome: r.array32(), Verifier: r.by()})
	}
	return c, r.done()
}

func (v *Vault) keyCode(id custody.CodeID) []byte {
	return keyHashed(prefixCode, v.hashed("code", string(id[:])))
}

func (v *Vault) keyShort(random [5]byte) []byte {
	return keyHashed(prefixShort, v.hashed("short", string(random[:])))
}

func keySubjectCode(s custody.Subject, code []byte) []byte {
	return append(append([]byte{prefixSubjectCode}, s[:]...), code[1:]...)
}

func noCode() error {
	return attest.Errorf(attest.CodeRecordMissing, "no such proof code is kept here")
}

// AddCode writes a proof code and its operation in one durable batch. Where the operation is known, nothing is written and
// the code it made is returned. Errors: OPERATION_CONFLICT, OPERATION_MISSING; KEY_EXISTS where the short form was given out
// before, so that the caller draws another.
func (v *Vault) AddCode(ctx context.Context, op string, digest [32]byte, c *custody.ProofCode) (*custody.ProofCode, error) {
	made := c.ID
	err := v.do(ctx, func(t *tx) error {
		known, err := t.operation(op)
		switch {
		case err != nil:
			return err
		case known == nil:
			return t.addCode(op, digest, c)
		case known.Digest != digest || len(known.Result) != len(made):
			return conflict()
		}
		made = custody.CodeID(known.Result)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return v.Code(made)
}

func (t *tx) addCode(op string, digest [32]byte, c *custody.ProofCode) error {
	key, short := t.v.keyCode(c.ID), t.v.keyShort(c.Random)
	taken, err := t.v.db.Get(short)
	if err != nil {
		return err
	}
	if taken != nil || t.seen[string(short)] {
		return attest.Errorf(attest.CodeKeyExists, "the short form was given out before")
	}
	with, err := t.keyOf(c.Subject)
	if err != nil {
		return err
	}
	t.seen[string(short)] = true
	t.setCode(key, c, with)
	t.setStore(short, c.ID[:])
	t.setStore(keySubjectCode(c.Subject, key), nil)
	t.setOperation(&custody.Operation{ID: op, Digest: digest, Result: c.ID[:]})
	return nil
}

func (t *tx) setCode(key []byte, c *custody.ProofCode, with dataKey) {
	t.setLatest(key, encodeCode(c), with)
}

// Code gives a proof code: RECORD_MISSING, SUBJECT_SHREDDED.
func (v *Vault) Code(id custody.CodeID) (*custody.ProofCode, error) { return v.codeAt(v.keyCode(id)) }

func (v *Vault) codeAt(key []byte) (*custody.ProofCode, error) {
	plain, err := v.get(key)
	if err != nil {
		return nil, err
	}
	if plain == nil {
		return nil, noCode()
	}
	return decodeCode(plain)
}

// CodeByShort finds the code of a short form: RECORD_MISSING.
func (v *Vault) CodeByShort(random [5]byte) (id custody.CodeID, err error) {
	plain, err := v.get(v.keyShort(random))
	if err != nil {
		return id, err
	}
	if len(plain) != len(id) {
		return id, noCode()
	}
	return custody.CodeID(plain), nil
}

// Codes lists a citizen's proof codes, in no order that means anything.
func (v *Vault) Codes(subject custody.Subject) ([]*custody.ProofCode, error) {
	var out []*custody.ProofCode
	err := v.linked(append([]byte{prefixSubjectCode}, subject[:]...), prefixCode, func(key []byte) error {
		c, err := v.codeAt(key)
		if err == nil {
			out = append(out, c)
		}
		return err
	})
	return out, err
}

// ChangeCode runs change on a proof code, one change after the other, and makes what it did durable together with the
// entries that it adds to the citizen's record of uses. change must decide by its argument alone. An error of change
// changes nothing. Errors: RECORD_MISSING, SUBJECT_SHREDDED.
func (v *Vault) ChangeCode(ctx context.Context, id custody.CodeID, change func(c *custody.ProofCode) ([]*custody.Use, error)) error {
	key := v.keyCode(id)
	return v.do(ctx, func(t *tx) error {
		plain, with, err := t.code(key)
		if err != nil {
			return err
		}
		c, err := decodeCode(plain)
		if err != nil {
			return err
		}
		uses, err := change(c)
		if err != nil {
			return err
		}
		for _, u := range uses {
			u.Subject = c.Subject
		}
		if err := t.addUses(uses, with); err != nil {
			return err
		}
		t.setCode(key, c, with)
		return nil
	})
}

// code reads a code as the group has left it, with the key that it is sealed under.
func (t *tx) code(key []byte) ([]byte, dataKey, error) {
	return t.latest(key, func(plain []byte) (custody.Subject, error) {
		c, err := decodeCode(plain)
		if err != nil {
			return custody.Subject{}, err
		}
		return c.Subject, nil
	}, noCode)
}

// latest reads a subject's record as the group has left it, with the key that it is sealed under.
func (t *tx) latest(key []byte, subjectOf func(plain []byte) (custody.Subject, error), none func() error) ([]byte, dataKey, error) {
	value, err := t.v.db.Get(key)
	if err != nil {
		return nil, dataKey{}, err
	}
	plain, fresh := t.records[string(key)]
	if value == nil && !fresh {
		return nil, dataKey{}, none()
	}
	if !fresh {
		if plain, err = t.v.open(key, value); err != nil {
			return nil, dataKey{}, err
		}
	}
	subject, err := subjectOf(plain)
	if err != nil {
		return nil, dataKey{}, err
	}
	if t.erased[subject] {
		return nil, dataKey{}, none()
	}
	if value == nil { // made in this group, whose subject has its key at hand
		with, err := t.keyOf(subject)
		return plain, with, err
	}
	slot, _ := binary.Uvarint(value)
	with, err := t.v.slotKey(slot)
	return plain, with, err
}

// setLatest writes a subject's record, for the jobs of the group that come after as well.
func (t *tx) setLatest(key, plain []byte, with dataKey) {
	t.set(key, plain, with)
	t.records[string(key)] = plain
}
