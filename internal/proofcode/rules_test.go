package proofcode_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
)

// TestRules runs the scripts of testdata: one code, what is asked of it at which second, and what comes of it.
func TestRules(t *testing.T) {
	datadriven.Walk(t, "testdata/rules", func(t *testing.T, path string) {
		var c *custody.ProofCode
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "code" {
				c = &custody.ProofCode{Scenario: "迁入", Audience: custody.Audience{Kind: custody.AudienceAny}}
				d.ScanArgs(t, "uses", &c.Uses)
				d.ScanArgs(t, "expires", &c.Expires)
				d.MaybeScanArgs(t, "region", &c.Audience.Region)
				d.MaybeScanArgs(t, "office", &c.Audience.Office)
				d.MaybeScanArgs(t, "tenant", &c.Audience.Tenant)
				switch {
				case c.Audience.Tenant != "":
					c.Audience.Kind = custody.AudienceIntegrator
				case c.Audience.Office != "":
					c.Audience.Kind = custody.AudienceOffice
				case c.Audience.Region != "":
					c.Audience.Kind = custody.AudienceRegion
				}
			}
			var out strings.Builder
			for line := range strings.Lines(d.Input) {
				fmt.Fprintln(&out, step(t, c, strings.Fields(line)))
			}
			return out.String()
		})
	})
}

// step runs one line: SECOND reserve|consume|release|cancel|look NAME=VALUE…
func step(t *testing.T, c *custody.ProofCode, words []string) string {
	t.Helper()
	var now int64
	_, err := fmt.Sscan(words[0], &now)
	require.NoError(t, err)
	arg := map[string]string{}
	for _, w := range words[2:] {
		name, value, ok := strings.Cut(w, "=")
		require.True(t, ok, w)
		arg[name] = value
	}
	operation := sha256.Sum256([]byte(arg["op"]))
	var number uint64
	_, _ = fmt.Sscan(arg["number"], &number)
	lapsed := len(proofcode.Lapse(c, now))
	result := ""
	switch words[1] {
	case "reserve":
		h, why := proofcode.Reserve(c, &proofcode.Attempt{Operation: operation, Scenario: arg["scenario"],
			By: custody.UseBy{Region: arg["region"], Office: arg["office"], Tenant: arg["tenant"]}}, now)
		result = string(why)
		if h != nil {
			result = fmt.Sprintf("number %d %s until %d", h.Number, []string{"", "reserved", "consumed", "released"}[h.State], h.Until)
		}
	case "consume":
		changed, err := proofcode.Consume(c, operation, number, sha256.Sum256([]byte(arg["outcome"])))
		result = fmt.Sprintf("changed %v", changed)
		if err != nil {
			result = string(attest.CodeOf(err))
		}
	case "release":
		result = fmt.Sprintf("released %v", proofcode.Release(c, operation, number) != nil)
	case "cancel":
		proofcode.Cancel(c, now)
	case "look":
	default:
		require.Fail(t, words[1])
	}
	return fmt.Sprintf("%s lapsed=%d → %s: %s, %d left", strings.Join(words[:2], " "), lapsed, result, proofcode.StateAt(c, now), proofcode.Remaining(c, now))
}

// TestNeverMoreThanAgreed draws interleavings of many verifiers with retries, late answers, clocks that jump both ways, and
// processes that forget what they have not written (a crash hands back the code as it was last stored).
func TestNeverMoreThanAgreed(t *testing.T) {
	consumed, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, uses: rapid.IntRange(1, 4).Draw(t, "uses"), now: 9_700, told: map[[32]byte]bool{},
			numbers: map[[32]byte][]uint64{}}
		w.code = custody.ProofCode{Uses: w.uses, Expires: 12_000, Audience: custody.Audience{Kind: custody.AudienceAny}}
		for range rapid.IntRange(5, 80).Draw(t, "steps") {
			w.step()
		}
		consumed += len(w.told)
		refused += w.refused
	})
	t.Logf("%d uses consumed, %d attempts refused", consumed, refused)
	require.Greater(t, consumed, 50)
	require.Greater(t, refused, 50)
}

// world is a code at its home, and what verifiers have heard.
type world struct {
	t       *rapid.T
	uses    int
	now     int64
	code    custody.ProofCode // as it is stored
	told    map[[32]byte]bool // operations whose verdict was acknowledged
	numbers map[[32]byte][]uint64
	refused int
}

// step is one change: on a copy, which is stored unless the process ends before it is.
func (w *world) step() {
	w.now += rapid.SampledFrom([]int64{0, 0, 0, 1, 1, 2, 7, 20, 61, -600, 600}).Draw(w.t, "jump")
	operation := [32]byte{byte(rapid.IntRange(1, 6).Draw(w.t, "operation"))}
	c := w.code
	c.Holds = append([]custody.Hold(nil), c.Holds...)
	proofcode.Lapse(&c, w.now)
	acknowledged := func() {}
	switch what := rapid.IntRange(0, 4).Draw(w.t, "what"); {
	case what < 2:
		acknowledged = w.reserve(&c, operation)
	case len(w.numbers[operation]) == 0:
	case what < 4:
		acknowledged = w.consume(&c, operation)
	default:
		proofcode.Release(&c, operation, w.numbers[operation][0])
	}
	if rapid.IntRange(0, 5).Draw(w.t, "crash") == 0 {
		return
	}
	w.code = c
	acknowledged()
	w.check()
}

func (w *world) reserve(c *custody.ProofCode, operation [32]byte) func() {
	h, why := proofcode.Reserve(c, &proofcode.Attempt{Operation: operation}, w.now)
	if why != "" {
		w.refused++
		return func() {}
	}
	require.True(w.t, c.Seen < c.Expires || h.State == custody.HoldConsumed, "nothing is reserved after expiry")
	number := h.Number
	return func() { w.numbers[operation] = append(w.numbers[operation], number) }
}

func (w *world) consume(c *custody.ProofCode, operation [32]byte) func() {
	number := rapid.SampledFrom(w.numbers[operation]).Draw(w.t, "number")
	given := false
	for _, h := range w.code.Holds {
		given = given || h.Number == number && h.State == custody.HoldReleased
	}
	if _, err := proofcode.Consume(c, operation, number, operation); err != nil {
		return func() {}
	}
	require.False(w.t, given, "what was given back is not consumed")
	return func() {
		require.True(w.t, w.told[operation] || c.Seen < c.Expires, "never after expiry")
		w.told[operation] = true
	}
}

func (w *world) check() {
	count := map[custody.HoldState]int{}
	for _, h := range w.code.Holds {
		count[h.State]++
	}
	require.LessOrEqual(w.t, count[custody.HoldConsumed]+count[custody.HoldReserved], w.uses)
	require.LessOrEqual(w.t, len(w.told), w.uses, "verdicts that were told")
}
