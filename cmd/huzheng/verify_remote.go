package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/huzheng-ledger/huzheng/api/client"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/internal/offline"
)

// remoteJudge asks a gateway.
type remoteJudge struct {
	api *client.ClientWithResponses
	f   *verifyFlags
}

func (j *remoteJudge) close() error { return nil }

func (j *remoteJudge) trust() *trustReport { return &trustReport{Gateway: j.f.remote.url} }

func (j *remoteJudge) judge(ctx context.Context, i *item) (*verdictReport, error) {
	switch i.kind {
	case offline.KindCertificate:
		return j.certificate(ctx, i)
	case offline.KindRow:
		return j.row(ctx, i)
	case offline.KindVerification:
		return nil, usagef("核验回执须离线核对（--snapshot）· a verification receipt is checked offline, with --snapshot")
	}
	return j.document(ctx, i)
}

func (j *remoteJudge) certificate(ctx context.Context, i *item) (*verdictReport, error) {
	r := i.expects(j.f.request)
	request := client.VerificationRequest{Presentation: strings.TrimSpace(string(i.data)), UseCause: r.UseCause,
		Scenario: r.Scenario, Audience: r.Audience, Nonce: r.Nonce}
	if json.Valid(i.receipt) {
		request.Receipt = i.receipt
	}
	res, err := j.api.VerifyWithResponse(ctx, request)
	if err != nil {
		return nil, answer(err, nil, nil, nil)
	}
	if err := answer(nil, res.HTTPResponse, res.ApplicationProblemJSONDefault, res.Body); err != nil {
		return nil, err
	}
	v := res.JSON200
	out := checksReport(attest.Result(v.Result), v.Code, v.Reason, v.Checks, v.Height)
	out.Claims, out.Receipt = v.Claims, v.Receipt
	if c := v.Certificate; c.Commitment != "" {
		out.Certificate = &certificateReport{Commitment: c.Commitment, Authority: c.Authority, Region: c.Region, Type: c.Type,
			TypeVersion: int(c.TypeVersion)}
	}
	if v.Agreement.ID != "" {
		out.Agreement = &agreementReport{v.Agreement.ID, int(v.Agreement.Version)}
	}
	return out, nil
}

func (j *remoteJudge) row(ctx context.Context, i *item) (*verdictReport, error) {
	res, err := j.api.CheckRowWithBodyWithResponse(ctx, "application/json", strings.NewReader(string(i.data)))
	if err != nil {
		return nil, answer(err, nil, nil, nil)
	}
	if err := answer(nil, res.HTTPResponse, res.ApplicationProblemJSONDefault, res.Body); err != nil {
		return nil, err
	}
	return checkResult(res.JSON200), nil
}

// document sends the digest by the suite that the receipt names, and not the file.
func (j *remoteJudge) document(ctx context.Context, i *item) (*verdictReport, error) {
	receipt, err := merkle.ParseReceipt(i.receipt)
	if err != nil {
		return nil, err
	}
	sum, err := i.digest(receipt.Suite)
	if err != nil {
		return nil, err
	}
	res, err := j.api.CheckDocumentWithResponse(ctx, client.DocumentCheck{
		Digest: base64.RawURLEncoding.EncodeToString(sum[:]), Salt: i.salt, Receipt: i.receipt})
	if err != nil {
		return nil, answer(err, nil, nil, nil)
	}
	if err := answer(nil, res.HTTPResponse, res.ApplicationProblemJSONDefault, res.Body); err != nil {
		return nil, err
	}
	return checkResult(res.JSON200), nil
}

func checkResult(r *client.CheckResult) *verdictReport {
	return checksReport(attest.Result(r.Result), r.Code, r.Reason, r.Checks, r.Height)
}

func checksReport(result attest.Result, code string, reason client.Reason, checks []client.Check, height int64) *verdictReport {
	out := &verdictReport{Result: result, Code: attest.Code(code), Reason: reasonReport{reason.Zh, reason.En},
		Height: uint64(max(0, height))}
	for _, c := range checks {
		out.Checks = append(out.Checks, checkReport{Name: attest.CheckName(c.Name), Outcome: attest.Outcome(c.Outcome),
			Code: attest.Code(c.Code), Evidence: c.Detail, Zh: c.Zh, En: c.En})
	}
	return out
}
