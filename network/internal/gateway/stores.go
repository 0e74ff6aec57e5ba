package gateway

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
)

// Stores says what a region's gateway is made with.
type Stores struct {
	Files   layout.Gateway
	Region  string // code
	Network string // id of the consortium
	URL     string // what it issues names this
	Listen  string // host:port
	TLS     bool   // whether it shows its TLS certificate, or serves in the clear on this machine
}

// Make makes a region's stores, keys and configuration, where they are not there. Stores that were not finished hold nothing
// that anybody has seen, and are made anew; the master key stays.
func (p Program) Make(ctx context.Context, s Stores) error {
	if exists(s.Files.Config()) && !exists(s.Files.Unfinished()) {
		return nil
	}
	if err := s.clear(); err != nil {
		return err
	}
	if err := pki.WriteFile(s.Files.Unfinished(), nil); err != nil {
		return err
	}
	args := []string{
		"init", "--data", s.Files.Data(), "--region", s.Region, "--connection", s.Files.Connection(),
		"--network", s.Network, "--url", s.URL, "--listen", s.Listen, "--master-key", s.Files.MasterKey(),
	}
	if s.TLS {
		args = append(args, "--tls-certificate", s.Files.TLSCert(), "--tls-key", s.Files.TLSKey())
	}
	if _, err := p.run(ctx, nil, args...); err != nil {
		return err
	}
	return os.Remove(s.Files.Unfinished())
}

// clear removes what an interrupted Make has left. Anything else is somebody's.
func (s Stores) clear() error {
	if !exists(s.Files.Unfinished()) {
		for _, dir := range []string{s.Files.Data(), s.Files.Keyring()} {
			if exists(dir) {
				return fmt.Errorf("%s holds something that is not a gateway's finished stores: restore them from a backup, or move it away", dir)
			}
		}
		return nil
	}
	return errors.Join(os.RemoveAll(s.Files.Data()), os.RemoveAll(s.Files.Keyring()))
}
