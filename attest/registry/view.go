package registry

import "github.com/huzheng-ledger/huzheng/attest"

// View is the state as a verifier reads it: a region's index, or a trust snapshot that one exported. A record that is
// not there is nil without an error; an error means that it could not be looked up, and leads to no verdict but
// undetermined. Values are shared and must not be changed. Safe for concurrent use.
type View interface {
	Consortium() (*Consortium, error)
	Region(code string) (*attest.Region, error)
	Key(id string) (*attest.Key, error)
	Authority(code string) (*attest.Authority, error)
	Type(code string, version int) (*attest.CertificateType, error)
	// Batch fills in Block and Tx, where ordering put the batch.
	Batch(id string) (*attest.Batch, error)
	Status(authority string, list, index uint32) ([]attest.Interval, error)
	// Agreements are all versions of all agreements, in the order of their keys.
	Agreements() ([]*attest.Agreement, error)
	// Ledger says how fresh the view is at now (Unix seconds) and which regions agree with it.
	Ledger(now int64) (attest.Ledger, error)
}
