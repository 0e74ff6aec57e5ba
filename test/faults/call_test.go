package faults_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/huzheng-ledger/huzheng/api"
)

// callTime bounds one request: a gateway answers within 30 s.
const callTime = 45 * time.Second

// address is where a gateway is called, and with which key.
type address struct{ url, token string }

// statusError is an answer that is not the one wanted.
type statusError struct {
	status int
	body   string
}

func (e *statusError) Error() string { return fmt.Sprintf("%d: %s", e.status, e.body) }

// call sends a request and decodes the answer, from any goroutine. An error is one that a caller may get over by trying again,
// unless it is a statusError below 500.
func (a address) call(ctx context.Context, path, key string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+a.token)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return &statusError{response.StatusCode, string(text)}
	}
	return json.Unmarshal(text, answer)
}

// issue asks once for a certificate, until it is anchored.
func (a address) issue(ctx context.Context, key string, c api.NewCertificate) (api.IssuedCertificate, error) {
	var out api.IssueResponse
	err := a.call(ctx, "/v1/certificates?wait=anchored", key, api.IssueRequest{Certificates: []api.NewCertificate{c}}, &out)
	if err != nil {
		return api.IssuedCertificate{}, err
	}
	if len(out.Certificates) != 1 || out.Certificates[0].State != api.StateAnchored {
		return api.IssuedCertificate{}, fmt.Errorf("not anchored yet: %+v", out)
	}
	return out.Certificates[0], nil
}

// revoke asks once for a revocation.
func (a address) revoke(ctx context.Context, key, authority, id string) error {
	var out api.Recorded
	return a.call(ctx, "/v1/status", key, api.StatusRequest{Authority: authority,
		Entries: []api.StatusEntry{{Certificate: id, State: "revoked", Reason: "04"}}}, &out)
}

// verify asks for a verdict.
func (a address) verify(ctx context.Context, request api.VerificationRequest) (v api.Verification, err error) {
	return v, a.call(ctx, "/v1/verifications", "", request, &v)
}
