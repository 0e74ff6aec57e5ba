package gateway

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/index"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/vault"
)

// Names of the region's own keys, as a new gateway makes them.
const (
	governName  = "gov-1"
	gatewayName = "gw-1"
	issuingName = "1"
)

// Place is where a gateway keeps its things. Keyring must lie outside Dir: it holds what makes Dir readable.
type Place struct {
	Dir     string // vault, index, signing keys and API credentials
	Keyring string // the subjects' keys and the head of the audit log
	Master  *keys.Master
}

// VaultDir is the folder of the vault.
func (p *Place) VaultDir() string { return filepath.Join(p.Dir, "vault") }

// IndexDir is the folder of the replica; it can be rebuilt from the ledger.
func (p *Place) IndexDir() string { return filepath.Join(p.Dir, "index") }

// KeysDir is the folder of the signing keys, each sealed under the master key.
func (p *Place) KeysDir() string { return filepath.Join(p.Dir, "keys") }

// CredentialsFile holds the API keys, hashed.
func (p *Place) CredentialsFile() string { return filepath.Join(p.Dir, "credentials.json") }

// Create makes the empty stores of a region's gateway and the keys that the region will be registered with, and returns
// what it brings to a charter or an admission. A folder that holds something is refused.
func Create(p Place, suite attest.Suite, region attest.Region) (*registry.Founder, error) {
	entries, err := os.ReadDir(p.Dir)
	switch {
	case err == nil && len(entries) > 0:
		return nil, attest.Errorf(attest.CodeStoreExists, "the data folder is not empty; choose another, or open it")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := vault.Create(vault.Options{Dir: p.VaultDir(), Keyring: p.Keyring, Master: p.Master, Suite: suite}); err != nil {
		return nil, err
	}
	if err := createIndex(p.IndexDir()); err != nil {
		return nil, err
	}
	if _, err := credentials.Create(p.CredentialsFile(), time.Now); err != nil {
		return nil, err
	}
	return createKeys(p, suite, region)
}

func createIndex(dir string) error {
	x, err := index.Create(dir, index.Options{})
	if err != nil {
		return err
	}
	return x.Close()
}

func createKeys(p Place, suite attest.Suite, region attest.Region) (*registry.Founder, error) {
	store, err := keys.CreateStore(p.KeysDir(), p.Master)
	if err != nil {
		return nil, err
	}
	founder := &registry.Founder{Region: region}
	for _, k := range []struct {
		name string
		use  attest.KeyUse
	}{{governName, attest.UseGovern}, {gatewayName, attest.UseGateway}} {
		signer, err := store.Generate(suite, registry.KeyID(region.Code, k.name))
		if err != nil {
			return nil, err
		}
		founder.Keys = append(founder.Keys, registry.NewKey{Name: k.name, Use: k.use, Public: signer.Public()})
	}
	return founder, nil
}
