package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api/client"
)

// An integrator issues and verifies with the generated client.
func TestTheGeneratedClient(t *testing.T) {
	g := newGateway(t)
	server := httptest.NewServer(g.server)
	defer server.Close()
	c, err := client.NewClientWithResponses(server.URL, client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+g.office)
		return nil
	}))
	require.NoError(t, err)

	issued, err := c.IssueCertificatesWithResponse(t.Context(),
		&client.IssueCertificatesParams{IdempotencyKey: "client-0001", Wait: new(client.IssueCertificatesParamsWaitAnchored)},
		client.IssueRequest{Certificates: []client.NewCertificate{{
			Authority: ours, Type: aType, TypeVersion: 1, Fields: []byte(`{"certificateHolderName":"张三"}`),
		}}})
	require.NoError(t, err)
	require.NotNil(t, issued.JSON201, "%s", issued.Body)
	assert.Equal(t, client.StateAnchored, issued.JSON201.Certificates[0].State)

	verdict, err := c.VerifyWithResponse(t.Context(), client.VerificationRequest{
		Presentation: issued.JSON201.Certificates[0].SdJWT, UseCause: "办事", Scenario: "二级建造师执业资格认定",
	})
	require.NoError(t, err)
	require.NotNil(t, verdict.JSON200, "%s", verdict.Body)
	assert.Equal(t, client.ResultValid, verdict.JSON200.Result)

	refused, err := c.VerifyWithResponse(t.Context(), client.VerificationRequest{Presentation: "a~", Scenario: "二级建造师执业资格认定"})
	require.NoError(t, err)
	require.NotNil(t, refused.ApplicationProblemJSONDefault)
	assert.Equal(t, "PURPOSE_MISSING", refused.ApplicationProblemJSONDefault.Code)
}

// Two keys are none: the operation must not depend on which of them is read.
func TestAnIdempotencyKeyIsGivenOnce(t *testing.T) {
	g := newGateway(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/certificates",
		strings.NewReader(`{"certificates":[{"authority":"`+ours+`","type":"`+aType+`","typeVersion":1,"fields":{"a":1}}]}`))
	r.Header["Idempotency-Key"] = []string{"operation-1", "operation-2"}
	r.Header.Set("Authorization", "bearer "+g.office)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	g.server.ServeHTTP(w, r)
	assert.Equal(t, http.StatusBadRequest, w.Code, "%s", w.Body)
	assert.Empty(t, g.region.operations)
	r.Header.Set("Authorization", g.office)
	w = httptest.NewRecorder()
	g.server.ServeHTTP(w, r)
	assert.Equal(t, http.StatusUnauthorized, w.Code, "a key without its scheme is none")
}
