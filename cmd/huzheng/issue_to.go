package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/importer"
	"github.com/huzheng-ledger/huzheng/internal/notary"
)

func (a *app) openIssuer(ctx context.Context, f *issueFlags) (issuer, error) {
	if f.remote.url != "" {
		api, err := f.remote.open(a.getenv)
		return &remoteIssuer{api: api, f: f}, err
	}
	l, err := a.openLocal(ctx, &f.store)
	if err != nil {
		return nil, err
	}
	return &localIssuer{l: l, f: f}, nil
}

// remoteIssuer issues through a gateway's API.
type remoteIssuer struct {
	api *client.ClientWithResponses
	f   *issueFlags
}

func (r *remoteIssuer) close() error { return nil }

func (r *remoteIssuer) settle(context.Context) error { return nil }

// identity asks the gateway itself: its address may change, its network and region do not. An operation is named by the API
// with the route and the credential, so that over the API and on the folder one chunk is two operations.
func (r *remoteIssuer) identity(ctx context.Context) (network, gateway string, err error) {
	res, err := r.api.GetLedgerWithResponse(ctx)
	if err != nil {
		return "", "", answer(err, nil, nil, nil)
	}
	if err := answer(nil, res.HTTPResponse, res.ApplicationProblemJSONDefault, res.Body); err != nil {
		return "", "", err
	}
	return res.JSON200.Network, res.JSON200.Region + " --api", nil
}

func (r *remoteIssuer) schema(ctx context.Context, kind string, version int) ([]byte, error) {
	res, err := r.api.ListTypesWithResponse(ctx)
	if err != nil {
		return nil, answer(err, nil, nil, nil)
	}
	if err := answer(nil, res.HTTPResponse, res.ApplicationProblemJSONDefault, res.Body); err != nil {
		return nil, err
	}
	for _, t := range res.JSON200.Types {
		if t.Code == kind && int(t.Version) == version {
			return t.Schema, nil
		}
	}
	return nil, typeUnknown()
}

func typeUnknown() error {
	return attest.Errorf(attest.CodeTypeUnknown, "the certificate type is not registered on the ledger in this version")
}

func (r *remoteIssuer) issue(ctx context.Context, operation string, rows []*importer.Row) ([]importer.Issued, []rowFault, error) {
	request := client.IssueRequest{Certificates: make([]client.NewCertificate, len(rows))}
	for i, row := range rows {
		request.Certificates[i] = client.NewCertificate{Authority: r.f.authority, Type: r.f.kind, TypeVersion: int32(r.f.version), //nolint:gosec // validated: small
			Fields: row.Fields, ValidFrom: row.From, ValidUntil: row.Until}
	}
	res, err := r.api.IssueCertificatesWithResponse(ctx, &client.IssueCertificatesParams{IdempotencyKey: operation}, request)
	if err != nil {
		return nil, nil, answer(err, nil, nil, nil)
	}
	if p := res.ApplicationProblemJSONDefault; p != nil && res.StatusCode() != http.StatusConflict {
		if faults := faultsOf(p, len(rows)); len(faults) > 0 {
			return nil, faults, nil
		}
	}
	if err := answer(nil, res.HTTPResponse, res.ApplicationProblemJSONDefault, res.Body); err != nil {
		return nil, nil, err
	}
	if len(res.JSON201.Certificates) != len(rows) {
		return nil, nil, attest.Errorf(attest.CodeInternal, "the gateway answered with %d certificates for %d rows", len(res.JSON201.Certificates), len(rows))
	}
	issued := make([]importer.Issued, len(rows))
	for i, c := range res.JSON201.Certificates {
		issued[i] = importer.Issued{Line: rows[i].Line, ID: c.ID, StatusList: c.StatusList, StatusIndex: c.StatusIndex}
	}
	return issued, nil, nil
}

// faultsOf reads which certificates a problem is about: pointers /certificates/<n>[/fields/<name>].
func faultsOf(p *client.Problem, rows int) (faults []rowFault) {
	for _, e := range p.Errors {
		rest, ok := strings.CutPrefix(e.Pointer, "/certificates/")
		number, place, _ := strings.Cut(rest, "/")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 0 || n >= rows {
			return nil // it is about the request as a whole
		}
		field, _ := strings.CutPrefix(place, "fields/")
		faults = append(faults, rowFault{n, fieldTitle(field), attest.Code(e.Code)})
	}
	return faults
}

// localIssuer issues with the notary of a data folder that is open in this process.
type localIssuer struct {
	l *local
	f *issueFlags
}

func (r *localIssuer) close() error { return r.l.close() }

// settle waits for the ledger: nothing would anchor what is left once this process ends.
func (r *localIssuer) settle(ctx context.Context) error { return r.l.Notary().Flush(ctx) }

func (r *localIssuer) identity(context.Context) (network, gateway string, err error) {
	c, err := r.l.Index().Consortium()
	if err != nil {
		return "", "", err
	}
	return c.Network, r.l.Region() + " --data", nil
}

func (r *localIssuer) schema(_ context.Context, kind string, version int) ([]byte, error) {
	t, err := r.l.Index().Type(kind, version)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, typeUnknown()
	}
	return t.Schema, nil
}

func (r *localIssuer) issue(ctx context.Context, operation string, rows []*importer.Row) ([]importer.Issued, []rowFault, error) {
	requests := make([]notary.IssueRequest, len(rows))
	for i, row := range rows {
		v, err := attest.ParseJSON(row.Fields, attest.DefaultLimits())
		if err != nil {
			return nil, nil, err
		}
		requests[i] = notary.IssueRequest{Authority: r.f.authority, Type: r.f.kind, Version: r.f.version, NotBefore: row.From,
			Expires: row.Until}
		for _, m := range v.Members() {
			requests[i].Fields = append(requests[i].Fields, attest.Field{Name: m.Name, Value: m.Value.Raw()})
		}
	}
	answers, err := r.l.Notary().Issue(ctx, operation, requests)
	var refused notary.RequestErrors
	if errors.As(err, &refused) {
		faults := make([]rowFault, len(refused))
		for i, e := range refused {
			faults[i] = rowFault{e.Index, fieldTitle(e.Field), attest.CodeOf(e.Err)}
		}
		return nil, faults, nil
	}
	if err != nil {
		return nil, nil, err
	}
	issued := make([]importer.Issued, len(rows))
	for i, c := range answers {
		issued[i] = importer.Issued{Line: rows[i].Line, ID: c.ID, StatusList: int64(c.Status.List), StatusIndex: int64(c.Status.Index)}
	}
	return issued, nil, nil
}
