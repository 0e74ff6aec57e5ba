package attest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/testkeys"
)

func TestVerificationReceiptReadsBack(t *testing.T) {
	signer := testkeys.Signer(t, attest.SuiteStd, "440000#w1")
	for _, r := range []*attest.VerificationReceipt{fullReceipt(), leastReceipt()} {
		raw, err := r.Sign(signer)
		require.NoError(t, err)
		read, j, err := attest.ParseVerificationReceipt(raw)
		require.NoError(t, err)
		require.NoError(t, j.Verify(signer.Public()))
		if r.Verdict.Agreeing == nil {
			r.Verdict.Agreeing = []string{}
		}
		assert.Equal(t, r, read)
		assert.Equal(t, "440000#w1", j.KeyID)
		assert.Equal(t, attest.CodeSignature, attest.CodeOf(j.Verify(testkeys.Signer(t, attest.SuiteStd, "440000#w1@thief").Public())))
	}
}

func TestVerificationReceiptRefuses(t *testing.T) {
	signer := testkeys.Signer(t, attest.SuiteStd, "440000#w1")
	payload := string(goldenVerification(t, fullReceipt()).Payload)
	for name, c := range map[string]struct {
		typ, from, to string
		code          attest.Code
	}{
		"another type":        {"huzheng-command+jwt", "", "", attest.CodeVerificationReceipt},
		"no JSON":             {attest.TypeVerification, "{", "[", attest.CodeJSONSyntax},
		"another version":     {attest.TypeVerification, `"v":1`, `"v":2`, attest.CodeVerificationReceipt},
		"an unknown member":   {attest.TypeVerification, `"v":1`, `"v":1,"x":1`, attest.CodeJSONUnknown},
		"an unknown in check": {attest.TypeVerification, `"name":"parse"`, `"name":"parse","x":1`, attest.CodeJSONUnknown},
		"a member twice":      {attest.TypeVerification, `"v":1`, `"v":1,"v":1`, attest.CodeJSONDuplicate},
		"a member missing":    {attest.TypeVerification, `"useCause":"办理注册",`, ``, attest.CodeJSONMissing},
		"a height below zero": {attest.TypeVerification, `"height":17`, `"height":-17`, attest.CodeJSONNumber},
		"a short commitment":  {attest.TypeVerification, `"commitment":"AQ`, `"commitment":"`, attest.CodeVerificationReceipt},
		"a loose commitment":  {attest.TypeVerification, `AAAAAA","authority"`, `AAAAAB","authority"`, attest.CodeVerificationReceipt},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(payload, c.from, c.to, 1)
			if c.from != "" {
				require.NotEqual(t, payload, changed)
			}
			raw, err := attest.SignJWS(signer, c.typ, []byte(changed))
			require.NoError(t, err)
			_, _, err = attest.ParseVerificationReceipt(raw)
			require.Equal(t, c.code, attest.CodeOf(err), "%v", err)
		})
	}
}

func FuzzParseVerificationReceipt(f *testing.F) {
	signer := testkeys.Signer(f, attest.SuiteStd, "440000#w1")
	for _, r := range []*attest.VerificationReceipt{fullReceipt(), leastReceipt()} {
		raw, err := r.Sign(signer)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, _, err := attest.ParseVerificationReceipt(raw)
		if err != nil {
			require.NotEqual(t, attest.CodeInternal, attest.CodeOf(err))
			return
		}
		again, err := r.Sign(signer)
		require.NoError(t, err)
		second, _, err := attest.ParseVerificationReceipt(again)
		require.NoError(t, err)
		require.Equal(t, r, second)
	})
}
