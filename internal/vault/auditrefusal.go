package vault

import (
	"context"
	"encoding/base64"
	"strconv"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Refusals are records of the audit log's one chain beside the verdicts, under the same head. Their first byte is another
// one, so that whoever reads verdicts and knows no refusals finds a record of a form it does not know, never a verdict. They
// have no receipt and no leaf.
const refusalFormat = 2

// encodeRefusal puts the link before the record into it, as encodeAudit does.
func encodeRefusal(dst []byte, r *custody.Refusal, previous [32]byte) []byte {
	w := &writer{b: append(dst, refusalFormat)}
	w.fixed(previous[:])
	w.int(r.Time)
	w.int(r.Until)
	w.uint(r.Count)
	for _, s := range []string{string(r.Caller), r.Account, r.ID, r.Route, string(r.Reason), r.Code} {
		w.string(s)
	}
	return w.b
}

func decodeRefusal(seq uint64, plain []byte) (rec *custody.Refusal, previous [32]byte, err error) {
	r := newReaderOf(refusalFormat, plain)
	previous = r.array32()
	rec = &custody.Refusal{Seq: seq, Time: r.int(), Until: r.int(), Count: r.uint(), Caller: custody.RefusedCaller(r.string()), Account: r.string(),
		ID: r.string(), Route: r.string(), Reason: custody.RefusalReason(r.string()), Code: r.string()}
	return rec, previous, r.done()
}

// isRefusal tells the two kinds of records of the audit log apart.
func isRefusal(plain []byte) bool { return len(plain) > 0 && plain[0] == refusalFormat }

// linkOf reads a record of either kind and gives the link before it that it names.
func linkOf(seq uint64, plain []byte) (previous [32]byte, err error) {
	if isRefusal(plain) {
		_, previous, err = decodeRefusal(seq, plain)
	} else {
		_, previous, err = decodeAudit(seq, plain)
	}
	return previous, err
}

// AppendRefusals writes refusals into the audit log, in order, durable when it returns.
func (v *Vault) AppendRefusals(ctx context.Context, list ...*custody.Refusal) error {
	return v.do(ctx, func(t *tx) error {
		for _, r := range list {
			r.Seq = v.audit.count
			t.plain = encodeRefusal(t.plain[:0], r, v.audit.chain)
			t.appendAudit(t.plain)
			t.setStore(keyFiled(v.refusalDay(r.Account, dayOf(r.Until)), r.Seq), nil)
		}
		return nil
	})
}

func (v *Vault) refusalDay(account string, day int64) [16]byte {
	return v.hashed("refusal day", account, strconv.FormatInt(day, 10))
}

// FindRefusals finds the refusals of some accounts of a time, as FindAudit finds verdicts. The empty account has those
// that are no tenant's.
func (v *Vault) FindRefusals(accounts []string, from, until int64, before uint64, limit int) ([]*custody.Refusal, error) {
	numbers, err := v.filedOfDays(accounts, v.refusalDay, from, until, before, limit)
	if err != nil {
		return nil, err
	}
	return readWithin(numbers, v.refusal, func(r *custody.Refusal) bool { return r.Until >= from && r.Until <= until }, limit)
}

func (v *Vault) refusal(seq uint64) (*custody.Refusal, error) {
	plain, err := v.get(keyNumber(prefixAudit, seq))
	if err != nil {
		return nil, err
	}
	if !isRefusal(plain) {
		return nil, attest.Errorf(attest.CodeRecordMissing, "the audit log has no refusal of this number")
	}
	r, _, err := decodeRefusal(seq, plain)
	return r, err
}

// StaffID is how a member of staff is named in the audit log: a pseudonym that says the same of the same person, and who it
// is to nobody without the master key.
func (v *Vault) StaffID(issuer, subject string) string {
	sum := v.subjects.sum("staff", issuer, subject)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
