package promises_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
)

// TestNothingReadableLeavesTheVault is promise 9 for the system: known values in every field, code, cell, document, purpose
// and key of a request go the whole way over HTTP, beside requests that are refused; then every file of every store, a
// backup, the blocks and both states as they read, the debug log, the metrics and the problems are searched for each of
// them in every form. What each answer gives back to the office that asked is its own business.
func TestNothingReadableLeavesTheVault(t *testing.T) {
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		t.Run(string(suite), func(t *testing.T) {
			log := &buffer{}
			p := newPath(t, suite, log)
			p.walk()
			tokens := map[string]string{"API key at home": p.home.Token, "API key abroad": p.abroad.Token}
			for name, token := range tokens {
				p.secrets.by[name] = []byte(token[strings.LastIndex(token, "_")+1:])
			}
			for _, r := range p.w.Regions {
				p.secrets.by["master key of "+r.Code] = gatewaytest.MasterSecret(r.Code)
			}
			h := newHaystack(p.secrets.needles())
			places := p.places(log)
			for _, place := range slices.Sorted(maps.Keys(places)) {
				require.NotEmpty(t, places[place], place)
				assert.Empty(t, h.find(places[place]), place)
			}
			t.Logf("%d secrets, %d needles, %d places, %d bytes", len(p.secrets.by), len(p.secrets.needles()), len(places), h.scanned)
			p.leaks(t, h, places)
		})
	}
}

// places is everything that may be read by whoever gets hold of it, by name.
func (p *path) places(log *buffer) map[string][]byte {
	p.t.Helper()
	places := map[string][]byte{}
	ledger := p.w.Ledger()
	next, done := ledger.Next(), errors.New("done")
	var blocks bytes.Buffer
	err := ledger.Blocks(p.t.Context(), 0, func(b registry.Block) error {
		for _, tx := range b.Transactions {
			blocks.Write(tx.Command)
			blocks.WriteByte('\n')
			for _, part := range bytes.Split(tx.Command, []byte(".")) { // what it says, besides how it is written
				text, err := base64.RawURLEncoding.DecodeString(string(part))
				require.NoError(p.t, err)
				blocks.Write(text)
				blocks.WriteByte('\n')
			}
		}
		if b.Number+1 == next {
			return done
		}
		return nil
	})
	require.ErrorIs(p.t, err, done)
	places["blocks"] = blocks.Bytes()
	var state bytes.Buffer
	require.NoError(p.t, ledger.State(func(key string, value []byte) error {
		state.WriteString(key + "\n" + string(value) + "\n")
		return nil
	}))
	places["state of the ledger"] = state.Bytes()
	for _, r := range p.w.Regions {
		var index bytes.Buffer
		require.NoError(p.t, r.Gateway.Index().Dump(func(key string, value []byte) error {
			index.WriteString(key + "\n" + string(value) + "\n")
			return nil
		}))
		places["index of "+r.Code] = index.Bytes()
		places["metrics of "+r.Code] = r.Client.As("").Do(apitest.Request{Path: "/metrics", Undocumented: true}).Require(http.StatusOK).Body
		var snapshot bytes.Buffer
		require.NoError(p.t, r.Gateway.Snapshot(&snapshot))
		places["snapshot of "+r.Code] = snapshot.Bytes()
		require.NoError(p.t, r.Gateway.Vault().Checkpoint(filepath.Join(p.w.Dir, "backup", r.Code)))
	}
	places["problems"] = p.problems.Bytes()
	places["log"] = log.bytes()
	require.NoError(p.t, p.w.Close())
	places["log, closed"] = log.bytes()
	for name, data := range files(p.t, p.w.Dir) {
		if len(data) > 0 { // locks, markers
			places["file "+strings.TrimPrefix(name, p.w.Dir)] = data
		}
	}
	return places
}

// leaks plants a secret where it must not be, in each place and each form: the search that found nothing finds it.
func (p *path) leaks(t *testing.T, h *haystack, places map[string][]byte) {
	t.Helper()
	list := p.secrets.needles()
	for i, place := range slices.Sorted(maps.Keys(places)) {
		n := list[i%len(list)]
		data := places[place]
		at := len(data) / 2
		assert.Contains(t, h.find(slices.Concat(data[:at], n.bytes, data[at:])), n.secret+" as "+n.form, place)
	}
	for _, folder := range []string{"ledger", p.home.Code + "/index", p.home.Code + "/vault", p.home.Code + "/keys", p.home.Code + ".keyring", "backup/" + p.home.Code} {
		n := list[len(folder)%len(list)]
		leak := filepath.Join(p.w.Dir, folder, "leak")
		require.NoError(t, os.WriteFile(leak, append([]byte{7}, n.bytes...), 0o600))
		assert.NotEmpty(t, h.find(files(t, p.w.Dir)[leak]), folder)
	}
}

// TestALeakOnTheLedgerIsFound registers a certificate type under a secret as its name: the way a leak would come about.
func TestALeakOnTheLedgerIsFound(t *testing.T) {
	log := &buffer{}
	p := newPath(t, attest.SuiteStd, log)
	secret := p.secrets.text("leaked name")
	require.NoError(t, p.home.Gateway.AddType(t.Context(), attest.CertificateType{Code: string(freeType), Version: 2, Name: secret,
		Schema: []byte(`{"type":"object"}`), Grades: freeGrades()}))
	require.NoError(t, p.w.Consortium().CaughtUp(t.Context()))
	h := newHaystack(p.secrets.needles())
	places := p.places(log)
	for _, place := range []string{"blocks", "state of the ledger", "index of " + p.home.Code, "index of " + p.abroad.Code} {
		assert.NotEmpty(t, h.find(places[place]), place)
	}
	assert.Empty(t, h.find(places["problems"]))
}
