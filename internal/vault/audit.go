package vault

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// tagAudit separates the links of the chain from every other hash: link(n) = H(tag ‖ link(n−1) ‖ n ‖ stored value n).
const tagAudit = "huzheng/v1/audit\x00"

func (v *Vault) link(previous [32]byte, seq uint64, value []byte) [32]byte {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], seq)
	return v.suite.Sum([]byte(tagAudit), previous[:], n[:], value)
}

// encodeAudit puts the link before the record into it, so that a record that was written again by somebody who has the keys
// is named by the one behind it.
func encodeAudit(dst []byte, e *custody.AuditEntry, previous [32]byte) []byte {
	w := &writer{b: append(dst, recordFormat)}
	w.fixed(previous[:])
	w.place(e.Place)
	w.string(e.ID)
	w.bytes(e.JWS)
	w.string(e.Credential)
	w.string(e.UseCause)
	w.int(e.Time)
	if e.CaseNumber != "" { // as before there were any, where there is none
		w.string(e.CaseNumber)
	}
	return w.b
}

func decodeAudit(seq uint64, plain []byte) (e *custody.AuditEntry, previous [32]byte, err error) {
	r := newReader(plain)
	previous = r.array32()
	e = &custody.AuditEntry{Seq: seq, Place: r.place(), ID: r.string(), JWS: r.bytes(), Credential: r.string(), UseCause: r.string(), Time: r.int()}
	if len(r.b) > 0 {
		e.CaseNumber = r.string()
	}
	return e, previous, r.done()
}

// AppendAudit writes a record, its place in the chain and its leaf, durable when it returns, and gives its number. It
// must return before the answer that it records is given out. Where it names a region to report to, the receipt waits in
// the outbox of Reports from then on. Writers that come at once share two syncs: the log's and
// its head's.
func (v *Vault) AppendAudit(ctx context.Context, e *custody.AuditEntry) (uint64, error) {
	if err := e.Queue.Validate(); err != nil {
		return 0, err
	}
	if e.Queue.Kind != attest.KindReceipt || e.ID == "" || len(e.JWS) == 0 {
		return 0, attest.Errorf(attest.CodeVerificationReceipt, "an audit record holds a receipt with its id")
	}
	commitment := attest.CommitReceipt(e.Queue.Suite, e.JWS)
	err := v.do(ctx, func(t *tx) error {
		e.Seq = v.audit.count
		e.Place = t.addLeaves(t.queue(e.Queue), 0, commitment)
		t.plain = encodeAudit(t.plain[:0], e, v.audit.chain)
		t.appendAudit(t.plain)
		t.setStore(keyCommitment(commitment), encodePlace(e.Place))
		t.setStore(keyHashed(prefixReceiptID, v.hashed("receipt", e.ID)), binary.AppendUvarint(nil, e.Seq))
		if e.ReportTo != "" {
			t.toReport(e.ReportTo, e.Seq, e.About)
		}
		t.fileAudit(e)
		return nil
	})
	return e.Seq, err
}

// appendAudit writes a record of either kind at the end of the chain.
func (t *tx) appendAudit(plain []byte) {
	log := &t.v.audit
	t.setStore(keyNumber(prefixAudit, log.count), plain)
	log.chain = t.v.link(log.chain, log.count, t.sealed)
	log.count++
	t.audited = true
}

// AuditByReceipt finds a record by the id of its receipt: RECORD_MISSING.
func (v *Vault) AuditByReceipt(id string) (*custody.AuditEntry, error) {
	plain, err := v.get(keyHashed(prefixReceiptID, v.hashed("receipt", id)))
	if err != nil {
		return nil, err
	}
	seq, n := binary.Uvarint(plain)
	if plain == nil || n != len(plain) {
		return nil, attest.Errorf(attest.CodeRecordMissing, "no receipt with this id is kept here")
	}
	return v.Audit(seq)
}

// Audit gives the verification of that number: RECORD_MISSING, also where the record is a refusal.
func (v *Vault) Audit(seq uint64) (*custody.AuditEntry, error) {
	plain, err := v.get(keyNumber(prefixAudit, seq))
	if err != nil {
		return nil, err
	}
	if plain == nil || isRefusal(plain) {
		return nil, attest.Errorf(attest.CodeRecordMissing, "the audit log has no verification of this number")
	}
	e, _, err := decodeAudit(seq, plain)
	if err != nil {
		return nil, err
	}
	q, err := v.queueByNumber(e.Place.Queue)
	if err != nil {
		return nil, err
	}
	e.Queue = q.Queue
	return e, nil
}

// AuditCount is the number of durable records, of verifications and of refusals.
func (v *Vault) AuditCount() uint64 {
	if v.head == nil {
		return 0
	}
	return v.head.last().count
}

// openAudit finds the end of the log. Records behind the head are those whose writer was cut off between the log's
// sync and the head's: they must continue the chain, and the head then follows.
func (v *Vault) openAudit(o Options) error {
	head, err := openHead(o.fs, o.Keyring, auditLogHead, v.suite, o.Master)
	if err == nil {
		v.head = head
		err = v.continueAudit()
	}
	if o.Inspect && isAuditCode(attest.CodeOf(err)) {
		return nil // CheckAudit says it again
	}
	if err != nil || o.Inspect || v.audit.count == v.head.last().count {
		return err
	}
	return v.head.write(v.audit.count, v.audit.chain)
}

func isAuditCode(c attest.Code) bool {
	switch c {
	case attest.CodeAuditHead, attest.CodeAuditTruncated, attest.CodeAuditMissing, attest.CodeAuditEdited:
		return true
	}
	return false
}

func (v *Vault) continueAudit() error {
	s := v.head.last()
	end, err := v.chainEnd(prefixAudit)
	if err != nil {
		return err
	}
	if end < s.count {
		return truncated(end, s.count)
	}
	w := auditWalk{v: v, next: s.count, chain: s.chain}
	if err := w.run(); err != nil {
		return err
	}
	v.audit.count, v.audit.chain = w.next, w.chain
	return nil
}

// chainEnd is the number behind the last record of a chain.
func (v *Vault) chainEnd(prefix byte) (n uint64, err error) {
	it, err := v.db.NewIter(&pebble.IterOptions{LowerBound: []byte{prefix}, UpperBound: []byte{prefix + 1}})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, pebblekv.Classify(it.Close())) }()
	if !it.Last() {
		return 0, pebblekv.Classify(it.Error())
	}
	if len(it.Key()) != 9 {
		return 0, unreadable(it.Key())
	}
	return binary.BigEndian.Uint64(it.Key()[1:]) + 1, nil
}

// walkChain visits the records of a chain in order, from a number to the end. Key and value live until visit returns.
func (v *Vault) walkChain(prefix byte, from uint64, visit func(key, value []byte) error) error {
	return v.scanBetween(keyNumber(prefix, from), []byte{prefix + 1}, visit)
}

func truncated(end, count uint64) error {
	return attest.Errorf(attest.CodeAuditTruncated, "the audit log ends before record %d; its head counts %d", end, count)
}

func edited(seq uint64) error {
	return attest.Errorf(attest.CodeAuditEdited, "record %d of the audit log is not what was written", seq)
}

// auditWalk follows the chain from a known link on.
type auditWalk struct {
	v     *Vault
	next  uint64
	chain [32]byte
	each  func() // after each record; may be nil
}

// run walks to the end. Errors: AUDIT_RECORD_MISSING, AUDIT_RECORD_EDITED, naming the first record at fault.
func (w *auditWalk) run() error { return w.v.walkChain(prefixAudit, w.next, w.record) }

func (w *auditWalk) record(key, value []byte) error {
	if string(key) != string(keyNumber(prefixAudit, w.next)) {
		return attest.Errorf(attest.CodeAuditMissing, "record %d of the audit log is missing", w.next)
	}
	plain, err := w.v.open(key, value)
	if err != nil {
		return edited(w.next)
	}
	previous, err := linkOf(w.next, plain)
	if err != nil {
		return edited(w.next)
	}
	if previous != w.chain {
		return edited(max(w.next, 1) - 1)
	}
	w.chain = w.v.link(w.chain, w.next, value)
	w.next++
	if w.each != nil {
		w.each()
	}
	return nil
}

// CheckAudit walks the whole log and names the first record that was edited or is missing, or says that the log was cut
// off. It gives the number of records that are sound.
func (v *Vault) CheckAudit() (sound uint64, err error) {
	if v.head == nil {
		return 0, attest.Errorf(attest.CodeAuditHead, "the head of the audit log is missing or damaged")
	}
	head := v.head.last() // before the walk: the log may grow meanwhile
	w := auditWalk{v: v}
	atHead := w.chain
	w.each = func() {
		if w.next == head.count {
			atHead = w.chain
		}
	}
	if err := w.run(); err != nil {
		return w.next, err
	}
	if w.next < head.count {
		return w.next, truncated(w.next, head.count)
	}
	if atHead != head.chain {
		return head.count - 1, edited(head.count - 1)
	}
	return w.next, nil
}
