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

// FindAudit finds the verifications of some credentials of a time, newest first, at most limit of them and one more, so that
// the caller knows that there are more. A case number narrows it; empty: any. From before on nothing is given; zero: all.
// Days over MaxAuditDays before the end are not searched without a case number.
func (v *Vault) FindAudit(credentials []string, number string, from, until int64, before uint64, limit int) ([]*custody.AuditEntry, error) {
	numbers, err := v.filedAudits(credentials, number, from, until, before, limit)
	if err != nil {
		return nil, err
	}
	return readWithin(numbers, v.Audit, func(e *custody.AuditEntry) bool { return e.Time >= from && e.Time <= until }, limit)
}

func (v *Vault) filedAudits(credentials []string, number string, from, until int64, before uint64, limit int) ([]uint64, error) {
	if number == "" {
		return v.filedOfDays(credentials, v.auditDay, from, until, before, limit)
	}
	var found []uint64
	for _, c := range credentials {
		list, err := v.filed(v.auditCase(c, number), before, limit+1)
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	return newestFirst(found), nil
}

// filedOfDays lists the numbers under the headings of some names and days, newest first: at least the newest limit+1.
func (v *Vault) filedOfDays(names []string, heading func(string, int64) [16]byte, from, until int64, before uint64, limit int) ([]uint64, error) {
	var found []uint64
	for _, name := range names {
		first, last := dayOf(from), dayOf(until)
		have := len(found)
		for day := last; day >= max(first, last-MaxAuditDays) && len(found)-have <= limit; day-- {
			list, err := v.filed(heading(name, day), before, limit+1)
			if err != nil {
				return nil, err
			}
			found = append(found, list...)
		}
	}
	return newestFirst(found), nil
}

func newestFirst(numbers []uint64) []uint64 {
	slices.Sort(numbers)
	slices.Reverse(numbers)
	return numbers
}

// readWithin reads records in turn until there are limit and one more that fit.
func readWithin[R any](numbers []uint64, read func(uint64) (R, error), fits func(R) bool, limit int) ([]R, error) {
	var out []R
	for _, seq := range numbers {
		if len(out) > limit {
			break
		}
		r, err := read(seq)
		if err != nil {
			return nil, err
		}
		if fits(r) {
			out = append(out, r)
		}
	}
	return out, nil
}

// filed lists the numbers under one heading that are below before (zero: all), the highest first, at most so many.
func (v *Vault) filed(h [16]byte, before uint64, most int) (out []uint64, err error) {
	if before == 0 {
		before = ^uint64(0)
	}
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
