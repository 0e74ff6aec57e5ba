package offline

import (
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// nothing is a view of a ledger that all regions agree on and nothing is on.
type nothing struct{}

func (nothing) Consortium() (*registry.Consortium, error)                { return nil, nil }
func (nothing) Region(string) (*attest.Region, error)                    { return nil, nil }
func (nothing) Key(string) (*attest.Key, error)                          { return nil, nil }
func (nothing) Authority(string) (*attest.Authority, error)              { return nil, nil }
func (nothing) Type(string, int) (*attest.CertificateType, error)        { return nil, nil }
func (nothing) Batch(string) (*attest.Batch, error)                      { return nil, nil }
func (nothing) Status(string, uint32, uint32) ([]attest.Interval, error) { return nil, nil }
func (nothing) Agreements() ([]*attest.Agreement, error)                 { return nil, nil }
func (nothing) Ledger(int64) (attest.Ledger, error) {
	return attest.Ledger{Height: 1, Regions: 1, Agreeing: []string{"440000"}, AgreedHeight: 1}, nil
}
