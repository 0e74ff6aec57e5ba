package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
)

// The authorities of the tests: public codes, no persons.
const (
	ours   = "11440000MB2D01234X"
	theirs = "11510000MB2D05678W"
	aType  = "11100000000013338W011"
)

// region is a small gateway in memory: it keeps the contracts of the services, and nothing else. Hooks let a test stand
// in the way.
type region struct {
	mu           sync.Mutex
	operations   map[string]done
	certificates map[string]*api.Certificate
	owners       map[string]string // dataset → authority
	rows         map[string][]string
	receipts     map[string]tenantReceipt
	unready      []api.HealthReason
	seen         []api.VerificationRequest

	onVerify   func(ctx context.Context) error
	onLedger   func() (*api.Ledger, error)
	onSnapshot func(w io.Writer) error
}

type done struct {
	request [32]byte
	result  any
}

type tenantReceipt struct {
	tenant  string
	receipt *api.Receipt
}

func newRegion() *region {
	return &region{
		operations: map[string]done{}, certificates: map[string]*api.Certificate{}, owners: map[string]string{},
		rows: map[string][]string{}, receipts: map[string]tenantReceipt{},
	}
}

func (r *region) services() api.Services {
	return api.Services{
		Issuer: r, Status: r, Documents: r, Datasets: r, Agreements: r, Governance: r, Verifier: r, Receipts: r, Printer: r,
		Codes: r, Ledger: r, Trust: r, Readiness: r,
	}
}

func (r *region) PrintCertificate(_ context.Context, id string, _ []string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.certificates[id] == nil {
		return nil, notFound()
	}
	return []byte("%PDF-1.3"), nil
}

func (r *region) PrintReceipt(_ context.Context, id string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.receipts[id]; !ok {
		return nil, notFound()
	}
	return []byte("%PDF-1.3"), nil
}

// once runs a write unless its operation was done before: the contract that every write has.
func once[T any](r *region, op api.Operation, do func() (T, error)) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var none T
	if before, ok := r.operations[op.ID]; ok {
		if before.request != op.Request {
			return none, attest.Errorf(attest.CodeOperationConflict, "the operation was for another request")
		}
		result, _ := before.result.(T)
		return result, nil
	}
	result, err := do()
	if err == nil {
		r.operations[op.ID] = done{op.Request, result}
	}
	return result, err
}

func digestOf(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = io.WriteString(h, p+"\x00")
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func handleOf(s string) string { return digestOf(s)[:22] }

func receiptFor(id, kind string) json.RawMessage {
	raw, _ := json.Marshal(map[string]any{
		"v": 1, "kind": kind, "suite": "std", "batch": handleOf(id), "index": 0, "size": 2, "path": []string{digestOf(id)},
	})
	return raw
}

func notFound() error { return attest.Errorf(attest.CodeNotFound, "the fake has no such thing") }

func (r *region) Issue(_ context.Context, op api.Operation, list []api.NewCertificate) ([]api.IssuedCertificate, error) {
	return once(r, op, func() ([]api.IssuedCertificate, error) {
		issued := make([]api.IssuedCertificate, len(list))
		for i, n := range list {
			if n.Type != aType {
				return nil, api.ItemErrors{{Pointer: "/certificates/0/type", Err: attest.Errorf(attest.CodeTypeUnknown, "not registered")}}
			}
			id := digestOf(op.ID, string(rune('a'+i)))
			r.certificates[id] = &api.Certificate{
				ID: id, Commitment: id, Authority: n.Authority, Type: n.Type, TypeVersion: n.TypeVersion,
				State: api.StateRecorded, SdJWT: "e30.e30.AA~", StatusIndex: int64(i),
			}
			issued[i] = api.IssuedCertificate{ID: id, Commitment: id, State: api.StateRecorded, SdJWT: "e30.e30.AA~", StatusIndex: int64(i)}
		}
		return issued, nil
	})
}

// Await anchors at once, as a quick ledger would.
func (r *region) Await(_ context.Context, ids []string) ([]api.State, error) {
	states := make([]api.State, len(ids))
	for i, id := range ids {
		r.anchor(id)
		states[i] = api.StateAnchored
	}
	return states, nil
}

func (r *region) anchor(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.certificates[id].State, r.certificates[id].Receipt = api.StateAnchored, receiptFor(id, "certificate")
}

func (r *region) Certificate(_ context.Context, id string) (*api.Certificate, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.certificates[id]
	if !ok {
		return nil, notFound()
	}
	out := *c
	return &out, nil
}

func (r *region) Present(_ context.Context, id string, request api.PresentationRequest) (*api.Presentation, error) {
	if request.Nonce == "elsewhere" {
		return nil, attest.Errorf(attest.CodeNotInCustody, "the citizen holds it")
	}
	return &api.Presentation{Presentation: "e30.e30.AA~kb", Receipt: receiptFor(id, "certificate")}, nil
}

func (r *region) SetStatus(_ context.Context, op api.Operation, request api.StatusRequest) (*api.Recorded, error) {
	return once(r, op, func() (*api.Recorded, error) {
		for i, e := range request.Entries {
			c, ok := r.certificates[e.Certificate]
			if e.Certificate != "" && (!ok || c.Authority != request.Authority) {
				return nil, api.ItemErrors{{Pointer: "/entries/" + string(rune('0'+i)) + "/certificate", Err: notFound()}}
			}
		}
		return &api.Recorded{Transaction: "t1", Block: 7}, nil
	})
}

func (r *region) Status(ctx context.Context, id string) (string, *api.CertificateStatus, error) {
	c, err := r.Certificate(ctx, id)
	if err != nil {
		return "", nil, err
	}
	return c.Authority, &api.CertificateStatus{ID: id, StatusIndex: c.StatusIndex}, nil
}

func (r *region) RecordDocument(_ context.Context, op api.Operation, _ string, digest [32]byte) (*api.Document, error) {
	return once(r, op, func() (*api.Document, error) {
		id := digestOf(op.ID)
		return &api.Document{
			ID: id, Salt: handleOf(id), Digest: base64.RawURLEncoding.EncodeToString(digest[:]), Commitment: id, State: api.StateRecorded,
		}, nil
	})
}

func result(code string) *api.CheckResult {
	return &api.CheckResult{
		Result: api.ResultValid, Code: code, Reason: api.Reason{Zh: "有效", En: "valid"}, Height: 9,
		Checks: []api.Check{{Name: "inclusion", Outcome: api.CheckOutcomePass, Code: code, Zh: "通过", En: "passed"}},
	}
}

// CheckDocument answers with the digest that reached it as code, so that a test sees which bytes were hashed.
func (r *region) CheckDocument(_ context.Context, digest [32]byte, _ string, _ json.RawMessage) (*api.CheckResult, error) {
	return result(base64.RawURLEncoding.EncodeToString(digest[:])), nil
}

func (r *region) DatasetOwner(_ context.Context, dataset string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	owner, ok := r.owners[dataset]
	if !ok {
		return "", notFound()
	}
	return owner, nil
}

func (r *region) PublishDataset(_ context.Context, op api.Operation, dataset string, e api.DatasetEntry) (*api.DatasetEntry, error) {
	return once(r, op, func() (*api.DatasetEntry, error) {
		r.owners[dataset] = e.Authority
		e.Dataset = dataset
		return &e, nil
	})
}

func (r *region) AddVersion(_ context.Context, op api.Operation, dataset string, content io.Reader) (*api.DatasetVersion, error) {
	reader := csv.NewReader(content)
	reader.ReuseRecord = true
	rows := int64(-1) // the header is none
	for {
		_, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, attest.Errorf(attest.CodeFieldInvalid, "line %d cannot be read", rows+2)
		}
		rows++
	}
	return once(r, op, func() (*api.DatasetVersion, error) {
		return &api.DatasetVersion{Dataset: dataset, Version: 1, Rows: rows, Commitment: digestOf(dataset), State: api.StateRecorded}, nil
	})
}

func (r *region) ProveRow(_ context.Context, dataset string, version int32, row int64) (api.RowProof, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if version != 1 || row >= int64(len(r.rows[dataset])) {
		return nil, notFound()
	}
	return rowProof(r.rows[dataset][row]), nil
}

func rowProof(values ...string) api.RowProof {
	raw, _ := json.Marshal(map[string]any{
		"v": 1, "header": "e30", "row": values, "index": 0, "salt": handleOf("salt"), "path": []string{digestOf("next")}, "receipt": receiptFor("v", "dataset"),
	})
	return raw
}

func (r *region) CheckRow(context.Context, api.RowProof) (*api.CheckResult, error) {
	return result("OK"), nil
}

func agreement(id string, version int32) *api.Agreement {
	return &api.Agreement{
		ID: id, Version: version, Issuers: []string{"440000"}, Relying: []string{"510000"}, Types: []string{aType},
		Scenarios: []string{"二级建造师执业资格认定"}, From: 1767225600, Approved: []string{"440000"}, State: api.AgreementStateProposed,
	}
}

func (r *region) Agreements(context.Context) ([]api.Agreement, error) {
	return []api.Agreement{*agreement("cross-2026-01", 1)}, nil
}

func (r *region) ProposeAgreement(_ context.Context, op api.Operation, p api.AgreementProposal) (*api.Agreement, error) {
	return once(r, op, func() (*api.Agreement, error) { return agreement(p.ID, p.Version), nil })
}

func (r *region) ApproveAgreement(_ context.Context, op api.Operation, id string, version int32, _ string) (*api.Agreement, error) {
	return once(r, op, func() (*api.Agreement, error) { return agreement(id, version), nil })
}

func (r *region) WithdrawAgreement(_ context.Context, op api.Operation, id string, version int32, ends int64) (*api.Agreement, error) {
	return once(r, op, func() (*api.Agreement, error) {
		a := agreement(id, version)
		a.State, a.Ends = api.AgreementStateWithdrawn, ends
		return a, nil
	})
}

func verification(id string) *api.Verification {
	v := &api.Verification{
		Result: api.ResultValid, Code: "OK", Reason: api.Reason{Zh: "有效", En: "valid"}, Claims: json.RawMessage(`{"certificateHolderName":"张三"}`),
		Certificate: api.CertificateFacts{Commitment: digestOf(id), Authority: ours, Region: "440000", Type: aType, TypeVersion: 1},
		Agreement:   api.AgreementRef{ID: "cross-2026-01", Version: 1}, Height: 42, ReceiptID: handleOf(id), Receipt: "e30.e30.AA",
		Witness: api.WitnessState{Agreeing: []string{"440000", "510000"}, Regions: 4, AgreedHeight: 41},
	}
	for _, name := range []string{
		"parse", "issuer_signature", "inclusion", "key_in_force", "authority_accredited", "validity_period", "status", "dispute",
		"holder_binding", "recognition", "index_freshness", "witness_agreement",
	} {
		v.Checks = append(v.Checks, api.Check{Name: name, Outcome: api.CheckOutcomePass, Code: "OK", Detail: "batch 3q2, leaf 1", Zh: "通过", En: "passed"})
	}
	return v
}

func (r *region) Verify(ctx context.Context, caller *api.Caller, request *api.VerificationRequest) (*api.Verification, error) {
	if r.onVerify != nil {
		if err := r.onVerify(ctx); err != nil {
			return nil, err
		}
	}
	v := verification(request.Presentation)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, *request)
	r.receipts[v.ReceiptID] = tenantReceipt{caller.Tenant, &api.Receipt{ID: v.ReceiptID, Receipt: v.Receipt, State: api.StateAnchored}}
	return v, nil
}

func (r *region) VerifyMany(ctx context.Context, caller *api.Caller, requests []api.VerificationRequest) ([]api.Judged, error) {
	judged := make([]api.Judged, len(requests))
	for i := range requests {
		if requests[i].Nonce == "refuse" {
			judged[i].Err = attest.Errorf(attest.CodeTypeUnknown, "refused by the fake")
			continue
		}
		judged[i].Verification, judged[i].Err = r.Verify(ctx, caller, &requests[i])
	}
	return judged, nil
}

func (r *region) HolderOf(_ context.Context, certificate string) (string, api.Holder, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.certificates[certificate]
	if !ok {
		return "", api.Holder{}, notFound()
	}
	return c.Authority, api.Holder{1}, nil
}

// code is the one code that there is, of every certificate's one holder.
func code() *api.ProofCode {
	return &api.ProofCode{ID: handleOf("code"), State: api.ProofCodeStateActive, Remaining: 1, Uses: 1, Created: 1767225600, Expires: 1767226200,
		Code: "44-0410-6105-Y", CodeUntil: 1767226200, Face: "HZ1:44:68V7NFP30X5RZN0RBJGEAABDP7:0:ZTEBFX6MX6KX6GKF", FaceUntil: 1767225630,
		UseCause: "办理", Scenario: "二级建造师执业资格认定", Audience: api.CodeAudience{Kind: api.CodeAudienceKindAny},
		Certificates: []api.ShownCertificate{{Certificate: digestOf("file"), Fields: []string{"certificateHolderName"}}}}
}

func (r *region) CreateCode(_ context.Context, op api.Operation, _ api.Holder, _ api.NewProofCode) (*api.ProofCode, error) {
	return once(r, op, func() (*api.ProofCode, error) { return code(), nil })
}

func (r *region) Codes(context.Context, api.Holder) ([]api.ProofCode, error) {
	return []api.ProofCode{*code()}, nil
}

func (r *region) CodeHolder(_ context.Context, id string) (string, api.Holder, error) {
	if id != handleOf("code") {
		return "", api.Holder{}, notFound()
	}
	return ours, api.Holder{1}, nil
}

func (r *region) Code(context.Context, api.Holder, string) (*api.ProofCode, error) {
	return code(), nil
}

func (r *region) CancelCode(context.Context, api.Holder, string) (*api.ProofCode, error) {
	c := code()
	c.State = api.ProofCodeStateCancelled
	return c, nil
}

func (r *region) RedeemCode(_ context.Context, op api.Operation, _ *api.Caller, request api.RedemptionRequest) (*api.Redemption, error) {
	return once(r, op, func() (*api.Redemption, error) {
		if request.Code == "44-0410-6105-Z" {
			return nil, attest.Errorf(attest.CodeProofCodeUnusable, "refused by the fake")
		}
		return &api.Redemption{Result: api.ResultValid, Code: "OK", Reason: api.Reason{Zh: "有效", En: "valid"}, Home: "440000", Consumed: true,
			Verifications: []api.Verification{*verification("redeemed")}}, nil
	})
}

func (r *region) Receipt(_ context.Context, id string) (string, *api.Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, ok := r.receipts[id]
	if !ok {
		return "", nil, notFound()
	}
	return kept.tenant, kept.receipt, nil
}

func (r *region) ReceiptInclusion(_ context.Context, id string) (api.InclusionReceipt, error) {
	return receiptFor(id, "receipt"), nil
}

func (r *region) Ledger(context.Context) (*api.Ledger, error) {
	if r.onLedger != nil {
		return r.onLedger()
	}
	return &api.Ledger{Network: "test", Region: "440000", Height: 42, Digest: digestOf("42"), Witness: api.WitnessState{Regions: 4}}, nil
}

func (r *region) Batch(_ context.Context, id string) (*api.Batch, error) {
	if id != handleOf("batch") {
		return nil, attest.Errorf(attest.CodeBatchUnknown, "no batch of this id is anchored")
	}
	return &api.Batch{ID: id, Kind: api.BatchKindCertificate, Suite: api.SuiteStd, Key: ours + "#1", Root: digestOf("root"), Size: 2, Types: []string{aType}}, nil
}

func (r *region) Types(context.Context) ([]api.CertificateType, error) {
	return []api.CertificateType{{
		Code: aType, Version: 1, Name: "二级建造师注册证书", Schema: json.RawMessage(`{"type":"object"}`),
		Grades: map[string]string{"certificateHolderName": "important"},
	}}, nil
}

func (r *region) Regions(context.Context) ([]api.Region, error) {
	return []api.Region{{Code: "440000", Name: "广东省", URL: "https://gw.440000.example"}}, nil
}

func authority(code string) api.Authority {
	return api.Authority{
		Code: code, Name: "某机关", Region: "440000", Division: "440100", Issuer: "https://gw.440000.example/v1/authorities/" + code,
		Types: []string{aType}, State: api.AuthorityStateActive,
	}
}

func (r *region) Authorities(context.Context) ([]api.Authority, error) {
	return []api.Authority{authority(ours)}, nil
}

func (r *region) Authority(_ context.Context, uscc string) (*api.Authority, error) {
	if uscc != ours {
		return nil, notFound()
	}
	a := authority(uscc)
	return &a, nil
}

func (r *region) IssuerMetadata(_ context.Context, uscc string) (*api.IssuerMetadata, error) {
	if uscc != ours {
		return nil, notFound()
	}
	return &api.IssuerMetadata{Issuer: authority(uscc).Issuer, JWKS: api.JWKSet{Keys: []json.RawMessage{json.RawMessage(`{"kty":"EC"}`)}}}, nil
}

func (r *region) StatusList(_ context.Context, uscc string, list uint32) ([]byte, time.Duration, error) {
	if uscc != ours || list != 0 {
		return nil, 0, notFound()
	}
	return []byte("e30.e30.AA"), time.Minute, nil
}

func (r *region) Snapshot(_ context.Context, w io.Writer) error {
	if r.onSnapshot != nil {
		return r.onSnapshot(w)
	}
	_, err := io.Copy(w, bytes.NewReader(make([]byte, 1<<16)))
	return err
}

func (r *region) Unready(context.Context) []api.HealthReason { return r.unready }

var errDisk = errors.New("disk of 张三 is on fire") // an error that must not reach a client

func sha256Of(content []byte) string {
	sum := sha256.Sum256(content)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
