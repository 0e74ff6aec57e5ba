package redemption

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"io"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/huzheng-ledger/huzheng/attest"
	code "github.com/huzheng-ledger/huzheng/attest/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/custody"
	"github.com/huzheng-ledger/huzheng/internal/peer"
	"github.com/huzheng-ledger/huzheng/internal/proofcode"
	"github.com/huzheng-ledger/huzheng/internal/verify"
)

// Homes are the regions' gateways, the own one among them. Every call may be repeated. Errors: as peer.Client's.
type Homes interface {
	Redeem(ctx context.Context, home string, r *peer.Redeem) (*peer.Reserved, error)
	Consume(ctx context.Context, home string, u *peer.Use) error
	Release(ctx context.Context, home string, u *peer.Use) error
}

// Judge judges a presentation; its record is durable when it answers.
type Judge interface {
	Verify(ctx context.Context, s *verify.Submission) (*verify.Answer, error)
}

// Store remembers redemptions. PutRedemption is durable when it returns; Redemption gives nil for an operation that is not
// known; Receipt is a verification receipt by its id: RECORD_MISSING.
type Store interface {
	Redemption(op string) (*custody.Redemption, error)
	PutRedemption(ctx context.Context, op string, r *custody.Redemption) error
	Receipt(id string) ([]byte, error)
}

// Options of a Service. All but Limit are needed.
type Options struct {
	Homes    Homes
	Judge    Judge
	Store    Store
	Member   func(region string) bool // of the consortium
	Audience func() (string, error)   // what presentations to this gateway are bound to
	Random   io.Reader                // cryptographic
	Clock    func() time.Time
	Limit    proofcode.Limit // of wrong attempts of one caller; zero: proofcode.CallerLimit
}

// Service redeems codes. Safe for concurrent use.
type Service struct {
	o        Options
	callers  *proofcode.Throttle
	flights  singleflight.Group
	answers  answers
	blinding [32]byte // of callers' names
}

// New makes a Service.
func New(o Options) (*Service, error) {
	if o.Limit == (proofcode.Limit{}) {
		o.Limit = proofcode.CallerLimit
	}
	s := &Service{o: o, callers: proofcode.NewThrottle(o.Limit)}
	_, err := io.ReadFull(o.Random, s.blinding[:])
	return s, err
}

// Request is a redemption.
type Request struct {
	Operation  string // the same one once more is the same redemption
	Code       string // the short form as typed, or a face as scanned
	UseCause   string // empty: the code's
	Scenario   string // empty: the code's; another one than the code's makes it unusable
	Credential string // id of the API credential; empty: none
	CaseNumber string // the verifier's own reference, for its record alone; empty: none
	Address    string // whose wrong attempts these are, where many share a credential or have none; empty: the credential's
	Verifier   string // the name that the citizen sees
	Tenant     string
	Office     string // USCC; the caller has shown that it acts for it
}

func (r *Request) digest() [32]byte {
	b := []byte("huzheng/v1/redemption request\x00")
	for _, s := range []string{r.Code, r.UseCause, r.Scenario, r.Credential, r.Office} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return sha256.Sum256(b)
}

// Result is what a redemption came to. Result and Code are those of the first certificate that is not valid; where nothing
// could be learnt from the home, Answers is empty and Code says why.
type Result struct {
	Result   attest.Result
	Code     attest.Code
	Home     string // division code
	UseCause string
	Scenario string
	Consumed bool // the use counts
	Answers  []*verify.Answer
}

// Redeem redeems a code. Errors: PROOF_CODE_FORMAT, PROOF_CODE_UNUSABLE, RATE_LIMITED, OPERATION_CONFLICT, FIELD_INVALID,
// the stores' own. A home that fails is no error but undetermined.
func (s *Service) Redeem(ctx context.Context, r *Request) (*Result, error) {
	caller := s.caller(r)
	if s.callers.Wait(caller, s.o.Clock()) > 0 {
		return nil, attest.Errorf(attest.CodeRateLimited, "too many codes that cannot be used")
	}
	// One at a time of an operation: whoever repeats it while it runs waits for the same answer.
	out, err, _ := s.flights.Do(r.Operation, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightTime)
		defer cancel()
		return s.redeem(ctx, r, caller)
	})
	switch attest.CodeOf(err) {
	case attest.CodeProofCodeFormat, attest.CodeProofCodeUnusable:
		s.callers.Wrong(caller, s.o.Clock())
	}
	result, _ := out.(*Result)
	return result, err
}

const flightTime = 20 * time.Second

// caller names who asks without telling: not to the home, and not from one run to the next.
func (s *Service) caller(r *Request) string {
	h := hmac.New(sha256.New, s.blinding[:])
	name := "credential\x00" + r.Credential
	if r.Address != "" {
		name = "address\x00" + r.Address
	}
	_, _ = io.WriteString(h, name)
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// homeOf reads the region from a code.
func homeOf(text string) (string, error) {
	if code.IsFace(text) {
		f, err := code.ParseFace(text)
		return f.Region(), err
	}
	c, err := code.ParseShort(text)
	return c.Region(), err
}

func (s *Service) redeem(ctx context.Context, r *Request, caller string) (*Result, error) {
	home, err := homeOf(r.Code)
	if err != nil {
		return nil, err
	}
	if !s.o.Member(home) {
		return nil, attest.Errorf(attest.CodeProofCodeUnusable, "the code is of no region of this consortium")
	}
	known, err := s.o.Store.Redemption(r.Operation)
	if err != nil {
		return nil, err
	}
	if known == nil {
		return s.first(ctx, r, home, caller)
	}
	if known.Request != r.digest() {
		return nil, attest.Errorf(attest.CodeOperationConflict, "this operation id was used for another request")
	}
	result, err := s.again(ctx, r, known, caller)
	if err == nil && result.Code == attest.CodeRedemptionLapsed { // the use was given back: this is a new one
		return s.first(ctx, r, home, caller)
	}
	return result, err
}

// first asks the home, judges, and consumes.
func (s *Service) first(ctx context.Context, r *Request, home, caller string) (*Result, error) {
	reserved, request, failed, err := s.reserve(ctx, r, home, caller)
	if err != nil || failed != nil {
		return failed, err
	}
	use := &peer.Use{Operation: r.Operation, Code: reserved.Code, Number: reserved.Number}
	result := &Result{Home: home, UseCause: request.UseCause, Scenario: request.Scenario}
	for i := range reserved.Items {
		answer, err := s.o.Judge.Verify(ctx, &verify.Submission{Presentation: reserved.Items[i].Presentation,
			Receipt: reserved.Items[i].Receipt, Credential: r.Credential, CaseNumber: r.CaseNumber, Request: request})
		if err != nil {
			_ = s.o.Homes.Release(ctx, home, use) // its time-out gives it back in any case
			return nil, err
		}
		result.Answers = append(result.Answers, answer)
	}
	result.sum()
	if !result.definite() {
		_ = s.o.Homes.Release(ctx, home, use)
		return result.veiled(), nil
	}
	put := &custody.Redemption{Request: r.digest(), Home: home, Code: reserved.Code, Number: reserved.Number}
	for _, a := range result.Answers {
		put.Receipts = append(put.Receipts, a.ReceiptID)
		use.Receipts = append(use.Receipts, a.Receipt)
	}
	if err := s.o.Store.PutRedemption(ctx, r.Operation, put); err != nil {
		return nil, err
	}
	return s.consume(ctx, r.Operation, result, use), nil
}

// reserve has the home take a use and present. failed is the answer where it does not.
func (s *Service) reserve(ctx context.Context, r *Request, home, caller string) (*peer.Reserved, attest.Request, *Result, error) {
	request := attest.Request{Verifier: r.Verifier, UseCause: r.UseCause, Scenario: r.Scenario, Relayed: true}
	var err error
	if request.Audience, err = s.o.Audience(); err != nil {
		return nil, request, nil, err
	}
	var nonce [16]byte
	if _, err := io.ReadFull(s.o.Random, nonce[:]); err != nil {
		return nil, request, nil, attest.Errorf(attest.CodeInternal, "the source of randomness failed: %v", err)
	}
	request.Nonce = base64.RawURLEncoding.EncodeToString(nonce[:])
	reserved, err := s.o.Homes.Redeem(ctx, home, &peer.Redeem{Operation: r.Operation, Code: r.Code, Caller: caller, Verifier: r.Verifier,
		Office: r.Office, Tenant: r.Tenant, Scenario: r.Scenario, Audience: request.Audience, Nonce: request.Nonce})
	if err == nil && !sensible(reserved, r) {
		err = attest.Errorf(attest.CodeRegionAnswer, "the home presents nothing that fits the request")
	}
	switch c := attest.CodeOf(err); c {
	case "":
	case attest.CodeProofCodeUnusable, attest.CodeRateLimited, attest.CodeFieldInvalid:
		return nil, request, nil, err
	default:
		return nil, request, undetermined(home, c), nil
	}
	request.Scenario = reserved.Scenario
	if request.UseCause == "" {
		request.UseCause = reserved.UseCause
	}
	return reserved, request, nil, nil
}

func sensible(reserved *peer.Reserved, r *Request) bool {
	asked := attest.Request{UseCause: reserved.UseCause, Scenario: reserved.Scenario}
	return len(reserved.Items) > 0 && len(reserved.Items) <= proofcode.MaxShown && asked.Validate() == nil &&
		(r.Scenario == "" || r.Scenario == reserved.Scenario)
}

// undetermined is the answer where the home gave none to rely on.
func undetermined(home string, c attest.Code) *Result {
	switch c {
	case attest.CodeRegionUnreachable, attest.CodeRegionSlow, attest.CodeRegionPaused, attest.CodeRegionIdentity, attest.CodeRegionAnswer,
		attest.CodeRedemptionLapsed, attest.CodeRedemptionUnconfirmed:
	default:
		c = attest.CodeRegionUnreachable
	}
	return &Result{Result: attest.Undetermined, Code: c, Home: home}
}

func (r *Result) sum() {
	r.Result, r.Code = attest.Valid, attest.CodeOK
	for _, a := range r.Answers {
		if a.Verdict.Result != attest.Valid {
			r.Result, r.Code = a.Verdict.Result, a.Verdict.Code
			return
		}
	}
}

func (r *Result) definite() bool {
	for _, a := range r.Answers {
		if a.Verdict.Result != attest.Undetermined {
			return true
		}
	}
	return false
}

// veiled takes away what was shown: where there is no verdict, there was no use.
func (r *Result) veiled() *Result {
	for i, a := range r.Answers {
		bare := *a
		bare.Claims, bare.Profile = nil, nil
		r.Answers[i] = &bare
	}
	return r
}

// consume asks for the acknowledgement without which no verdict is told.
func (s *Service) consume(ctx context.Context, op string, result *Result, use *peer.Use) *Result {
	switch err := s.o.Homes.Consume(ctx, result.Home, use); attest.CodeOf(err) {
	case "":
		result.Consumed = true
		s.answers.put(op, result, s.o.Clock())
		return result
	case attest.CodeRedemptionLapsed:
		return undetermined(result.Home, attest.CodeRedemptionLapsed)
	default:
		s.answers.hold(op, result, s.o.Clock())
		return undetermined(result.Home, attest.CodeRedemptionUnconfirmed)
	}
}

// again ends a redemption whose verdict was made before.
func (s *Service) again(ctx context.Context, r *Request, known *custody.Redemption, caller string) (*Result, error) {
	result, told := s.answers.get(r.Operation, s.o.Clock())
	if told {
		return result, nil
	}
	use := &peer.Use{Operation: r.Operation, Code: known.Code, Number: known.Number}
	rebuilt := &Result{Home: known.Home}
	for _, id := range known.Receipts {
		jws, err := s.o.Store.Receipt(id)
		if err != nil {
			return nil, err
		}
		receipt, _, err := attest.ParseVerificationReceipt(jws)
		if err != nil {
			return nil, err
		}
		rebuilt.UseCause, rebuilt.Scenario = receipt.UseCause, receipt.Scenario
		rebuilt.Answers = append(rebuilt.Answers, &verify.Answer{Verdict: receipt.Verdict, ReceiptID: id, Receipt: jws})
		use.Receipts = append(use.Receipts, jws)
	}
	rebuilt.sum()
	if result == nil { // this process has forgotten, or never knew, what was shown
		result = rebuilt
		s.reread(ctx, r, result, caller)
	}
	return s.consume(ctx, r.Operation, result, use), nil
}

// reread asks the home once more for what it showed under this operation. Without an answer the verdict stands alone.
func (s *Service) reread(ctx context.Context, r *Request, result *Result, caller string) {
	reserved, _, _, err := s.reserve(ctx, r, result.Home, caller)
	if err != nil || reserved == nil || len(reserved.Items) != len(result.Answers) {
		return
	}
	for i, a := range result.Answers {
		sd, err := attest.ParseSDJWT(reserved.Items[i].Presentation, attest.Limits{})
		if err != nil {
			return
		}
		suite, err := sd.Suite()
		if err != nil || attest.CommitCertificate(suite, sd.IssuerJWT()) != a.Verdict.Commitment {
			return // something else than what the verdict is about
		}
		if a.Claims, err = sd.Process(); err != nil {
			return
		}
	}
}
