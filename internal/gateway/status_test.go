package gateway_test

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/statuslist"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// judge has a region judge a certificate of home's.
func judge(home *gatewaytest.Region, at *gatewaytest.Region, id string) api.Result {
	return at.Verify(home.Present(id, at, "nonce-status")).Result
}

func TestAStatusHoldsAtOnceAtHomeAndAbroadWithItsBlock(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	certificate, successor := home.Constructor(1), home.Constructor(2)
	id := certificate.ID
	w.Settle()
	require.Equal(t, api.Result("valid"), judge(home, abroad, id))

	follow := func(block uint64) { require.NoError(t, abroad.Gateway.WaitFor(t.Context(), block)) }
	for i, step := range []struct {
		entry api.StatusEntry
		want  api.Result
	}{
		{api.StatusEntry{Certificate: id, State: "suspended", Reason: "02", From: time.Now().Unix() - 20}, "suspended"},
		{api.StatusEntry{Certificate: id, State: "reinstated", Reason: "01", From: time.Now().Unix() - 10}, "valid"},
		{api.StatusEntry{Certificate: id, State: "superseded", Reason: "06", Successor: successor.ID}, "superseded"},
		{api.StatusEntry{Certificate: successor.ID, State: "revoked", Reason: "04"}, "revoked"},
	} {
		block := home.SetStatus("status-step-"+string(rune('a'+i)), step.entry)
		assert.Equal(t, step.want, judge(home, home, step.entry.Certificate), "%s, at home", step.entry.State)
		follow(block)
		assert.Equal(t, step.want, judge(home, abroad, step.entry.Certificate), "%s, abroad", step.entry.State)
	}

	var status api.CertificateStatus
	home.Client.Get("/v1/certificates/" + id + "/status").Require(http.StatusOK).JSON(&status)
	require.Len(t, status.Intervals, 2)
	assert.Equal(t, api.IntervalState("suspended"), status.Intervals[0].State)
	assert.NotZero(t, status.Intervals[0].Until)
	assert.Equal(t, successor.ID, status.Intervals[1].Successor)

	final := api.StatusRequest{Authority: string(home.Authority(sample.TypeConstructor).Code),
		Entries: []api.StatusEntry{{Certificate: successor.ID, State: "reinstated", Reason: "01"}}}
	home.Client.Do(apitest.Request{Path: "/v1/status", Body: final, Key: "status-final"}).Refused(http.StatusConflict, "STATUS_TRANSITION")
	ended, err := statusList(t, home, certificate).Get(int(certificate.StatusIndex))
	require.NoError(t, err)
	assert.Equal(t, statuslist.Invalid, ended)
}

// A request that names no time means the time at which it was first made, so that it can be repeated.
func TestAStatusRequestIsRepeatable(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home := w.Regions[0]
	id := home.Constructor(1).ID
	entry := api.StatusEntry{Certificate: id, State: "revoked", Reason: "04"}
	first, began := home.SetStatus("status-repeated", entry), time.Now()
	// The clock of records counts seconds: one has to pass.
	<-time.After(time.Until(began.Truncate(time.Second).Add(time.Second)))
	assert.Equal(t, first, home.SetStatus("status-repeated", entry))
	entry.Reason = "03"
	home.Client.Do(apitest.Request{Path: "/v1/status", Key: "status-repeated", Body: api.StatusRequest{
		Authority: string(home.Authority(sample.TypeConstructor).Code), Entries: []api.StatusEntry{entry}}}).
		Refused(http.StatusConflict, "OPERATION_CONFLICT")
	var status api.CertificateStatus
	home.Client.Get("/v1/certificates/" + id + "/status").Require(http.StatusOK).JSON(&status)
	assert.Len(t, status.Intervals, 1)
}

// issuerKeys are those that the issuer's metadata gives, by their ids.
func issuerKeys(t *testing.T, home *gatewaytest.Region) map[string]*attest.PublicKey {
	t.Helper()
	var metadata api.IssuerMetadata
	code := string(home.Authority(sample.TypeConstructor).Code)
	home.Client.As("").Get("/.well-known/jwt-vc-issuer/v1/authorities/" + code).Require(http.StatusOK).JSON(&metadata)
	assert.Equal(t, attest.IssuerURL("https://gw."+home.Code+".example", code), metadata.Issuer)
	keys := map[string]*attest.PublicKey{}
	for _, raw := range metadata.JWKS.Keys {
		value, err := attest.ParseJSON(raw, attest.DefaultLimits())
		require.NoError(t, err)
		key, err := attest.ParseJWK(value)
		require.NoError(t, err)
		var named struct {
			KeyID string `json:"kid"`
		}
		require.NoError(t, json.Unmarshal(raw, &named))
		keys[named.KeyID] = key
	}
	return keys
}

// statusList reads the signed list as an outsider would: by the address that the certificate names.
func statusList(t *testing.T, home *gatewaytest.Region, c api.IssuedCertificate) *statuslist.List {
	t.Helper()
	code := string(home.Authority(sample.TypeConstructor).Code)
	answer := home.Client.As("").Get("/v1/authorities/" + code + "/status-lists/0").Require(http.StatusOK)
	jws, err := attest.ParseJWS(answer.Body)
	require.NoError(t, err)
	assert.Equal(t, statuslist.Type, jws.Type)
	key := issuerKeys(t, home)[jws.KeyID]
	require.NotNil(t, key, "the metadata has the key that signed the list")
	require.NoError(t, jws.Verify(key))
	token, err := statuslist.ParsePayload(jws.Payload)
	require.NoError(t, err)
	sd, err := attest.ParseSDJWT([]byte(c.SdJWT), attest.DefaultLimits())
	require.NoError(t, err)
	profile, err := attest.ReadProfile(sd)
	require.NoError(t, err)
	assert.Equal(t, attest.StatusListURL(profile.Issuer, profile.StatusList), token.Subject)
	assert.Greater(t, token.Expires, time.Now().Unix())
	return token.List
}

func TestStatusListsAreSignedAndBounded(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, abroad := w.Regions[0], w.Regions[1]
	fine, suspended, revoked := home.Constructor(1), home.Constructor(2), home.Constructor(3)
	home.SetStatus("suspend-one", api.StatusEntry{Certificate: suspended.ID, State: "suspended", Reason: "02"})
	home.SetStatus("revoke-one", api.StatusEntry{Certificate: revoked.ID, State: "revoked", Reason: "04"})
	list := statusList(t, home, fine)
	for c, want := range map[api.IssuedCertificate]statuslist.Status{
		fine: statuslist.Valid, suspended: statuslist.Suspended, revoked: statuslist.Invalid} {
		got, err := list.Get(int(c.StatusIndex))
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	code := string(home.Authority(sample.TypeConstructor).Code)
	for _, number := range []string{"1", "7", "4294967295"} {
		home.Client.As("").Get("/v1/authorities/"+code+"/status-lists/"+number).Refused(http.StatusNotFound, "NOT_FOUND")
	}
	abroad.Client.As("").Get("/v1/authorities/"+code+"/status-lists/0").Refused(http.StatusNotFound, "NOT_FOUND")
	first := sha256.Sum256(home.Client.As("").Get("/v1/authorities/" + code + "/status-lists/0").Body)
	home.SetStatus("revoke-another", api.StatusEntry{Certificate: suspended.ID, State: "revoked", Reason: "04"})
	assert.NotEqual(t, first, sha256.Sum256(home.Client.As("").Get("/v1/authorities/"+code+"/status-lists/0").Body),
		"a list that was kept does not outlive the block that changed it")
}
