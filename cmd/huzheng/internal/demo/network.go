package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/cmd/huzheng/internal/access"
)

// meet takes the gateways of a network that runs: those of which its folder holds the access, in the order of Regions and
// then of their codes. The first two have parts of their own in the story; four is what it needs.
func (d *Demo) meet(ctx context.Context) error {
	files, err := filepath.Glob(filepath.Join(d.o.Network, "regions", "*", "gateway", "access.json"))
	if err != nil {
		return err
	}
	found := map[string]*region{}
	for _, name := range files {
		r, err := visit(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		found[r.code] = r
	}
	for _, code := range Regions() {
		r := found[code]
		if r == nil {
			return fmt.Errorf("there is no regions/%s/gateway/access.json below %s: are the gateways up?", code, d.o.Network)
		}
		d.regions = append(d.regions, r)
	}
	return d.greet(ctx)
}

// visit makes the client of one gateway.
func visit(file string) (*region, error) {
	data, err := os.ReadFile(file) //nolint:gosec // in the folder that the operator names
	if err != nil {
		return nil, err
	}
	r := &region{}
	if err := json.Unmarshal(data, &r.access); err != nil {
		return nil, err
	}
	r.code, r.name = r.access.Region, r.access.Name
	r.api, err = access.New(r.access.URL, r.access.Key, patient{&http.Client{Timeout: time.Minute,
		Transport: &http.Transport{MaxIdleConnsPerHost: 2 * workers(), MaxConnsPerHost: 2 * workers()}}})
	return r, err
}

// greet waits until every gateway is ready and notes where the ledger is.
func (d *Demo) greet(ctx context.Context) error {
	for i, r := range d.regions {
		if err := r.ready(ctx); err != nil {
			return err
		}
		l, err := r.ledger(ctx)
		if err != nil {
			return err
		}
		if l.Region != r.code {
			return fmt.Errorf("the gateway at %s is of region %s, not %s", r.access.URL, l.Region, r.code)
		}
		if i == 0 {
			d.report.Network, d.began = l.Network, counted{blocks: l.Height + 1, batches: l.Batches}
		}
		d.progress("网关 gateways", i+1, len(d.regions))
	}
	return nil
}

// ready waits until a gateway is; the error says what it gave as its reasons last.
func (r *region) ready(ctx context.Context) error {
	var why []client.HealthReason
	err := until(ctx, "the gateway of "+r.code+" is ready", func(ctx context.Context) (bool, error) {
		res, err := r.api.ReadyzWithResponse(ctx)
		if err != nil {
			return false, err
		}
		if res.JSON503 != nil {
			why = res.JSON503.Reasons
		}
		return res.JSON200 != nil && res.JSON200.OK, nil
	})
	if err != nil {
		return fmt.Errorf("%w: %+v", err, why)
	}
	return nil
}

// patient comes back when a gateway says when to, as a client that others share a gateway with does; and for a while when
// nobody answers, where asking twice is asking once.
type patient struct{ next *http.Client }

// absence is how long a gateway may be away: it is restarted within that time, or it is down.
const absence = 30 * time.Second

// Do implements client.HttpRequestDoer.
func (p patient) Do(r *http.Request) (*http.Response, error) {
	for began := time.Now(); ; {
		res, err := p.next.Do(r) //nolint:gosec // to the gateways that the operator names
		pause := 200 * time.Millisecond
		switch {
		case err != nil && (!repeatable(r) || r.Context().Err() != nil || time.Since(began) > absence):
			return nil, err
		case err == nil && res.StatusCode != http.StatusTooManyRequests:
			return res, nil
		case err == nil:
			seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
			pause = time.Duration(max(seconds, 1)) * time.Second
			_ = res.Body.Close() // nothing of it is read
		}
		if err := again(r, pause); err != nil {
			return nil, err
		}
	}
}

func repeatable(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Header.Get("Idempotency-Key") != ""
}

// again waits and makes the request fit to be sent once more.
func again(r *http.Request, pause time.Duration) (err error) {
	select {
	case <-time.After(pause):
	case <-r.Context().Done():
		return r.Context().Err()
	}
	if r.GetBody != nil {
		r.Body, err = r.GetBody()
	}
	return err
}
