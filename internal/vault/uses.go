package vault

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// The record of uses (用证记录) is one chain over the whole vault: link(n) = H(tag ‖ link(n−1) ‖ n ‖ stored value n), whose
// head lies in the keyring folder like the audit log's. Each entry is sealed under its citizen's key, so that shredding
// makes it unreadable and leaves the chain whole: the links are over what is stored. Entries of one citizen lead to the one
// before, from a pointer on.
const tagUses = "huzheng/v1/uses\x00"

func encodeUse(u *custody.Use, chain [32]byte) []byte {
	w := newWriter(256)
	w.fixed(chain[:])
	w.uint(u.Previous)
	w.fixed(u.Subject[:])
	w.int(u.Time)
	w.fixed([]byte{byte(u.Event)})
	w.fixed(u.Code[:])
	w.by(&u.By)
	w.string(u.UseCause)
	w.string(u.Scenario)
	w.string(string(u.Reason))
	w.shown(u.Shown)
	w.uint(uint64(len(u.Receipts)))
	for _, r := range u.Receipts {
		w.bytes(r)
	}
	return w.b
}

func decodeUse(seq uint64, plain []byte) (u *custody.Use, chain [32]byte, err error) {
	r := newReader(plain)
	chain = r.array32()
	u = &custody.Use{Seq: seq, Previous: r.uint(), Subject: r.array32(), Time: r.int(), Event: custody.UseEvent(r.byte())}
	copy(u.Code[:], r.take(uint64(len(u.Code))))
	u.By, u.UseCause, u.Scenario, u.Reason, u.Shown = r.by(), r.string(), r.string(), attest.Code(r.string()), r.shown()
	for n := r.count(); n > 0 && !r.bad; n-- {
		u.Receipts = append(u.Receipts, r.bytes())
	}
	return u, chain, r.done()
}

func keyUsePointer(s custody.Subject) []byte { return append([]byte{prefixUsePointer}, s[:]...) }

// addUses appends entries of one citizen, whose key is with.
func (t *tx) addUses(uses []*custody.Use, with dataKey) error {
	if len(uses) == 0 {
		return nil
	}
	subject := uses[0].Subject
	last, err := t.lastUseOf(subject)
	if err != nil {
		return err
	}
	log := &t.v.useLog
	for _, u := range uses {
		u.Seq, u.Previous = log.count, last
		t.set(keyNumber(prefixUse, u.Seq), encodeUse(u, log.chain), with)
		log.chain = t.v.useLink(log.chain, u.Seq, t.sealed)
		log.count++
		last = u.Seq + 1
	}
	t.used = true
	t.lastUse[subject] = last
	t.setStore(keyUsePointer(subject), binary.AppendUvarint(nil, last))
	return nil
}

// lastUseOf is Vault.lastUse as the group has left it.
func (t *tx) lastUseOf(subject custody.Subject) (uint64, error) {
	last, ok := t.lastUse[subject]
	if ok {
		return last, nil
	}
	last, err := t.v.lastUse(subject)
	if err == nil {
		t.lastUse[subject] = last
	}
	return last, err
}

func (v *Vault) useLink(previous [32]byte, seq uint64, value []byte) [32]byte {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], seq)
	return v.suite.Sum([]byte(tagUses), previous[:], n[:], value)
}

// lastUse is one more than the number of a citizen's last entry; 0: there is none.
func (v *Vault) lastUse(subject custody.Subject) (uint64, error) {
	plain, err := v.get(keyUsePointer(subject))
	if err != nil || plain == nil {
		return 0, err
	}
	last, n := binary.Uvarint(plain)
	if n != len(plain) {
		return 0, useEdited(0)
	}
	return last, nil
}

// AddReported appends entries about certificates that are kept here, each with one receipt, durable when it returns. A
// receipt that its region has reported of the certificate before is passed over, and so is one about a citizen whose key is erased.
func (v *Vault) AddReported(ctx context.Context, uses ...*custody.Use) error {
	list := make([]reported, len(uses))
	for i, u := range uses {
		about := u.Shown[0].Commitment
		list[i] = reported{use: u, key: keyHashed(prefixUseSeen, v.hashed("use", u.By.Region, string(about[:]), string(u.Receipts[0])))}
	}
	return v.do(ctx, func(t *tx) error {
		for i := range list { // everything is read before anything is written
			if err := t.readReported(&list[i]); err != nil {
				return err
			}
		}
		for _, r := range list {
			if !r.wanted || t.seen[string(r.key)] {
				continue
			}
			if err := t.addUses([]*custody.Use{r.use}, r.with); err != nil {
				return err
			}
			t.seen[string(r.key)] = true
			t.setStore(r.key, nil)
		}
		return nil
	})
}

// reported is a use on its way into the record.
type reported struct {
	use    *custody.Use
	key    []byte // under which its receipt is known once it is there
	with   dataKey
	wanted bool
}

// readReported finds out whether a use is to be written, and what writing it needs.
func (t *tx) readReported(r *reported) error {
	seen, err := t.v.db.Get(r.key)
	if err != nil || seen != nil {
		return err
	}
	if r.with, r.wanted, err = t.liveKey(r.use.Subject); err != nil || !r.wanted {
		return err
	}
	_, err = t.lastUseOf(r.use.Subject)
	return err
}

// Uses gives a citizen's entries, the newest first: at most limit, of those before the entry of that number (0: from the
// newest on). Errors: USE_LOG_EDITED, USE_LOG_RECORD_MISSING, naming the entry.
func (v *Vault) Uses(subject custody.Subject, before uint64, limit int) ([]*custody.Use, error) {
	next, err := v.lastUse(subject)
	if err != nil {
		return nil, err
	}
	var out []*custody.Use
	for next > 0 && len(out) < limit {
		u, err := v.useAt(subject, next-1)
		if attest.CodeOf(err) == attest.CodeSubjectShredded {
			return out, nil // of a key that the citizen had erased
		}
		if err != nil {
			return nil, err
		}
		if before == 0 || u.Seq < before {
			out = append(out, u)
		}
		if u.Previous > u.Seq {
			return nil, useEdited(u.Seq)
		}
		next = u.Previous
	}
	return out, nil
}

func (v *Vault) useAt(subject custody.Subject, seq uint64) (*custody.Use, error) {
	plain, err := v.get(keyNumber(prefixUse, seq))
	switch {
	case attest.CodeOf(err) == attest.CodeRecordUnreadable:
		return nil, useEdited(seq)
	case err != nil:
		return nil, err
	case plain == nil:
		return nil, useMissing(seq)
	}
	u, _, err := decodeUse(seq, plain)
	if err != nil || u.Subject != subject {
		return nil, useEdited(seq)
	}
	return u, nil
}

func useEdited(seq uint64) error {
	return attest.Errorf(attest.CodeUseLogEdited, "entry %d of the record of uses is not what was written", seq)
}

func useMissing(seq uint64) error {
	return attest.Errorf(attest.CodeUseLogMissing, "entry %d of the record of uses is missing", seq)
}

func isUseCode(c attest.Code) bool {
	return c == attest.CodeUseLogEdited || c == attest.CodeUseLogMissing || c == attest.CodeUseLogHead
}

// useWalk follows the chain from a known link on.
type useWalk struct {
	v     *Vault
	next  uint64
	chain [32]byte
	each  func(u *custody.Use) // after each entry; nil where it was shredded
}

func (w *useWalk) run() error { return w.v.walkChain(prefixUse, w.next, w.entry) }

func (w *useWalk) entry(key, value []byte) error {
	if string(key) != string(keyNumber(prefixUse, w.next)) {
		return useMissing(w.next)
	}
	plain, err := w.v.open(key, value)
	var u *custody.Use
	if attest.CodeOf(err) != attest.CodeSubjectShredded {
		var chain [32]byte
		if err == nil {
			u, chain, err = decodeUse(w.next, plain)
		}
		if err != nil {
			return useEdited(w.next)
		}
		if chain != w.chain {
			return useEdited(max(w.next, 1) - 1)
		}
	}
	w.chain = w.v.useLink(w.chain, w.next, value)
	w.next++
	if w.each != nil {
		w.each(u)
	}
	return nil
}

// openUses finds the end of the record. Entries behind the head are those whose writer was cut off between the two syncs.
func (v *Vault) openUses(o Options) error {
	head, err := openHead(o.fs, o.Keyring, usesHead, v.suite, o.Master)
	if err == nil {
		v.useHead = head
		err = v.continueUses()
	}
	if o.Inspect && isUseCode(attest.CodeOf(err)) {
		return nil // CheckUses says it again
	}
	if err != nil || o.Inspect || v.useLog.count == v.useHead.last().count {
		return err
	}
	return v.useHead.write(v.useLog.count, v.useLog.chain)
}

func (v *Vault) continueUses() error {
	s := v.useHead.last()
	end, err := v.chainEnd(prefixUse)
	if err != nil {
		return err
	}
	if end < s.count {
		return useMissing(end)
	}
	w := useWalk{v: v, next: s.count, chain: s.chain}
	if err := w.run(); err != nil {
		return err
	}
	v.useLog = chainEnd{w.next, w.chain}
	return nil
}

// CheckUses walks the whole record and names the first entry that was edited or is missing, also at its end. It gives the
// number of entries that are sound.
func (v *Vault) CheckUses() (sound uint64, err error) {
	if v.useHead == nil {
		return 0, attest.Errorf(attest.CodeUseLogHead, "the head of the record of uses is missing or damaged")
	}
	head := v.useHead.last()
	w := useWalk{v: v}
	atHead := w.chain
	last := map[custody.Subject]uint64{}
	w.each = func(u *custody.Use) {
		if w.next == head.count {
			atHead = w.chain
		}
		if u != nil {
			last[u.Subject] = max(last[u.Subject], u.Seq+1)
		}
	}
	if err := w.run(); err != nil {
		return w.next, err
	}
	switch {
	case w.next < head.count:
		return w.next, useMissing(w.next)
	case atHead != head.chain:
		return head.count - 1, useEdited(head.count - 1)
	}
	for subject, want := range last {
		if got, err := v.lastUse(subject); err != nil || got < want {
			return w.next, errors.Join(useEdited(want-1), err)
		}
	}
	return w.next, nil
}

// UseCount is the number of durable entries.
func (v *Vault) UseCount() uint64 {
	if v.useHead == nil {
		return 0
	}
	return v.useHead.last().count
}
