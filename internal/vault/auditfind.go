package vault

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"

	"github.com/cockroachdb/pebble/v2"

	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/pebblekv"
)

// Audit records are filed by who asked and the day, and by who asked and the case number. The keys show neither.

// dayOf is the day of a time in China, counted from 1970-01-01.
func dayOf(unix int64) int64 {
	const offset, day = 8 * 60 * 60, 24 * 60 * 60
	return (unix + offset) / day
}

func (v *Vault) auditDay(credential string, day int64) [16]byte {
	return v.hashed("audit day", credential, strconv.FormatInt(day, 10))
}

func (v *Vault) auditCase(credential, number string) [16]byte {
	return v.hashed("audit case", credential, number)
}

// fileAudit files a record that is being appended.
func (t *tx) fileAudit(e *custody.AuditEntry) {
	t.setStore(keyFiled(t.v.auditDay(e.Credential, dayOf(e.Time)), e.Seq), nil)
	if e.CaseNumber != "" {
		t.setStore(keyFiled(t.v.auditCase(e.Credential, e.CaseNumber), e.Seq), nil)
	}
}

// MaxAuditDays bounds the days of one search.
const MaxAuditDays = 366

// FindAudit finds the records of some credentials of a time, newest first, at most limit of them and one more, so that
// the caller knows that there are more. A case number narrows it; empty: any. From before on nothing is given; zero: all.
// Days over MaxAuditDays before the end are not searched without a case number.
func (v *Vault) FindAudit(credentials []string, number string, from, until int64, before uint64, limit int) ([]*custody.AuditEntry, error) {
	if before == 0 {
		before = ^uint64(0)
	}
	var found []uint64
	add := func(h [16]byte) error {
		list, err := v.filed(h, before, limit+1)
		found = append(found, list...)
		return err
	}
	for _, c := range credentials {
		if number != "" {
			if err := add(v.auditCase(c, number)); err != nil {
				return nil, err
			}
			continue
		}
		first, last := dayOf(from), dayOf(until)
		have := len(found)
		for day := last; day >= max(first, last-MaxAuditDays) && len(found)-have <= limit; day-- {
			if err := add(v.auditDay(c, day)); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(found)
	slices.Reverse(found)
	return v.auditsWithin(found, from, until, limit)
}

func (v *Vault) auditsWithin(numbers []uint64, from, until int64, limit int) ([]*custody.AuditEntry, error) {
	var out []*custody.AuditEntry
	for _, seq := range numbers {
		if len(out) > limit {
			break
		}
		e, err := v.Audit(seq)
		if err != nil {
			return nil, err
		}
		if e.Time >= from && e.Time <= until {
			out = append(out, e)
		}
	}
	return out, nil
}

// filed lists the numbers under one heading that are below before, the highest first, at most so many.
func (v *Vault) filed(h [16]byte, before uint64, most int) (out []uint64, err error) {
	it, err := v.db.NewIter(&pebble.IterOptions{LowerBound: keyHashed(prefixFiled, h), UpperBound: keyFiled(h, before)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pebblekv.Classify(it.Close())) }()
	for ok := it.Last(); ok && len(out) < most; ok = it.Prev() {
		if len(it.Key()) != 25 {
			return nil, unreadable(it.Key())
		}
		out = append(out, binary.BigEndian.Uint64(it.Key()[17:]))
	}
	return out, pebblekv.Classify(it.Error())
}
