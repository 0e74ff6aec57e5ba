package gateway_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/paper"
	"github.com/huzheng-ledger/huzheng/internal/qr"
)

func skipWithoutFont(t *testing.T) {
	t.Helper()
	if _, err := paper.NewPrinter(""); attest.CodeOf(err) == attest.CodeFontMissing {
		t.Skip("no Chinese TrueType font on this machine: install fonts-droid-fallback")
	}
}

// TestPaperIsVerifiedElsewhere prints in one province and verifies in another what the PDF holds.
func TestPaperIsVerifiedElsewhere(t *testing.T) {
	skipWithoutFont(t)
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, away := w.Regions[0], w.Regions[1]
	c := home.Constructor(1)
	w.Settle()
	answer := home.Client.Do(apitest.Request{Path: "/v1/certificates/" + c.ID + "/print"}).Require(http.StatusOK)
	assert.Equal(t, "application/pdf", answer.Header.Get("Content-Type"))
	assert.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	assert.Equal(t, `attachment; filename="certificate.pdf"`, answer.Header.Get("Content-Disposition"))
	a, err := paper.Extract(answer.Body)
	require.NoError(t, err)
	v := away.Verify(api.VerificationRequest{Presentation: string(a.Presentation), Receipt: a.Inclusion,
		UseCause: gatewaytest.UseCause, Scenario: gatewaytest.Scenario})
	assert.Equal(t, attest.Valid, attest.Result(v.Result), v.Code)

	some := home.Client.Do(apitest.Request{Path: "/v1/certificates/" + c.ID + "/print?fields=certificateHolderName"}).Require(http.StatusOK)
	a, err = paper.Extract(some.Body)
	require.NoError(t, err)
	sd, err := attest.ParseSDJWT(a.Presentation, attest.DefaultLimits())
	require.NoError(t, err)
	assert.Len(t, sd.Disclosures, 1)
	home.Client.Do(apitest.Request{Path: "/v1/certificates/" + c.ID + "/print?fields=nothing"}).Require(http.StatusBadRequest)

	receipt := away.Client.Do(apitest.Request{Path: "/v1/receipts/" + v.ReceiptID + "/print"}).Require(http.StatusOK)
	a, err = paper.Extract(receipt.Body)
	require.NoError(t, err)
	assert.Equal(t, v.Receipt, string(a.Verification))
}

// TestASelfContainedPresentationNeedsNoHome takes the text off a picture and has another province judge it: bound to the nonce
// that it showed, or to minutes.
func TestASelfContainedPresentationNeedsNoHome(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, away := w.Regions[0], w.Regions[1]
	c := home.Constructor(1)
	w.Settle()
	for _, nonce := range []string{portable.NonceNone, "shown-by-the-verifier"} {
		var out api.Presentation
		home.Client.Do(apitest.Request{Path: "/v1/certificates/" + c.ID + "/presentations", Body: api.PresentationRequest{
			Fields: gatewaytest.Disclosed(), Audience: portable.Audience, Nonce: nonce}}).Require(http.StatusOK).JSON(&out)
		code, err := qr.Encode(out.Portable, qr.Low)
		require.NoError(t, err)
		picture, err := code.PNG(4)
		require.NoError(t, err)
		text, err := qr.NewReader(1).Read(t.Context(), picture)
		require.NoError(t, err)
		p, err := portable.Decode([]byte(text))
		require.NoError(t, err)
		judge := func(nonce string) api.Verification {
			request := attest.Request{Nonce: nonce}
			p.Expect(&request)
			return away.Verify(api.VerificationRequest{Presentation: string(p.SDJWT), Receipt: p.Receipt, Audience: request.Audience,
				Nonce: request.Nonce, UseCause: gatewaytest.UseCause, Scenario: gatewaytest.Scenario})
		}
		expected := nonce
		if nonce == portable.NonceNone {
			expected = ""
		}
		assert.Equal(t, attest.Valid, attest.Result(judge(expected).Result))
		other := judge("another")
		assert.Equal(t, attest.Invalid, attest.Result(other.Result))
		assert.Equal(t, string(attest.CodeBindingNonce), other.Code)
	}
}
