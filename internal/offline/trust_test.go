package offline_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/offline"
)

// exported is a snapshot of a region's own consortium, and the key that signed it.
func exported(t *testing.T, region string) ([]byte, *attest.PublicKey) {
	t.Helper()
	dir := t.TempDir()
	place := gateway.Place{Dir: filepath.Join(dir, "data"), Keyring: filepath.Join(dir, "keyring")}
	var err error
	place.Master, err = keys.NewMaster(bytes.Repeat([]byte{7}, keys.MasterSize))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := consortium.Found(ctx, &consortium.Plan{Network: "test", Suite: attest.SuiteStd, LedgerDir: filepath.Join(dir, "ledger"),
		Members: []consortium.Member{{Place: place, Region: attest.Region{Code: region, Name: region, MSP: consortium.MSP(region),
			URL: "https://" + region + ".example"}}}, WitnessEvery: 10 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	g := c.Gateway(region)
	require.NoError(t, c.Fresh(ctx, g))
	var out bytes.Buffer
	require.NoError(t, g.Snapshot(&out))
	key, err := g.Index().Key(registry.KeyID(region, "gw-1"))
	require.NoError(t, err)
	require.NotNil(t, key)
	require.NoError(t, c.Close())
	return out.Bytes(), key.Public
}

func TestASnapshotIsTrustedForThePinnedKeyAlone(t *testing.T) {
	snapshot, key := exported(t, "440000")
	trust, err := offline.Open(bytes.NewReader(snapshot), key)
	require.NoError(t, err)
	assert.Equal(t, "440000", trust.Region)
	assert.Equal(t, "440000#gw-1", trust.KeyID)
	assert.Equal(t, "test", trust.Network)
	assert.WithinDuration(t, time.Now(), trust.AsOf, time.Minute)

	_, other := exported(t, "510000")
	_, err = offline.Open(bytes.NewReader(snapshot), other)
	assert.Equal(t, attest.CodeSignature, attest.CodeOf(err))

	for at := 0; at < len(snapshot); at += 1 + len(snapshot)/97 {
		changed := bytes.Clone(snapshot)
		changed[at] ^= 1
		opened, err := offline.Open(bytes.NewReader(changed), key)
		if err == nil { // a byte of the packing that says nothing, such as its time stamp
			assert.Equal(t, trust.Height, opened.Height, "byte %d", at)
		}
	}
	for cut := range 32 {
		_, err := offline.Open(bytes.NewReader(snapshot[:len(snapshot)*cut/32]), key)
		assert.Error(t, err)
	}
}

func TestTheSignatureHasOneName(t *testing.T) {
	assert.Equal(t, gateway.TypeSnapshot, offline.TypeSnapshot)
}

func TestKeysToPin(t *testing.T) {
	_, key := exported(t, "440000")
	jwk := string(key.JWK())
	for text, ok := range map[string]bool{
		jwk: true, jwk + "\n": true, `{"keys":[` + jwk + `]}`: true, `{"keys":[` + jwk + `,` + jwk + `]}`: false, `{"keys":[]}`: false,
		"": false, `{"kty":"oct","k":"AA"}`: false,
	} {
		got, err := offline.ParseKey([]byte(text))
		assert.Equal(t, ok, err == nil, text)
		if ok && err == nil {
			assert.True(t, key.Equal(got))
		}
	}
}
