package kill

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api/client"
)

const (
	windows       = 8  // each with a credential of its own
	codesPerRound = 40 // for two uses each
	triesPerRound = 160
)

// redemption is one that a window tries, until it hears something.
type redemption struct {
	window  int
	key     string
	code    *code
	receipt string // told
}

type code struct {
	text string
	uses int32
}

// TestKillMidRedeemTellsNoMoreThanAgreed kills the gateway while proof codes are redeemed, and asks again afterwards with the
// same keys: no code has been told more verdicts than were agreed, and what was told is told again, the same.
func TestKillMidRedeemTellsNoMoreThanAgreed(t *testing.T) {
	s := newSite(t)
	keys := make([]string, windows)
	for i := range keys {
		keys[i] = s.newKey(t, fmt.Sprint("window ", i), "verify")
	}
	app := s.newKey(t, "app", "codes")
	server := s.start(t)
	a, err := server.issue(newMaker(t), "certificate-1")
	require.NoError(t, err)
	require.NotNil(t, a)
	random := rand.New(rand.NewPCG(*seed, 2))
	told, asked := 0, 0
	for round := range *rounds {
		judge(t.Context(), t, server, a, awaitReceipt(t.Context(), t, server, a.id))
		list := makeRound(t, server, app, a.id, round, random)
		reached := 10 + random.IntN(40)
		redeemUntil(t, server, keys, list, reached, func() { server.kill(t) })
		heard := 0
		for _, r := range list {
			if r.receipt != "" {
				heard++
			}
		}
		require.GreaterOrEqual(t, heard, reached, "round %d: it was killed in the middle", round)
		server = s.start(t)
		judge(t.Context(), t, server, a, awaitReceipt(t.Context(), t, server, a.id))
		redeemUntil(t, server, keys, list, len(list)+1, nil)
		byCode := map[*code]int{}
		for _, r := range list {
			if r.receipt != "" {
				byCode[r.code]++
				told++
			}
		}
		for c, n := range byCode {
			require.LessOrEqual(t, n, int(c.uses), "verdicts told for one code")
		}
		asked += len(list)
	}
	server.kill(t)
	s.run(t, "fsck", "--data", s.data)
	t.Logf("%d kills, %d redemptions of codes for %d uses, %d verdicts told, 0 too many", *rounds, asked, *rounds*codesPerRound*2, told)
	assert.Greater(t, told, *rounds*codesPerRound)
}

func (s *site) newKey(t *testing.T, tenant, scope string) string {
	t.Helper()
	var made struct {
		Token string `json:"token"`
	}
	text := s.run(t, "key", "create", "--data", s.data, "--tenant", tenant, "--scope", scope, "--authority", "*", "--json")
	require.NoError(t, json.Unmarshal(text, &made))
	return made.Token
}

// as has a request come from another credential.
func as(key string) client.RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+key)
		return nil
	}
}

// makeRound makes codes for two uses, and twice as many redemptions as they are good for.
func makeRound(t *testing.T, server *server, app, certificate string, round int, random *rand.Rand) []*redemption {
	t.Helper()
	codes := make([]*code, codesPerRound)
	for i := range codes {
		res, err := server.api.CreateCodeWithResponse(t.Context(), &client.CreateCodeParams{IdempotencyKey: fmt.Sprintf("code-%d-%06d", round, i)},
			client.NewProofCode{Certificates: []client.ShownCertificate{{Certificate: certificate}}, UseCause: "test", Scenario: "test",
				Audience: client.CodeAudience{Kind: "any"}, LifeSeconds: 600, Uses: 2}, as(app))
		require.NoError(t, err)
		require.NotNil(t, res.JSON201, "%s", res.Body)
		codes[i] = &code{res.JSON201.Code, res.JSON201.Uses}
	}
	list := make([]*redemption, triesPerRound)
	for i := range list {
		list[i] = &redemption{window: i % windows, key: fmt.Sprintf("redeem-%d-%06d", round, i), code: codes[random.IntN(len(codes))]}
	}
	return list
}

// hearing counts the verdicts that windows hear.
type hearing struct {
	mu        sync.Mutex
	until     int
	enough    func()
	told      int
	different []string
	calls     sync.WaitGroup
}

func (h *hearing) hear(r *redemption, receipt string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if receipt == "" {
		return
	}
	if r.receipt != "" && r.receipt != receipt {
		h.different = append(h.different, r.key)
	}
	r.receipt = receipt
	if h.told++; h.told == h.until {
		h.calls.Go(h.enough)
	}
}

// redeemUntil has every window try its redemptions, also those that were told; once so many verdicts were told it calls
// enough, and windows that hear nothing any more stop.
func redeemUntil(t *testing.T, server *server, keys []string, list []*redemption, until int, enough func()) {
	t.Helper()
	h := &hearing{until: until, enough: enough}
	var wait sync.WaitGroup
	for w := range keys {
		wait.Go(func() {
			for _, r := range list {
				if r.window != w {
					continue
				}
				receipt, alive := server.redeem(keys[w], r)
				if !alive {
					return
				}
				h.hear(r, receipt)
			}
		})
	}
	wait.Wait()
	h.calls.Wait()
	require.Empty(t, h.different, "what was told is told again, the same")
}

// redeem gives the receipt of a definite verdict; alive is false where no answer came.
func (s *server) redeem(key string, r *redemption) (receipt string, alive bool) {
	for range 200 {
		res, err := s.api.RedeemCodeWithResponse(context.Background(), &client.RedeemCodeParams{IdempotencyKey: r.key},
			client.RedemptionRequest{Code: r.code.text}, as(key))
		switch {
		case err != nil:
			return "", false
		case res.JSON200 == nil: // refused
			return "", true
		case res.JSON200.Consumed:
			return res.JSON200.Verifications[0].ReceiptID, true
		}
		// undetermined: the replica is not confirmed yet, so ask again
	}
	return "", true
}
