package statuslist_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/statuslist"
	"github.com/huzheng-ledger/huzheng/internal/vectors"
)

func exampleToken(t testing.TB) *statuslist.Token {
	t.Helper()
	list, err := statuslist.Encode(1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1)
	require.NoError(t, err)
	return &statuslist.Token{
		Subject: "https://example.com/statuslists/1", Issuer: "https://example.com",
		IssuedAt: 1686920170, Expires: 2291720170, TTL: 43200, List: list,
	}
}

func TestTokenOfTheDraft(t *testing.T) {
	var file struct{ StatusListJwtExample string }
	vectors.Load(t, "token_status_list.json", &file)
	parts := strings.Split(file.StatusListJwtExample, ".")
	require.Len(t, parts, 3)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	token, err := statuslist.ParsePayload(payload)
	require.NoError(t, err)
	assert.Equal(t, exampleToken(t), token)

	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	require.NoError(t, err)
	var head struct{ Typ string }
	require.NoError(t, json.Unmarshal(header, &head))
	assert.Equal(t, statuslist.Type, head.Typ)
}

func TestPayloadRoundTrip(t *testing.T) {
	full := exampleToken(t)
	least := &statuslist.Token{Subject: full.Subject, IssuedAt: 1, List: full.List}
	for _, token := range []*statuslist.Token{full, least} {
		payload, err := token.Payload()
		require.NoError(t, err)
		require.True(t, json.Valid(payload))
		back, err := statuslist.ParsePayload(payload)
		require.NoError(t, err)
		assert.Equal(t, token, back)
	}
	payload, err := least.Payload()
	require.NoError(t, err)
	assert.NotContains(t, string(payload), "exp")
	assert.NotContains(t, string(payload), "ttl")
}

func TestPayloadPassesOverOtherClaims(t *testing.T) {
	_, err := statuslist.ParsePayload([]byte(`{"sub":"u","iat":1,"x":[1,{"y":2}],"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ","aggregation_uri":"v"}}`))
	require.NoError(t, err)
}

func TestParsePayloadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		code attest.Code
	}{
		"empty":         {``, attest.CodeJSONSyntax},
		"no list":       {`{"sub":"u","iat":1}`, attest.CodeJSONMissing},
		"list no bits":  {`{"sub":"u","iat":1,"status_list":{"lst":"eNrbuRgAAhcBXQ"}}`, attest.CodeJSONMissing},
		"repeated":      {`{"sub":"u","sub":"u","iat":1,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"}}`, attest.CodeJSONDuplicate},
		"bits as text":  {`{"sub":"u","iat":1,"status_list":{"bits":"1","lst":"eNrbuRgAAhcBXQ"}}`, attest.CodeJSONType},
		"bits 3":        {`{"sub":"u","iat":1,"status_list":{"bits":3,"lst":"eNrbuRgAAhcBXQ"}}`, attest.CodeStatusListFormat},
		"bits 2^32+1":   {`{"sub":"u","iat":1,"status_list":{"bits":4294967297,"lst":"eNrbuRgAAhcBXQ"}}`, attest.CodeStatusListFormat},
		"padded":        {`{"sub":"u","iat":1,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ=="}}`, attest.CodeStatusListFormat},
		"no subject":    {`{"sub":"","iat":1,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"}}`, attest.CodeStatusListFormat},
		"negative time": {`{"sub":"u","iat":-1,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"}}`, attest.CodeStatusListFormat},
	} {
		_, err := statuslist.ParsePayload([]byte(c.in))
		assert.Equal(t, c.code, attest.CodeOf(err), name)
	}
}

func FuzzParsePayload(f *testing.F) {
	payload, err := exampleToken(f).Payload()
	require.NoError(f, err)
	f.Add(payload)
	f.Fuzz(func(t *testing.T, data []byte) {
		token, err := statuslist.ParsePayload(data)
		if err != nil {
			require.NotEqual(t, attest.CodeInternal, attest.CodeOf(err))
			return
		}
		again, err := token.Payload()
		require.NoError(t, err)
		back, err := statuslist.ParsePayload(again)
		require.NoError(t, err)
		require.Equal(t, token, back)
	})
}
