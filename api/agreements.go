package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// ListAgreements returns every agreement on the ledger.
func (s *Server) ListAgreements(c echo.Context) error {
	agreements, err := s.services.Agreements.Agreements(c.Request().Context())
	return answer(c, AgreementList{Agreements: listed(agreements)}, err)
}

// ProposeAgreement proposes a version of an agreement in the region's name.
func (s *Server) ProposeAgreement(c echo.Context, params ProposeAgreementParams) error {
	k := callOf(c)
	var proposal AgreementProposal
	if err := k.decode(&proposal); err != nil {
		return err
	}
	agreement, err := s.services.Agreements.ProposeAgreement(c.Request().Context(), k.operation(c, params.IdempotencyKey), proposal)
	if err != nil {
		return err
	}
	return respond(c, http.StatusCreated, agreement)
}

// ApproveAgreement approves a proposed version in the region's name.
func (s *Server) ApproveAgreement(c echo.Context, id AgreementID, version AgreementVersion, params ApproveAgreementParams) error {
	k := callOf(c)
	var approval AgreementApproval
	if err := k.decode(&approval); err != nil {
		return err
	}
	agreement, err := s.services.Agreements.ApproveAgreement(
		c.Request().Context(), k.operation(c, params.IdempotencyKey), id, version, approval.Digest)
	return answer(c, agreement, err)
}

// WithdrawAgreement gives notice in the region's name.
func (s *Server) WithdrawAgreement(c echo.Context, id AgreementID, version AgreementVersion, params WithdrawAgreementParams) error {
	k := callOf(c)
	var withdrawal AgreementWithdrawal
	if err := k.decode(&withdrawal); err != nil {
		return err
	}
	agreement, err := s.services.Agreements.WithdrawAgreement(
		c.Request().Context(), k.operation(c, params.IdempotencyKey), id, version, withdrawal.Ends)
	return answer(c, agreement, err)
}
