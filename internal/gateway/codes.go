package gateway

import (
	"context"
	"crypto/rand"
	"encoding/json"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/peer"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/redemption"
	"github.com/huzheng-ledger/huzheng/internal/report"
)

// Throttle is how many codes that cannot be used are borne. Zero values take the defaults of proofcode.
type Throttle struct{ Caller, Region proofcode.Limit }

// openCodes puts together both sides of proof codes, and how this gateway shows itself to others.
func (g *Gateway) openCodes() error {
	g.identity = &peer.Identity{Network: g.o.Network, Region: g.o.Region, Signer: g.gwKey.signer, Keys: g.index, Clock: g.o.Clock}
	options := g.o.Peers.Client
	options.Identity, options.Address = g.identity, g.address
	g.peers = peer.NewClient(options)
	g.reporter = report.New(report.Options{Outbox: g.vault, Tell: g.tell, Batch: peer.MaxReports, Log: g.log})
	g.home = proofcode.New(proofcode.Options{Region: g.o.Region, Suite: g.vault.Suite(), Store: g.vault, Presenter: presenter{g},
		Receipts: receiptReader{g}, Random: rand.Reader, Clock: g.o.Clock, Caller: g.o.Throttle.Caller, Gateway: g.o.Throttle.Region})
	var err error
	g.redeemer, err = redemption.New(redemption.Options{Homes: homes{g}, Judge: g.verifier, Store: redemptions{g}, Random: rand.Reader,
		Member: g.member, Audience: g.audience, Clock: g.o.Clock, Limit: g.o.Throttle.Caller})
	return err
}

func (g *Gateway) member(region string) bool {
	r, err := g.index.Region(region)
	return err == nil && r != nil
}

// audience is what presentations to this gateway are bound to: its registered URL.
func (g *Gateway) audience() (string, error) {
	r, err := g.index.Region(g.o.Region)
	if err != nil {
		return "", err
	}
	if r == nil {
		return "", attest.Errorf(attest.CodeRegionUnknown, "the region is not a member of the consortium")
	}
	return r.URL, nil
}

// presenter is proofcode.Presenter over the notary.
type presenter struct{ g *Gateway }

// Present implements proofcode.Presenter.
func (p presenter) Present(ctx context.Context, id string, fields []string, audience, nonce string) ([]byte, error) {
	return p.g.notary.Present(ctx, id, fields, audience, nonce)
}

// Inclusion implements proofcode.Presenter.
func (p presenter) Inclusion(commitment [32]byte) ([]byte, error) {
	r, err := p.g.notary.Receipt(commitment)
	if err != nil {
		return nil, err
	}
	return r.JSON(), nil
}

// receiptReader is proofcode.ReceiptReader over the replica.
type receiptReader struct{ g *Gateway }

// ReadReceipt implements proofcode.ReceiptReader.
func (r receiptReader) ReadReceipt(region string, jws []byte) (receipt *attest.VerificationReceipt, err error) {
	err = r.g.index.Read(func(v registry.View) error {
		receipt, err = registry.VerifyReceipt(v, jws, nil)
		return err
	})
	if err == nil && receipt.Region != region {
		err = attest.Errorf(attest.CodeVerificationReceipt, "the receipt is of another region than reports it")
	}
	return receipt, err
}

// redemptions is redemption.Store over the vault.
type redemptions struct{ g *Gateway }

// Redemption implements redemption.Store.
func (s redemptions) Redemption(op string) (*custody.Redemption, error) {
	return s.g.vault.Redemption(op)
}

// PutRedemption implements redemption.Store.
func (s redemptions) PutRedemption(ctx context.Context, op string, r *custody.Redemption) error {
	return s.g.vault.PutRedemption(ctx, op, r)
}

// Receipt implements redemption.Store.
func (s redemptions) Receipt(id string) ([]byte, error) {
	e, err := s.g.vault.AuditByReceipt(id)
	if err != nil {
		return nil, err
	}
	return e.JWS, nil
}

// Codes is what a citizen does with proof codes. Every method takes the citizen's Subject, and what belongs to another one
// is RECORD_MISSING. Create is idempotent by its operation id.
func (g *Gateway) Codes() *proofcode.Home { return g.home }

// Subject is how a holder is known here: holder type code (GB/T 36904, e.g. 111) and holder code. It is for a citizen who
// has signed in, and never a way to look somebody up.
func (g *Gateway) Subject(typeCode, code string) custody.Subject {
	return g.vault.Subject(typeCode, code)
}

// Redeem redeems a proof code for a verifier of this region. Errors: as redemption.Service's.
func (g *Gateway) Redeem(ctx context.Context, r *redemption.Request) (*redemption.Result, error) {
	out, err := g.redeemer.Redeem(ctx, r)
	if err == nil {
		for _, a := range out.Answers {
			g.observe(a.Verdict)
		}
	}
	return out, err
}

// Uses is a citizen's record of uses (用证记录), the newest first: at most limit entries, before the one of that number (0:
// from the newest on). Errors: the USE_LOG codes where it was tampered with.
func (g *Gateway) Uses(ctx context.Context, s custody.Subject, before uint64, limit int) ([]*custody.Use, error) {
	return g.home.Uses(ctx, s, before, limit)
}

// Held is a certificate as its citizen sees it.
type Held struct {
	*custody.Certificate
	ID     string
	Claims json.RawMessage // everything, as an object
}

// CertificatesOf lists a citizen's certificates, the oldest first.
func (g *Gateway) CertificatesOf(s custody.Subject) ([]Held, error) {
	list, err := g.vault.CertificatesOf(s)
	if err != nil {
		return nil, err
	}
	out := make([]Held, len(list))
	for i, c := range list {
		out[i] = Held{Certificate: c, ID: custody.ID(c.Commitment)}
		claims, err := claimsOf(c)
		if err != nil {
			return nil, err
		}
		out[i].Claims = claims.JSON()
	}
	return out, nil
}

// claimsOf is everything that a certificate says, as its issuer keeps it.
func claimsOf(c *custody.Certificate) (*attest.Claims, error) {
	sd, err := attest.ParseSDJWT(c.SDJWT, attest.Limits{})
	if err != nil {
		return nil, err
	}
	return sd.Process()
}
