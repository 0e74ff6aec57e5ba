package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/demoidp"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/qr/qrtest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/test/internal/npm"
)

var scripts = flag.String("browser.scripts", "*.test.mjs", "which of the scripts run")

// installed fetches the pinned packages into a folder of the test's own, with the scripts that match, or says why it cannot.
func installed(t *testing.T, matching string) string {
	t.Helper()
	for _, program := range []string{"node", "npm", "chromium"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: no browser to walk the pages with", program)
		}
	}
	chosen, err := filepath.Glob(matching)
	require.NoError(t, err)
	require.NotEmpty(t, chosen)
	return npm.Install(t, append(chosen, "harness.mjs")...)
}

// world is what the scripts are told.
type world struct {
	Home        string            `json:"home"`   // a province's gateway
	Abroad      string            `json:"abroad"` // another one's
	Files       map[string]string `json:"files"`  // paths to hand in, by what they are
	People      []demoidp.Person  `json:"people"`
	Screenshots string            `json:"screenshots"`
	Chromium    string            `json:"chromium"`
	Profile     string            `json:"profile"` // an empty folder
	Ahead       string            `json:"ahead"`   // POST here with ?seconds= to set the home's clock so much ahead
	Agreed      []string          `json:"agreed"`  // fields that the agreement asks for
}

// regions are the provinces, the citizen's first, the verifier's second.
var regions = []string{gatewaytest.Guangdong, gatewaytest.Sichuan, gatewaytest.Chongqing, gatewaytest.Hunan}

// pages are those of every gateway, with an identity provider that knows the people.
func pages(t *testing.T) (*gateway.Pages, []demoidp.Person) {
	t.Helper()
	people, err := demoidp.People(1, regions...)
	require.NoError(t, err)
	provider, err := demoidp.Start(t.Context(), people, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, provider.Close()) })
	config := provider.SignIn()
	return &gateway.Pages{SignIn: &config, Public: api.Rate{PerSecond: 1000, Burst: 1000}}, people
}

// newWorld tells the scripts where the gateways are, and where everything of theirs lies.
func newWorld(t *testing.T, home, abroad *gatewaytest.Region, people []demoidp.Person) *world {
	t.Helper()
	out := &world{Agreed: gatewaytest.Disclosed(), Home: home.URL, Abroad: abroad.URL, Files: map[string]string{}, People: people,
		Profile: t.TempDir()}
	var err error
	out.Screenshots, err = filepath.Abs("../../bin/screenshots")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(out.Screenshots, 0o750))
	out.Chromium, err = exec.LookPath("chromium")
	require.NoError(t, err)
	return out
}

// open founds four provinces with pages and an identity provider, and leaves certificates in dir.
func open(t *testing.T, dir string) *world {
	t.Helper()
	clock := newClock(t)
	shown, people := pages(t)
	w := gatewaytest.Found(t, gatewaytest.Options{Regions: regions, Clock: clock.of, Pages: shown})
	home, abroad := w.Regions[0], w.Regions[1]
	good, revoked := home.Constructor(1), home.Constructor(2)
	home.SetStatus("revoke-number-2", api.StatusEntry{Certificate: revoked.ID, State: "revoked", Reason: "04"})
	permit := home.AlsoHeld(sample.TypeOperation, 0, 0) // the first citizen's
	permit.ValidFrom, permit.ValidUntil = gbt.PeriodOf(time.Now().AddDate(0, -6, 0), time.Now().AddDate(1, 6, 0))
	home.Issue("operation-permit", permit)
	w.Agree(api.AgreementProposal{ID: "site-access", Version: 1, Issuers: sorted(regions), Relying: sorted(regions), Scenarios: []string{"进入施工现场"},
		Types: []string{string(sample.TypeConstructor), string(sample.TypeOperation)}, Conditions: api.Conditions{Disclose: []string{gbt.FieldHolderName}},
		From: time.Now().Add(-time.Hour).Unix()})
	home.Constructor(0) // the same citizen's, who has an older one as well
	older := home.Issue("older-constructor", home.NewCertificate(sample.TypeConstructor, 0))[0]
	home.SetStatus("suspend-older", api.StatusEntry{Certificate: older.ID, State: "suspended", Reason: "02"})
	w.Settle()
	out := newWorld(t, home, abroad, people)
	out.Ahead = clock.url
	write := func(kind, name string, data []byte) {
		out.Files[kind] = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(out.Files[kind], data, 0o600))
	}
	p, q := home.Present(good.ID, abroad, "n"), home.Present(revoked.ID, abroad, "n")
	write("sdjwt", "certificate.sdjwt", []byte(p.Presentation))
	write("receipt", "certificate.receipt.json", p.Receipt)
	write("revoked", "revoked.sdjwt", []byte(q.Presentation))
	write("revokedReceipt", "revoked.receipt.json", q.Receipt)
	changed := []byte(p.Presentation)
	changed[len(changed)/4] ^= 2
	write("changed", "changed.sdjwt", changed)
	write("verification", "verification.jwt", []byte(abroad.Verify(p).Receipt))
	write("table", "table.csv", table(t, home))
	for i, face := range parts(t, p) {
		write(fmt.Sprint("part", i+1), fmt.Sprintf("part%d.png", i+1), face)
	}
	for id, scenario := range map[string]string{"operation-permits": "特种作业人员跨省执业", "operation-keyboard": "特种设备作业"} {
		abroad.Client.Do(apitest.Request{Path: "/v1/agreements", Key: "propose-" + id, Body: api.AgreementProposal{ID: id,
			Version: 1, Issuers: regions[:2], Relying: regions[:2], Types: []string{string(sample.TypeOperation)}, Scenarios: []string{scenario},
			Conditions: api.Conditions{Disclose: gatewaytest.Disclosed()}, From: time.Now().Unix()}}).Require(http.StatusCreated)
	}
	return out
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// clock is that of the first province, which a script can set ahead: a screenshot grows old without anybody waiting.
type clock struct {
	url   string
	ahead atomic.Int64
}

func newClock(t *testing.T) *clock {
	t.Helper()
	c := &clock{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seconds, err := strconv.ParseInt(r.URL.Query().Get("seconds"), 10, 64)
		assert.NoError(t, err)
		c.ahead.Store(seconds)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *clock) of(region string) func() time.Time {
	if region != gatewaytest.Guangdong {
		return nil
	}
	return func() time.Time { return time.Now().Add(time.Duration(c.ahead.Load()) * time.Second) }
}

// parts are pictures of the codes that together show a presentation which is not bound to an occasion, as on paper.
func parts(t *testing.T, p api.VerificationRequest) [][]byte {
	t.Helper()
	sd, err := attest.ParseSDJWT([]byte(p.Presentation), attest.DefaultLimits())
	require.NoError(t, err)
	shown, err := sd.Present(gatewaytest.Disclosed()...)
	require.NoError(t, err)
	text, err := portable.Encode(&portable.Presentation{SDJWT: shown, Receipt: p.Receipt})
	require.NoError(t, err)
	return qrtest.PartsOf(t, text).Pictures
}

// table is one to issue, with rows that are not fit.
func table(t *testing.T, r *gatewaytest.Region) []byte {
	t.Helper()
	a := r.Authority(sample.TypeConstructor)
	g, err := sample.New(5, a.Code, a.Name, a.Division)
	require.NoError(t, err)
	var records []sample.Record
	for n := range 60 {
		record, err := g.On(time.Now()).Record(sample.TypeConstructor, n)
		require.NoError(t, err)
		if n%20 == 7 {
			record = record.With("certificateHolderCode", "999999190001010000")
		}
		records = append(records, record)
	}
	var out bytes.Buffer
	require.NoError(t, sample.WriteCSV(&out, records, sample.SpellingChinese))
	return out.Bytes()
}

var (
	only  = flag.String("only", "", "run the scripts whose names begin so")
	tests = flag.String("browser.tests", "", "run the scripts' tests whose names match")
)

func TestPagesInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes its time: not in short mode")
	}
	dir := installed(t, *scripts)
	walk(t, dir, open(t, dir), *only+"*.test.mjs")
}

// walk runs the scripts of dir that match.
func walk(t *testing.T, dir string, w *world, matching string) {
	t.Helper()
	data, err := json.Marshal(w)
	require.NoError(t, err)
	told := filepath.Join(dir, "world.json")
	require.NoError(t, os.WriteFile(told, data, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	scripts, err := filepath.Glob(filepath.Join(dir, matching))
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	args := []string{"--test", "--test-concurrency=1", "--test-reporter=spec"}
	if *tests != "" {
		args = append(args, "--test-name-pattern="+*tests)
	}
	node := exec.CommandContext(ctx, "node", append(args, scripts...)...)
	node.Dir, node.Env = dir, append(os.Environ(), "HUZHENG_WORLD="+told)
	text, err := node.CombinedOutput()
	t.Logf("%s", text)
	require.NoError(t, err)
}
