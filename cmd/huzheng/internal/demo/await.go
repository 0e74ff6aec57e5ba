package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
)

// Bounds of waiting. A network answers within seconds; what takes longer than patience is an error that says what it was.
const (
	firstLook = 5 * time.Millisecond
	slowLook  = 100 * time.Millisecond
	patience  = 3 * time.Minute
)

// until asks again and again, for as long as patience lasts.
func until(ctx context.Context, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for pause := firstLook; ; pause = min(2*pause, slowLook) {
		ok, err := done(ctx)
		if ok || err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, ctx.Err())
		}
	}
}

// awaited is something that a gateway has recorded and that is to be on the ledger: a certificate by its id, or whatever
// look asks for.
type awaited struct {
	r    *region
	look func(ctx context.Context) (receipt []byte, err error) // NOT_ANCHORED_YET until there is one
}

// await notes that a certificate is to be anchored.
func (d *Demo) await(r *region, id string) {
	d.open = append(d.open, awaited{r, func(ctx context.Context) ([]byte, error) {
		res, err := r.api.GetCertificateReceiptWithResponse(ctx, id)
		if err != nil {
			return nil, err
		}
		return receiptOf(res.StatusCode(), res.ApplicationProblemJSONDefault, res.Body)
	}})
}

func receiptOf(status int, p *client.Problem, body []byte) ([]byte, error) {
	if status != http.StatusOK {
		return nil, refused(p, body)
	}
	return body, nil
}

// anchored waits for the receipt and notes the block that it leads to.
func (d *Demo) anchored(ctx context.Context, a awaited) (receipt []byte, err error) {
	err = until(ctx, "what region "+a.r.code+" recorded is anchored", func(ctx context.Context) (bool, error) {
		if receipt, err = a.look(ctx); attest.CodeOf(err) == attest.CodeNotAnchoredYet {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, err
	}
	return receipt, d.reach(ctx, a.r, receipt)
}

// reach has later waiting include the block of a receipt's batch.
func (d *Demo) reach(ctx context.Context, r *region, receipt []byte) error {
	var in struct{ Batch string }
	if err := json.Unmarshal(receipt, &in); err != nil {
		return err
	}
	if d.seen[in.Batch] {
		return nil
	}
	var batch *client.Batch
	// A receipt may be there a moment before the block is in the gateway's replica.
	err := until(ctx, "region "+r.code+" shows a batch of its own", func(ctx context.Context) (bool, error) {
		res, err := r.api.GetBatchWithResponse(ctx, in.Batch)
		if err != nil || res.StatusCode() == http.StatusNotFound {
			return false, err
		}
		if batch = res.JSON200; batch == nil {
			return false, refused(res.ApplicationProblemJSONDefault, res.Body)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	d.seen[in.Batch] = true
	d.reached = max(d.reached, batch.Block)
	d.o.Suite, d.report.Suite = attest.Suite(batch.Suite), attest.Suite(batch.Suite)
	return nil
}

// anchorAll waits until everything that is awaited is anchored and every province may rest a verdict on it.
func (d *Demo) anchorAll(ctx context.Context) error {
	for i, r := range d.regions {
		if r.flush == nil {
			continue
		}
		if err := r.flush(ctx); err != nil {
			return fmt.Errorf("region %s anchors: %w", r.code, err)
		}
		d.progress("上链 anchor", i+1, len(d.regions))
	}
	for i, a := range d.open {
		if _, err := d.anchored(ctx, a); err != nil {
			return err
		}
		if d.regions[0].flush == nil {
			d.progress("上链 anchor", i+1, len(d.open))
		}
	}
	d.open = nil
	return d.agreed(ctx)
}

// agreed waits until f+1 regions agree, at every gateway, on a height not below all that was reached.
func (d *Demo) agreed(ctx context.Context) error {
	for _, r := range d.regions {
		err := until(ctx, "the regions agree at "+r.code, func(ctx context.Context) (bool, error) {
			l, err := r.ledger(ctx)
			if err != nil {
				return false, err
			}
			if l.Witness.Frozen {
				return false, fmt.Errorf("region %s: another region's statement contradicts its replica", r.code)
			}
			enough := len(l.Witness.Agreeing) > (int(l.Witness.Regions)-1)/3
			return enough && l.Height >= d.reached && l.Witness.AgreedHeight >= d.reached, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// caughtUp waits until every gateway has applied what one of them has.
func (d *Demo) caughtUp(ctx context.Context) error {
	var height int64
	for _, r := range d.regions {
		l, err := r.ledger(ctx)
		if err != nil {
			return err
		}
		height = max(height, l.Height)
	}
	for _, r := range d.regions {
		err := until(ctx, "region "+r.code+" has applied the ledger", func(ctx context.Context) (bool, error) {
			l, err := r.ledger(ctx)
			return err == nil && l.Height >= height, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *region) ledger(ctx context.Context) (*client.Ledger, error) {
	res, err := r.api.GetLedgerWithResponse(ctx)
	if err != nil {
		return nil, err
	}
	if res.JSON200 == nil {
		return nil, refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	return res.JSON200, nil
}
