package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/attest"
)

// IssueCertificates records one or many certificates.
func (s *Server) IssueCertificates(c echo.Context, params IssueCertificatesParams) error {
	k := callOf(c)
	var request IssueRequest
	if err := k.decode(&request); err != nil {
		return err
	}
	if err := mayIssue(k.caller, request.Certificates); err != nil {
		return err
	}
	if err := s.throttleItems(c, len(request.Certificates)); err != nil {
		return err
	}
	ctx := c.Request().Context()
	issued, err := s.services.Issuer.Issue(ctx, k.operation(c, params.IdempotencyKey), request.Certificates)
	if err != nil {
		return err
	}
	if params.Wait != nil { // the document knows but one thing to wait for
		if err := s.awaitAnchored(ctx, issued); err != nil {
			return err
		}
	}
	return respond(c, http.StatusCreated, IssueResponse{Certificates: listed(issued)})
}

func mayIssue(caller *Caller, certificates []NewCertificate) error {
	var items ItemErrors
	for i := range certificates {
		if !caller.ActsFor(certificates[i].Authority) {
			items = append(items, ItemError{
				Pointer: "/certificates/" + strconv.Itoa(i) + "/authority",
				Err:     attest.Errorf(attest.CodeForbidden, "the credential does not act for this authority"),
			})
		}
	}
	if len(items) > 0 {
		return items
	}
	return nil
}

// awaitAnchored waits for the ledger as long as the configuration allows, and notes what was reached by then. The
// certificates are recorded in any case.
func (s *Server) awaitAnchored(ctx context.Context, issued []IssuedCertificate) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.AnchorWait)
	defer cancel()
	ids := make([]string, len(issued))
	for i := range issued {
		ids[i] = issued[i].ID
	}
	states, err := s.services.Issuer.Await(ctx, ids)
	if err != nil {
		return err
	}
	for i := range min(len(states), len(issued)) {
		issued[i].State = states[i]
	}
	return nil
}

// certificate fetches a certificate for a caller who acts for its authority.
func (s *Server) certificate(c echo.Context, id string) (*Certificate, error) {
	certificate, err := s.services.Issuer.Certificate(c.Request().Context(), id)
	authority := ""
	if err == nil {
		authority = certificate.Authority
	}
	if err := s.ofAuthority(c, authority, err); err != nil {
		return nil, err
	}
	return certificate, nil
}

// GetCertificate returns a certificate with its state and receipt.
func (s *Server) GetCertificate(c echo.Context, id CertificateID) error {
	certificate, err := s.certificate(c, id)
	return answer(c, certificate, err)
}

// GetCertificateReceipt returns the inclusion receipt of an anchored certificate.
func (s *Server) GetCertificateReceipt(c echo.Context, id CertificateID) error {
	certificate, err := s.certificate(c, id)
	if err != nil {
		return err
	}
	if len(certificate.Receipt) == 0 {
		return attest.Errorf(attest.CodeNotAnchoredYet, "the certificate is %s", certificate.State)
	}
	return respond(c, http.StatusOK, certificate.Receipt)
}

// PresentCertificate discloses chosen fields, bound to an audience and a nonce.
func (s *Server) PresentCertificate(c echo.Context, id CertificateID) error {
	var request PresentationRequest
	if err := callOf(c).decode(&request); err != nil {
		return err
	}
	if _, err := s.certificate(c, id); err != nil {
		return err
	}
	presentation, err := s.services.Issuer.Present(c.Request().Context(), id, request)
	return answer(c, presentation, err)
}

// GetCertificateStatus returns the status intervals of a certificate.
func (s *Server) GetCertificateStatus(c echo.Context, id CertificateID) error {
	authority, status, err := s.services.Status.Status(c.Request().Context(), id)
	if err := s.ofAuthority(c, authority, err); err != nil {
		return err
	}
	status.Intervals = listed(status.Intervals)
	return respond(c, http.StatusOK, status)
}

// SetStatus suspends, revokes, supersedes or reinstates certificates of one authority.
func (s *Server) SetStatus(c echo.Context, params SetStatusParams) error {
	k := callOf(c)
	var request StatusRequest
	if err := k.decode(&request); err != nil {
		return err
	}
	if err := actsFor(c, request.Authority); err != nil {
		return err
	}
	if err := nameOne(request.Entries); err != nil {
		return err
	}
	recorded, err := s.services.Status.SetStatus(c.Request().Context(), k.operation(c, params.IdempotencyKey), request)
	return answer(c, recorded, err)
}

// nameOne holds that each entry names its certificate in one way.
func nameOne(entries []StatusEntry) error {
	var items ItemErrors
	for i := range entries {
		e := &entries[i]
		byIndex := e.List != nil && e.Index != nil
		if (e.Certificate != "") == byIndex || (e.List == nil) != (e.Index == nil) {
			items = append(items, ItemError{
				Pointer: "/entries/" + strconv.Itoa(i),
				Err:     attest.Errorf(attest.CodeFieldInvalid, "names its certificate by id, or by list and index, not both"),
			})
		}
	}
	if len(items) > 0 {
		return items
	}
	return nil
}
