package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/importer"
)

// issuer is a gateway that issues. issue records all rows or none; where rows are refused it says which and why, and has
// recorded nothing. The same operation with the same rows gives the same certificates however often it comes.
type issuer interface {
	// identity says which gateway it is: two that are not alike share no operations, so that what was begun with one is not
	// gone on with at the other.
	identity(ctx context.Context) (network, gateway string, err error)
	schema(ctx context.Context, kind string, version int) ([]byte, error)
	issue(ctx context.Context, operation string, rows []*importer.Row) ([]importer.Issued, []rowFault, error)
	settle(ctx context.Context) error // what was recorded is on its way to the ledger for good
	close() error
}

// rowFault is a row that a gateway refuses.
type rowFault struct {
	index int    // among the rows of the call
	field string // empty: none in particular
	code  attest.Code
}

// Pauses between attempts while a gateway is overloaded or out of reach.
const (
	firstPause  = 200 * time.Millisecond
	longPause   = 5 * time.Second
	maxAttempts = 8
)

// issueRows issues rows, without those that the gateway refuses.
func (r *issueRun) issueRows(ctx context.Context, rows []*importer.Row) ([]importer.Issued, []importer.Refusal, error) {
	var refused []importer.Refusal
	for len(rows) > 0 {
		issued, faults, err := r.patiently(ctx, rows)
		if err != nil || len(faults) == 0 {
			return issued, refused, err
		}
		bad := map[int]bool{}
		for _, f := range faults {
			bad[f.index] = true
			zh, en := attest.Explain(f.code)
			refused = append(refused, importer.Refusal{Line: rows[f.index].Line, Column: f.field, Code: f.code, Zh: zh, En: en})
		}
		var kept []*importer.Row
		for i, row := range rows {
			if !bad[i] {
				kept = append(kept, row)
			}
		}
		rows = kept
	}
	return nil, refused, nil
}

// patiently issues rows, and again after a pause while the gateway cannot: the operation is the same one, so an answer
// that was lost issues nothing twice.
func (r *issueRun) patiently(ctx context.Context, rows []*importer.Row) (issued []importer.Issued, faults []rowFault, err error) {
	operation := r.operation(rows)
	pause := firstPause
	for attempt := 1; ; attempt++ {
		issued, faults, err = r.to.issue(ctx, operation, rows)
		if err == nil || attempt == maxAttempts || exitOf(ctx, err) != exitUnreachable {
			return issued, faults, err
		}
		r.app.notef("网关暂不可用，%s 后重试 · not available, trying again: %s\n", pause, codeOf(err))
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, nil, ctx.Err()
		}
		pause = min(2*pause, longPause)
	}
}

// operation names issuing these rows of this table: 22 characters of base64url, the same in every run.
func (r *issueRun) operation(rows []*importer.Row) string {
	h := sha256.New()
	h.Write([]byte("huzheng/v1/import\x00"))
	h.Write(r.digest[:])
	h.Write([]byte(r.flags.authority + "/" + r.flags.kind + "\x00"))
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(r.flags.version))) //nolint:gosec // validated: positive, small
	for _, row := range rows {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(row.Line))) //nolint:gosec // counted from 1
		sum := sha256.Sum256(row.Fields)
		h.Write(sum[:])
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}
