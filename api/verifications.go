package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
)

// Verify judges one presentation.
func (s *Server) Verify(c echo.Context) error {
	k := callOf(c)
	request, err := readVerification(k.value)
	if err != nil {
		return err
	}
	verification, err := s.services.Verifier.Verify(c.Request().Context(), k.caller, &request)
	if err != nil {
		return err
	}
	return respondVerification(c, verification)
}

// VerifyBatch judges many presentations, each alone.
func (s *Server) VerifyBatch(c echo.Context) error {
	k := callOf(c)
	list, _ := k.value.Get("verifications")
	elems := list.Elems()
	if err := s.throttleItems(c, len(elems)); err != nil {
		return err
	}
	results := make([]BatchResult, len(elems))
	requests, places := make([]VerificationRequest, 0, len(elems)), make([]int, 0, len(elems))
	for i, elem := range elems {
		request, err := k.op.item(elem)
		if err != nil {
			results[i].Problem = s.itemProblem(c, err)
			continue
		}
		requests, places = append(requests, request), append(places, i)
	}
	judged, err := s.services.Verifier.VerifyMany(c.Request().Context(), k.caller, requests)
	if err != nil {
		return err
	}
	if len(judged) != len(requests) {
		return attest.Errorf(attest.CodeInternal, "%d requests came back as %d", len(requests), len(judged))
	}
	for n, place := range places {
		if judged[n].Err != nil {
			results[place].Problem = s.itemProblem(c, judged[n].Err)
			continue
		}
		results[place].Verification = judged[n].Verification
	}
	return respond(c, http.StatusOK, BatchResponse{Results: results})
}

// item validates and reads one item of a batch by itself.
func (o *operation) item(elem attest.Value) (request VerificationRequest, err error) {
	if err := validateBody(o.alone, plain(elem)); err != nil {
		return request, err
	}
	return readVerification(elem)
}

// readVerification takes a request from the tree that strict parsing gave. On this path, the busiest, a second parse of
// the body by encoding/json would cost as much as all the checks before it.
func readVerification(v attest.Value) (VerificationRequest, error) {
	f := v.Fields()
	request := VerificationRequest{
		Presentation: f.String("presentation"), UseCause: f.String("useCause"), Scenario: f.String("scenario"),
	}
	if receipt, ok := f.OptValue("receipt"); ok {
		request.Receipt = receipt.Raw()
	}
	request.Audience, _ = f.OptString("audience")
	request.Nonce, _ = f.OptString("nonce")
	request.MaxAgeSeconds, _ = f.OptInt64("maxAgeSeconds")
	request.CaseNumber, _ = f.OptString("caseNumber")
	return request, f.Done()
}

func (s *Server) itemProblem(c echo.Context, err error) *Problem {
	s.refusal(c, err)
	p := s.problems.of(err, requestID(c))
	return &p
}

// receipt fetches a receipt for the tenant that it was given to, or an auditor.
func (s *Server) receipt(c echo.Context, id string) (*Receipt, error) {
	tenant, receipt, err := s.services.Receipts.Receipt(c.Request().Context(), id)
	if err != nil {
		return nil, s.hide(err)
	}
	caller := callerOf(c)
	if tenant != caller.Tenant && !caller.Allows(credentials.ScopeAudit) {
		return nil, withheld()
	}
	return receipt, nil
}

// GetReceipt returns a verification receipt.
func (s *Server) GetReceipt(c echo.Context, id ReceiptID) error {
	receipt, err := s.receipt(c, id)
	return answer(c, receipt, err)
}

// GetReceiptInclusion returns the inclusion receipt of a verification receipt.
func (s *Server) GetReceiptInclusion(c echo.Context, id ReceiptID) error {
	if _, err := s.receipt(c, id); err != nil {
		return err
	}
	inclusion, err := s.services.Receipts.ReceiptInclusion(c.Request().Context(), id)
	return answer(c, inclusion, err)
}
