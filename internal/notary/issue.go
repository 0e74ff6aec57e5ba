package notary

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

// Issued is a certificate that is durable here. The ledger learns of it soon: see State.
type Issued struct {
	ID         string // custody.ID of Commitment
	Commitment [32]byte
	SDJWT      []byte // with all disclosures
	Authority  string
	Status     custody.StatusSlot
	Custody    bool // the holder's key is kept here
	State      State
}

// Issue checks, signs and records all of the requests or none of them, and returns in their order once they are durable.
// It does not wait for the ledger. op is the operation: with the same requests it gives the same certificates again.
//
// Errors: RequestErrors where requests are refused; OPERATION_CONFLICT, OPERATION_MISSING, REQUESTS_NONE,
// REQUESTS_TOO_MANY; SUBJECT_SHREDDED where a repeated operation's certificates were erased since; the store's.
func (n *Notary) Issue(ctx context.Context, op string, reqs []IssueRequest) ([]Issued, error) {
	n.signing.RLock()
	defer n.signing.RUnlock()
	if err := count(len(reqs), n.o.MaxRequests); err != nil {
		return nil, err
	}
	known, err := n.d.Store.Operation(op)
	if err != nil {
		return nil, err
	}
	if known != nil {
		return n.repeat(known, reqs)
	}
	return n.issue(ctx, op, reqs)
}

func (n *Notary) issue(ctx context.Context, op string, reqs []IssueRequest) ([]Issued, error) {
	now := n.d.Now()
	batch, err := n.checkAll(reqs, now)
	if err != nil {
		return nil, err
	}
	reserved, err := n.reserve(batch)
	if err != nil {
		return nil, err
	}
	certs, recorded, err := n.record(ctx, op, batch, now.Unix())
	if err != nil || recorded.Repeat {
		n.release(reserved)
	}
	switch {
	case err != nil:
		return nil, err
	case recorded.Repeat: // somebody else was first with the same operation
		return n.repeat(recorded, reqs)
	}
	out := make([]Issued, len(certs))
	for i, c := range certs {
		out[i] = issued(c, State{Progress: Recorded})
	}
	return out, nil
}

func count(requests, limit int) error {
	switch {
	case requests == 0:
		return attest.Errorf(attest.CodeRequestsNone, "nothing is asked for")
	case requests > limit:
		return attest.Errorf(attest.CodeRequestsTooMany, "at most %d requests are taken in one call", limit)
	}
	return nil
}

// record signs and stores.
func (n *Notary) record(ctx context.Context, op string, batch []*prepared, now int64) ([]*custody.Certificate, *custody.Operation, error) {
	certs, err := n.signAll(batch, now)
	if err != nil {
		return nil, nil, err
	}
	recorded, err := n.d.Store.AddCertificates(ctx, op, certs)
	return certs, recorded, err
}

func issued(c *custody.Certificate, s State) Issued {
	return Issued{ID: custody.ID(c.Commitment), Commitment: c.Commitment, SDJWT: c.SDJWT, Authority: c.Authority,
		Status: c.Status, Custody: c.HolderKey != nil, State: s}
}

// repeat gives what an operation recorded, provided that it was this one.
func (n *Notary) repeat(op *custody.Operation, reqs []IssueRequest) ([]Issued, error) {
	if len(op.Places) != len(reqs) {
		return nil, conflict()
	}
	out := make([]Issued, len(reqs))
	for i, p := range op.Places {
		c, err := n.d.Store.CertificateAt(p)
		if attest.CodeOf(err) == attest.CodeRecordMissing { // the operation recorded something else
			return nil, conflict()
		}
		if err != nil {
			return nil, err
		}
		if c.Request != reqs[i].digest() {
			return nil, conflict()
		}
		state, err := n.StateAt(p)
		if err != nil {
			return nil, err
		}
		out[i] = issued(c, state)
	}
	return out, nil
}

func conflict() error {
	return attest.Errorf(attest.CodeOperationConflict, "this operation id was used for another request")
}

// checkAll prepares every request, on every core, and gathers what is refused.
func (n *Notary) checkAll(reqs []IssueRequest, now time.Time) ([]*prepared, error) {
	out := make([]*prepared, len(reqs))
	faults := make([]error, len(reqs))
	inParallel(len(reqs), func(i int) bool {
		out[i], faults[i] = n.check(&reqs[i], now)
		return true
	})
	var refused RequestErrors
	for i, err := range faults {
		if err == nil {
			continue
		}
		e := &RequestError{Index: i, Err: err}
		var at *fieldError
		if errors.As(err, &at) {
			e.Field, e.Err = at.field, at.err
		}
		refused = append(refused, e)
	}
	if refused != nil {
		return nil, refused
	}
	return out, n.nameSubjects(out)
}

// nameSubjects gives every certificate the subject whose key seals it; one whose fields name no holder has a key of its
// own.
func (n *Notary) nameSubjects(batch []*prepared) error {
	for _, p := range batch {
		if p.holder.code != "" {
			p.subject = n.d.Store.Subject(p.holder.typeCode, p.holder.code)
			continue
		}
		if _, err := io.ReadFull(n.d.Salts, p.subject[:]); err != nil {
			return attest.Errorf(attest.CodeInternal, "the source of randomness failed: %v", err)
		}
	}
	return nil
}

// reserve draws status slots, authority by authority.
func (n *Notary) reserve(batch []*prepared) (map[string][]custody.StatusSlot, error) {
	byAuthority := map[string][]*prepared{}
	for _, p := range batch {
		byAuthority[p.request.Authority] = append(byAuthority[p.request.Authority], p)
	}
	reserved := map[string][]custody.StatusSlot{}
	for authority, list := range byAuthority {
		slots, err := n.d.Store.ReserveStatus(authority, len(list), n.d.Salts)
		if err != nil {
			n.release(reserved)
			return nil, err
		}
		reserved[authority] = slots
		for i, p := range list {
			p.status = slots[i]
		}
	}
	return reserved, nil
}

func (n *Notary) release(reserved map[string][]custody.StatusSlot) {
	for authority, slots := range reserved {
		n.d.Store.ReleaseStatus(authority, slots)
	}
}

// signAll signs on every core.
func (n *Notary) signAll(batch []*prepared, now int64) ([]*custody.Certificate, error) {
	certs := make([]*custody.Certificate, len(batch))
	faults := make([]error, len(batch))
	inParallel(len(batch), func(i int) bool {
		certs[i], faults[i] = n.sign(batch[i], now)
		return faults[i] == nil
	})
	return certs, errors.Join(faults...)
}

func (n *Notary) sign(p *prepared, now int64) (*custody.Certificate, error) {
	c := &custody.Certificate{Queue: p.issuer.queue(attest.KindCertificate), Authority: p.request.Authority, Type: p.request.Type,
		Version: p.request.Version, Subject: p.subject, Status: p.status, Created: now, Request: p.digest}
	holder := p.request.Holder
	if holder == nil {
		signer, private, err := keys.Generate(c.Queue.Suite, "holder")
		if err != nil {
			return nil, err
		}
		holder, c.HolderKey = signer.Public(), private
	}
	sdjwt, jwt, err := attest.IssueCertificate(&attest.Certificate{
		Issuer: p.issuer.authority.Issuer, Type: p.request.Type, TypeVersion: p.request.Version, IssuedAt: now,
		NotBefore: p.request.NotBefore, Expires: p.request.Expires, Holder: holder,
		StatusList: p.status.List, StatusIndex: p.status.Index, Fields: p.fields,
	}, p.issuer.signer, n.d.Salts)
	if err != nil {
		return nil, err
	}
	c.SDJWT = sdjwt
	c.Commitment = attest.CommitCertificate(c.Queue.Suite, jwt)
	return c, nil
}

// inParallel runs do for 0 … count−1 on every core, until one returns false.
func inParallel(count int, do func(i int) bool) {
	workers := min(runtime.GOMAXPROCS(0), count)
	if workers == 1 {
		for i := 0; i < count && do(i); i++ {
		}
		return
	}
	var next atomic.Int64
	var stop atomic.Bool
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(count) && !stop.Load(); i = next.Add(1) - 1 {
				if !do(int(i)) {
					stop.Store(true)
				}
			}
		})
	}
	wait.Wait()
}
