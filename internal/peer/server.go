package peer

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/custody"
)

// Home is what a region does for another one, whose gateway has proved who it is. Every write is durable when it returns,
// and repeating it is harmless. Errors are *attest.Error, whose code the other side is told if it is one of answerable.
type Home interface {
	// Redeem reserves a use and presents: PROOF_CODE_UNUSABLE, RATE_LIMITED.
	Redeem(ctx context.Context, region string, r *Redeem) (*Reserved, error)
	// Consume makes a reserved use count: REDEMPTION_LAPSED, OPERATION_CONFLICT, VERIFICATION_RECEIPT.
	Consume(ctx context.Context, region string, u *Use) error
	// Release gives a reserved use back.
	Release(ctx context.Context, region string, u *Use) error
	// Report takes receipts of verifications without a code, as they come.
	Report(ctx context.Context, region string, reports []custody.Report) error
	// Inclusion is the inclusion receipt of a commitment: NOT_FOUND, NOT_ANCHORED_YET.
	Inclusion(ctx context.Context, commitment [32]byte) ([]byte, error)
	// Status is a hint at a certificate's status: NOT_FOUND.
	Status(ctx context.Context, commitment [32]byte) (*Hint, error)
}

// answerable codes pass to the other side as they are, with their HTTP status; any other failure is UNAVAILABLE.
var answerable = map[attest.Code]int{
	attest.CodeProofCodeUnusable: http.StatusNotFound, attest.CodeRateLimited: http.StatusTooManyRequests,
	attest.CodeRedemptionLapsed: http.StatusConflict, attest.CodeOperationConflict: http.StatusConflict,
	attest.CodeVerificationReceipt: http.StatusUnprocessableEntity, attest.CodeNotFound: http.StatusNotFound,
	attest.CodeNotAnchoredYet: http.StatusConflict, attest.CodeFieldInvalid: http.StatusBadRequest,
	attest.CodeNotInCustody: http.StatusConflict, attest.CodeUnavailable: http.StatusServiceUnavailable,
}

// Server answers other regions' gateways.
type Server struct {
	Identity *Identity
	Home     Home
	Log      *slog.Logger
	Timeout  time.Duration // for one operation; zero: DefaultAnswer
	// Refused is told of what was not answered as asked, before the other side is; region is empty where it did not prove who it
	// is, route where it came no further than that. May be nil.
	Refused func(ctx context.Context, region, route string, err error)
}

// DefaultAnswer is how long a server works on one operation.
const DefaultAnswer = 5 * time.Second

// Serve answers on l until ctx is done and the operations under way are answered. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 20 * time.Second, IdleTimeout: 5 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug)}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(tls.NewListener(l, s.config())) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(grace), server.Close())
}

// config is the identity's TLS, which tells of strangers.
func (s *Server) config() *tls.Config {
	config := s.Identity.config("")
	verify := config.VerifyConnection
	config.VerifyConnection = func(state tls.ConnectionState) error {
		err := verify(state)
		if err != nil && s.Refused != nil {
			s.Refused(context.Background(), "", "", err)
		}
		return err
	}
	return config
}

// operation reads a message of a region and gives the answer.
type operation func(ctx context.Context, region string, body []byte) (message, error)

// Handler routes the operations. It must be behind the identity's TLS.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, do := range map[string]operation{
		pathRedeem: s.redeem, pathReport: s.report, pathInclusion: s.inclusion, pathStatus: s.status,
		pathConsume: s.use(s.Home.Consume), pathRelease: s.use(s.Home.Release),
	} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, do) })
	}
	return mux
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, do operation) {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = DefaultAnswer
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	region, out, err := s.do(ctx, r, do)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	if err == nil {
		_, _ = w.Write(encode(out))
		return
	}
	if s.Refused != nil {
		s.Refused(ctx, region, r.Pattern, err)
	}
	code := attest.CodeOf(err)
	status, ok := answerable[code]
	if !ok {
		s.Log.Warn("another region's request failed", "path", r.Pattern, "code", string(code))
		code, status = attest.CodeUnavailable, http.StatusServiceUnavailable
	}
	w.WriteHeader(status)
	_, _ = w.Write(encode(&text{"code", string(code)}))
}

func (s *Server) do(ctx context.Context, r *http.Request, do operation) (region string, out message, err error) {
	if region, err = s.Identity.regionOf(r.TLS); err != nil { // again: the key may have been retired since the connection was made
		return "", nil, err
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return region, nil, attest.Errorf(attest.CodeFieldInvalid, "a message is JSON")
	}
	var body bytes.Buffer
	body.Grow(int(min(max(r.ContentLength, 0), MaxBody)) + bytes.MinRead)
	if _, err := body.ReadFrom(http.MaxBytesReader(nil, r.Body, MaxBody)); err != nil {
		return region, nil, attest.Errorf(attest.CodeFieldInvalid, "the message is too large or breaks off")
	}
	out, err = do(ctx, region, body.Bytes())
	return region, out, err
}

func malformed(err error) error {
	return attest.Errorf(attest.CodeFieldInvalid, "the message is not as it must be: %s", attest.CodeOf(err))
}

func (s *Server) redeem(ctx context.Context, region string, body []byte) (message, error) {
	m := &Redeem{}
	if err := decode(body, m); err != nil {
		return nil, malformed(err)
	}
	out, err := s.Home.Redeem(ctx, region, m)
	if err != nil {
		return nil, err
	}
	out.Operation = m.Operation
	return out, nil
}

func (s *Server) use(do func(context.Context, string, *Use) error) operation {
	return func(ctx context.Context, region string, body []byte) (message, error) {
		m := &Use{}
		if err := decode(body, m); err != nil {
			return nil, malformed(err)
		}
		return &done{m.Operation, m.Number}, do(ctx, region, m)
	}
}

func (s *Server) report(ctx context.Context, region string, body []byte) (message, error) {
	m := &reports{}
	if err := decode(body, m); err != nil {
		return nil, malformed(err)
	}
	if len(m.list) > MaxReports {
		return nil, attest.Errorf(attest.CodeFieldInvalid, "a report has at most %d receipts", MaxReports)
	}
	return none{}, s.Home.Report(ctx, region, m.list)
}

func (s *Server) inclusion(ctx context.Context, _ string, body []byte) (message, error) {
	m := &commitment{}
	if err := decode(body, m); err != nil {
		return nil, malformed(err)
	}
	receipt, err := s.Home.Inclusion(ctx, m.value)
	return &inclusion{receipt}, err
}

func (s *Server) status(ctx context.Context, _ string, body []byte) (message, error) {
	m := &commitment{}
	if err := decode(body, m); err != nil {
		return nil, malformed(err)
	}
	hint, err := s.Home.Status(ctx, m.value)
	if err != nil {
		return nil, err
	}
	return hint, nil
}
