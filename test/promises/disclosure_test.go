package promises_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/testkeys"
	"github.com/huzheng-ledger/huzheng/internal/verify"
)

var (
	mutations    = flag.Int("mutations", 6000, "how many altered presentations are judged")
	mutationSeed = flag.Uint64("mutation-seed", 1, "what the alterations are drawn from")
)

// unrecorded keeps nothing: thousands of synced records say nothing more.
type unrecorded struct{}

func (unrecorded) Record(context.Context, verify.Record) error { return nil }

// TestNoAlteredPresentationIsValid is promise 10 for the system: a presentation that was altered in any way since the
// holder bound it is not valid; one that is not bound shows at most what the issuer stated, field by field.
func TestNoAlteredPresentationIsValid(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		t.Run(string(suite), func(t *testing.T) {
			w := gatewaytest.Found(t, gatewaytest.Options{Suite: suite})
			home, abroad := w.Regions[0], w.Regions[1]
			f := &forger{t: t, random: rand.New(rand.NewPCG(*mutationSeed, 10))}
			first, other := home.Constructor(1), home.Constructor(2)
			w.Settle()
			f.request, f.whole = home.Present(first.ID, abroad, "nonce-1"), split(first.SdJWT)
			f.bound = split(f.request.Presentation)
			f.foreign, f.foreignWhole = split(home.Present(other.ID, abroad, "nonce-1").Presentation), split(other.SdJWT)
			f.now = time.Now()
			gateway := testkeys.Signer(t, suite, registry.KeyID(abroad.Code, "gw-1"))
			f.verifier = verify.New(verify.Options{Region: abroad.Code, Replica: abroad.Gateway.Index(), Recorder: unrecorded{},
				Gateway: func() attest.Signer { return gateway }, Random: testkeys.Salts("receipts"),
				Clock: func() time.Time { return f.now }, Policy: patient()})
			count := *mutations / 2
			if testing.Short() {
				count = min(count, 200)
			}
			f.run(count)
		})
	}
}

// patient is the default policy, but for the age of the index: the clock of this test stands still.
func patient() attest.Policy {
	p := attest.DefaultPolicy()
	p.MaxIndexAge, p.MaxWitnessLag = 3600, 3600
	return p
}

func split(presentation string) [][]byte { return bytes.Split([]byte(presentation), []byte("~")) }

type forger struct {
	t                     *testing.T
	random                *rand.Rand
	verifier              *verify.Verifier
	request               api.VerificationRequest
	now                   time.Time
	bound, whole          [][]byte // parts of the presentation, and of the certificate with all its disclosures
	foreign, foreignWhole [][]byte // of another one
}

func (f *forger) judge(presentation []byte, binding bool) *verify.Answer {
	f.t.Helper()
	request := attest.Request{Verifier: "窗口", UseCause: f.request.UseCause, Scenario: f.request.Scenario}
	if binding {
		request.Audience, request.Nonce = f.request.Audience, f.request.Nonce
	}
	a, err := f.verifier.Verify(f.t.Context(), &verify.Submission{Presentation: presentation, Receipt: f.request.Receipt, Request: request})
	require.NoError(f.t, err)
	return a
}

func (f *forger) run(count int) {
	f.t.Helper()
	original := []byte(f.request.Presentation)
	require.Equal(f.t, attest.Valid, f.judge(original, true).Verdict.Result)
	unbound := append(bytes.Join(f.bound[:len(f.bound)-1], []byte("~")), '~')
	require.Equal(f.t, attest.Valid, f.judge(unbound, false).Verdict.Result)
	stated := f.stated()
	altered, still := 0, 0
	for altered < count {
		presentation := f.alter()
		if bytes.Equal(presentation, original) {
			continue
		}
		altered++
		require.NotEqual(f.t, attest.Valid, f.judge(presentation, true).Verdict.Result, "%s", presentation)
		cut := append(presentation[:bytes.LastIndexByte(presentation, '~')+1:len(presentation)], nil...)
		if a := f.judge(cut, false); a.Verdict.Result == attest.Valid {
			still++
			f.onlyStated(a.Claims, stated)
		}
	}
	f.t.Logf("%d altered presentations: 0 valid; without their binding %d are valid, each shows only what was stated", altered, still)
	assert.Positive(f.t, still, "some alterations only change the order")
}

// stated are the fields of the certificate, as the issuer gave them.
func (f *forger) stated() map[string]string {
	out := map[string]string{}
	for _, d := range f.whole[1 : len(f.whole)-1] {
		name, value := read(f.t, d)
		out[name] = value
	}
	return out
}

func read(t *testing.T, disclosure []byte) (name, value string) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(string(disclosure))
	require.NoError(t, err)
	var parts []json.RawMessage
	require.NoError(t, json.Unmarshal(text, &parts))
	require.Len(t, parts, 3)
	require.NoError(t, json.Unmarshal(parts[1], &name))
	return name, string(parts[2])
}

func (f *forger) onlyStated(claims *attest.Claims, stated map[string]string) {
	f.t.Helper()
	var shown map[string]json.RawMessage
	require.NoError(f.t, json.Unmarshal(claims.JSON(), &shown))
	for name, value := range shown {
		if attest.ReservedField(name) {
			continue
		}
		require.Equal(f.t, stated[name], string(value), "field %s", name)
	}
}

// alter makes one to three alterations.
func (f *forger) alter() []byte {
	parts := slices.Clone(f.bound)
	for range 1 + f.random.IntN(3) {
		parts = f.step(parts)
	}
	return bytes.Join(parts, []byte("~"))
}

// step is one alteration of the parts: the signed certificate, the disclosures, the key binding.
func (f *forger) step(parts [][]byte) [][]byte {
	pick := func(list [][]byte) []byte { return list[f.random.IntN(len(list))] }
	at := f.random.IntN(len(parts))
	parts = slices.Clone(parts)
	switch f.random.IntN(9) {
	case 0: // a bit
		if len(parts[at]) > 0 {
			parts[at] = bytes.Clone(parts[at])
			parts[at][f.random.IntN(len(parts[at]))] ^= 1 << f.random.IntN(8)
		}
	case 1: // a byte more
		parts[at] = slices.Insert(bytes.Clone(parts[at]), f.random.IntN(len(parts[at])+1), byte(f.random.IntN(256)))
	case 2: // a byte less
		if len(parts[at]) > 0 {
			i := f.random.IntN(len(parts[at]))
			parts[at] = slices.Delete(bytes.Clone(parts[at]), i, i+1)
		}
	case 3: // moved
		other := f.random.IntN(len(parts))
		parts[at], parts[other] = parts[other], parts[at]
	case 4: // doubled
		parts = slices.Insert(parts, at, parts[at])
	case 5: // hidden
		if len(parts) > 2 {
			parts = slices.Delete(parts, at, at+1)
		}
	case 6: // added: one that was withheld, or another certificate's
		parts = slices.Insert(parts, at, pick(slices.Concat(f.whole[1:], f.foreign, f.foreignWhole)))
	case 7: // taken from another certificate's presentation, place by place
		if at < len(f.foreign) {
			parts[at] = f.foreign[at]
		}
	case 8: // another value under the same salt
		parts[at] = f.forge(parts[at])
	}
	return parts
}

// forge writes another value into a disclosure; what is none stays as it is.
func (f *forger) forge(part []byte) []byte {
	text, err := base64.RawURLEncoding.DecodeString(string(part))
	if err != nil {
		return part
	}
	var disclosure []any
	if json.Unmarshal(text, &disclosure) != nil || len(disclosure) != 3 {
		return part
	}
	disclosure[2] = "伪造者"
	forged, err := json.Marshal(disclosure)
	require.NoError(f.t, err)
	return []byte(base64.RawURLEncoding.EncodeToString(forged))
}
