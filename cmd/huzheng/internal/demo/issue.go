package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// perRequest is how many certificates one request brings.
const perRequest = 250

// keptPerIssuer is how many certificates of each authority and type are kept to be written out: three authorities a
// province give at least 144.
const keptPerIssuer = 12

// kept is a certificate that the demonstration goes on with.
type kept struct {
	r       *region
	kind    gbt.TypeCode
	id      string
	sdJWT   string
	list    int64
	index   int64
	number  int
	receipt []byte // once it is anchored
}

// lot is a run of records of one type that one authority issues.
type lot struct {
	r         *region
	authority sample.Authority
	kind      gbt.TypeCode
	generator *sample.Generator
	first, n  int
}

// lots divides the certificates among the provinces, their authorities and types.
func (d *Demo) lots() ([]lot, error) {
	var sources []lot
	for _, r := range d.regions {
		for _, a := range r.authorities {
			g, err := sample.New(d.o.Seed, a.Code, a.Name, a.Division)
			if err != nil {
				return nil, err
			}
			for _, kind := range a.Types {
				sources = append(sources, lot{r: r, authority: a, kind: kind, generator: g.On(time.Now())})
			}
		}
	}
	var out []lot
	for i, s := range sources {
		share := d.o.Certificates / len(sources)
		if i < d.o.Certificates%len(sources) {
			share++
		}
		for first := 0; first < share; first += perRequest {
			l := s
			l.first, l.n = first, min(perRequest, share-first)
			out = append(out, l)
		}
	}
	return out, nil
}

// issueAll issues the certificates in bulk, and first of all the one that is to run out of time.
func (d *Demo) issueAll(ctx context.Context) error {
	if err := d.issueShortLived(ctx); err != nil {
		return err
	}
	lots, err := d.lots()
	if err != nil {
		return err
	}
	var done atomic.Int64
	var mu sync.Mutex
	group, together := errgroup.WithContext(ctx)
	group.SetLimit(workers())
	for _, l := range lots {
		group.Go(func() error {
			issued, last, err := d.issueLot(together, l)
			if err != nil {
				return err
			}
			d.progress("签发 issue", int(done.Add(int64(l.n))), d.o.Certificates)
			mu.Lock()
			d.kept = append(d.kept, issued...)
			d.await(l.r, last)
			mu.Unlock()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	d.report.Counts.Certificates = d.o.Certificates
	return d.issueToPeople(ctx)
}

// issueLot issues a lot in one request and keeps the first ones. last is the id of the last one.
func (d *Demo) issueLot(ctx context.Context, l lot) (out []*kept, last string, err error) {
	requests := make([]client.NewCertificate, l.n)
	for i := range requests {
		record, err := l.generator.Record(l.kind, l.first+i)
		if err != nil {
			return nil, "", err
		}
		if requests[i], err = newCertificate(record, l.authority.Code); err != nil {
			return nil, "", err
		}
	}
	key := d.key(fmt.Sprintf("%s-%s-%08d", l.authority.Code, l.kind, l.first))
	answers, err := l.r.issue(ctx, key, requests)
	if err != nil {
		return nil, "", err
	}
	for i := 0; i < len(answers) && l.first+i < keptPerIssuer; i++ {
		out = append(out, keep(l.r, l.kind, l.first+i, &answers[i]))
	}
	return out, answers[len(answers)-1].ID, nil
}

func keep(r *region, kind gbt.TypeCode, number int, c *client.IssuedCertificate) *kept {
	return &kept{r: r, kind: kind, id: c.ID, sdJWT: c.SdJWT, list: c.StatusList, index: c.StatusIndex, number: number}
}

// china is the zone that a certificate's dates are meant in.
var china = time.FixedZone("UTC+8", 8*60*60)

// newCertificate makes a request of a record, with the period that its dates say.
func newCertificate(record sample.Record, authority gbt.USCC) (client.NewCertificate, error) {
	values := record.Values()
	fields, err := json.Marshal(values)
	if err != nil {
		return client.NewCertificate{}, err
	}
	from, err := time.ParseInLocation(time.DateOnly, values[gbt.FieldEffectiveDate], china)
	if err != nil {
		return client.NewCertificate{}, err
	}
	until, err := time.ParseInLocation(time.DateOnly, values[gbt.FieldExpiringDate], china)
	if err != nil {
		return client.NewCertificate{}, err
	}
	return client.NewCertificate{Authority: string(authority), Type: string(record.Type.Code), TypeVersion: int32(record.Type.Version), //nolint:gosec // 1
		Fields: fields, ValidFrom: from.Unix(), ValidUntil: until.AddDate(0, 0, 1).Unix()}, nil
}

func (r *region) issue(ctx context.Context, key string, requests []client.NewCertificate) ([]client.IssuedCertificate, error) {
	res, err := r.api.IssueCertificatesWithResponse(ctx, &client.IssueCertificatesParams{IdempotencyKey: key},
		client.IssueRequest{Certificates: requests})
	if err != nil {
		return nil, err
	}
	if res.JSON201 == nil || len(res.JSON201.Certificates) != len(requests) {
		return nil, fmt.Errorf("region %s issues: %w", r.code, refused(res.ApplicationProblemJSONDefault, res.Body))
	}
	return res.JSON201.Certificates, nil
}

// issueOne issues one certificate of a type that the region's authorities issue; change alters the request.
func (d *Demo) issueOne(ctx context.Context, r *region, kind gbt.TypeCode, number int, change func(*client.NewCertificate)) (*kept, error) {
	authority, err := r.authorityFor(kind)
	if err != nil {
		return nil, err
	}
	g, err := sample.New(d.o.Seed, authority.Code, authority.Name, authority.Division)
	if err != nil {
		return nil, err
	}
	record, err := g.On(time.Now()).Record(kind, number)
	if err != nil {
		return nil, err
	}
	request, err := newCertificate(record, authority.Code)
	if err != nil {
		return nil, err
	}
	change(&request)
	answers, err := r.issue(ctx, d.key(fmt.Sprintf("one-%s-%08d", kind, number)), []client.NewCertificate{request})
	if err != nil {
		return nil, err
	}
	d.report.Counts.Certificates++
	d.await(r, answers[0].ID)
	return keep(r, kind, number, &answers[0]), nil
}

func (r *region) authorityFor(kind gbt.TypeCode) (sample.Authority, error) {
	for _, a := range r.authorities {
		for _, t := range a.Types {
			if t == kind {
				return a, nil
			}
		}
	}
	return sample.Authority{}, fmt.Errorf("no authority of %s issues %s", r.code, kind)
}

// fetchReceipt gets a certificate's inclusion receipt once it is anchored.
func (k *kept) fetchReceipt(ctx context.Context) error {
	res, err := k.r.api.GetCertificateReceiptWithResponse(ctx, k.id)
	if err != nil {
		return err
	}
	if res.StatusCode() != 200 {
		return refused(res.ApplicationProblemJSONDefault, res.Body)
	}
	k.receipt = res.Body
	return nil
}
