package vault

import (
	"context"
	"errors"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// The outbox holds the numbers of audit records whose receipts are still to be told to the region that issued what they are
// about: a queue a region, so that one that cannot be reached holds no other one up.

// errEnough ends a scan early.
var errEnough = errors.New("enough")

// toReport puts a record into a region's outbox, with the commitment that its receipt is about.
func (t *tx) toReport(region string, seq uint64, about [32]byte) {
	t.setStore(keyAt(prefixReport, custody.Place{Queue: t.number(nameRegion + region), Seq: seq}), about[:])
}

// ReportRegions names the regions that have ever had something in the outbox.
func (v *Vault) ReportRegions() (regions []string) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, name := range v.byNumber {
		if region, ok := strings.CutPrefix(name, nameRegion); ok {
			regions = append(regions, region)
		}
	}
	return regions
}

// Reports gives what is still to be told to a region, the oldest first: at most limit, from a number on. Who knows that
// everything before a number has been reported names it, and what was deleted there is not passed over again.
func (v *Vault) Reports(region string, from uint64, limit int) (reports []custody.Report, err error) {
	queue, known := v.nameNumber(nameRegion + region)
	if !known {
		return nil, nil
	}
	first, all := keyAt(prefixReport, custody.Place{Queue: queue, Seq: from}), keyAt(prefixReport, custody.Place{Queue: queue})
	err = v.scanBetween(first, prefixEnd(all[:5]), func(key, value []byte) error {
		if len(reports) >= limit {
			return errEnough
		}
		report, err := v.report(key, value)
		reports = append(reports, report)
		return err
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return reports, err
}

// report reads an entry of the outbox, and the receipt that it is about.
func (v *Vault) report(key, value []byte) (custody.Report, error) {
	p, ok := placeOf(key)
	about, err := v.open(key, value)
	if err != nil {
		return custody.Report{}, err
	}
	if !ok || len(about) != 32 {
		return custody.Report{}, unreadable(key)
	}
	e, err := v.Audit(p.Seq)
	if err != nil {
		return custody.Report{}, err
	}
	return custody.Report{Seq: p.Seq, About: [32]byte(about), JWS: e.JWS}, nil
}

// Reported forgets that receipts are to be told to a region.
func (v *Vault) Reported(ctx context.Context, region string, seqs ...uint64) error {
	queue, known := v.nameNumber(nameRegion + region)
	if !known {
		return attest.Errorf(attest.CodeRecordMissing, "nothing was to be reported to region %s", region)
	}
	return v.do(ctx, func(t *tx) error {
		for _, seq := range seqs {
			t.delete(keyAt(prefixReport, custody.Place{Queue: queue, Seq: seq}))
		}
		return nil
	})
}
