package bench

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/notary"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// perCall is how many certificates one call of the notary brings.
const perCall = 500

// requests makes n requests of twelve fields, from number first on.
func (w *world) requests(first, n int) ([]notary.IssueRequest, error) {
	g, err := sample.New(1, w.authority.Code, w.authority.Name, w.authority.Division)
	if err != nil {
		return nil, err
	}
	g = g.On(time.Now())
	out := make([]notary.IssueRequest, n)
	for i := range out {
		record, err := g.Record(sample.TypeConstructor, first+i)
		if err != nil {
			return nil, err
		}
		id, err := gbt.NewIdentifier(typeCode, w.authority.Code, fmt.Sprintf("%011d", first+i), 1)
		if err != nil {
			return nil, err
		}
		record = record.With(gbt.FieldTypeCode, typeCode).With(gbt.FieldIdentifier, id.Text())
		out[i] = notary.IssueRequest{Authority: string(w.authority.Code), Type: typeCode, Version: 1}
		for _, name := range fieldNames() {
			value, err := json.Marshal(record.Get(name))
			if err != nil {
				return nil, err
			}
			out[i].Fields = append(out[i].Fields, attest.Field{Name: name, Value: value})
		}
	}
	return out, nil
}

// issue measures certificates from the request to the ledger: checked, signed, committed, stored, anchored. It returns the
// first ones.
func (w *world) issue(ctx context.Context, n int) (*Row, []notary.Issued, error) {
	requests, err := w.requests(0, n)
	if err != nil {
		return nil, nil, err
	}
	calls := (n + perCall - 1) / perCall
	answers := make([][]notary.Issued, calls)
	start := time.Now()
	var group errgroup.Group
	group.SetLimit(workers())
	for c := range calls {
		group.Go(func() error {
			var err error
			answers[c], err = w.issuer.Notary().Issue(ctx, fmt.Sprintf("bench-issue-%08d", c), requests[c*perCall:min(n, (c+1)*perCall)])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	if err := w.issuer.Notary().Flush(ctx); err != nil {
		return nil, nil, err
	}
	row := &Row{Name: "issue", Zh: "签发并上链（12 个字段）", En: "sign, commit, store and anchor a certificate of 12 fields", Unit: "/s",
		Promise: 8000, Reached: perSecond(n, time.Since(start)), Note: fmt.Sprintf("%d certificates, %d a call", n, perCall)}
	return row, answers[0], nil
}

// perEnqueue is how many ready commitments are handed over at once.
const perEnqueue = 16384

// anchor measures ready commitments until they are on the ledger.
func (w *world) anchor(ctx context.Context, n int) (*Row, error) {
	leaves := make([][32]byte, n)
	for i := range leaves {
		_, _ = rand.Read(leaves[i][:]) // never fails
	}
	queue := custody.Queue{Key: registry.KeyID(string(w.authority.Code), "1"), Kind: attest.KindDocument, Suite: w.suite}
	start := time.Now()
	for at := 0; at < n; at += perEnqueue {
		if _, err := w.issuer.Vault().Enqueue(ctx, queue, leaves[at:min(n, at+perEnqueue)]); err != nil {
			return nil, err
		}
	}
	if err := w.issuer.Notary().Flush(ctx); err != nil {
		return nil, err
	}
	return &Row{Name: "anchor", Zh: "就绪承诺上链", En: "anchor ready commitments, end to end", Unit: "/s", Promise: 200_000,
		Reached: perSecond(n, time.Since(start)), Note: fmt.Sprintf("%d commitments", n)}, nil
}

// chain measures the bytes on chain of the full batches that are there: commands as ordered, by the leaves they anchor.
func (w *world) chain(ctx context.Context) (*Row, error) {
	next, err := w.c.Ledger.Head(ctx)
	if err != nil {
		return nil, err
	}
	bytes, leaves, batches := 0, 0, 0
	done := fmt.Errorf("all blocks were read")
	err = w.c.Ledger.Blocks(ctx, 0, func(b registry.Block) error {
		for _, t := range b.Transactions {
			signed, err := registry.Parse(t.Command)
			if err != nil {
				return err
			}
			if a, ok := signed.Command.(*registry.Anchor); ok && a.Size == notary.DefaultBatchSize {
				bytes, leaves, batches = bytes+len(t.Command)+len(t.ID)+len(t.Submitter), leaves+notary.DefaultBatchSize, batches+1
			}
		}
		if b.Number+1 == next {
			return done
		}
		return nil
	})
	if err != done { //nolint:errorlint // this very value ends the reading
		return nil, err
	}
	if leaves == 0 {
		return nil, fmt.Errorf("no batch was full: nothing to measure")
	}
	return &Row{Name: "chain_bytes", Zh: "每份证照的链上字节（每批 4096）", En: "on-chain bytes a certificate at 4,096 a batch", Unit: "B", Promise: 1,
		AtMost: true, Reached: float64(bytes) / float64(leaves), Note: fmt.Sprintf("%d full batches", batches)}, nil
}

// fields4 are the four fields that a presentation discloses.
func fields4() []string {
	return []string{gbt.FieldHolderName, gbt.FieldHolderCode, gbt.FieldNumber, gbt.FieldEffectiveDate}
}

// presented is a presentation of four fields with its receipt.
type presented struct {
	text    []byte
	bound   []byte // with key binding
	receipt []byte
}

const nonce = "bench-nonce"

// present makes presentations of certificates, each with and without key binding.
func (w *world) present(ctx context.Context, issued []notary.Issued) ([]presented, error) {
	out := make([]presented, len(issued))
	for i := range issued {
		p, err := attest.ParseSDJWT(issued[i].SDJWT, attest.DefaultLimits())
		if err != nil {
			return nil, err
		}
		if out[i].text, err = p.Present(fields4()...); err != nil {
			return nil, err
		}
		if out[i].bound, err = w.issuer.Notary().Present(ctx, issued[i].ID, fields4(), audience(), nonce); err != nil {
			return nil, err
		}
		receipt, err := w.issuer.Notary().Receipt(issued[i].Commitment)
		if err != nil {
			return nil, err
		}
		out[i].receipt = receipt.JSON()
	}
	return out, nil
}

func audience() string { return strings.Join([]string{"https://gw", relyingRegion, "example"}, ".") }
