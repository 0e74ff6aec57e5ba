package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// RegisterType registers a version of a certificate type in the region's name.
func (s *Server) RegisterType(c echo.Context, params RegisterTypeParams) error {
	k := callOf(c)
	t, err := s.services.Governance.RegisterType(c.Request().Context(), k.operation(c, params.IdempotencyKey), k.body)
	return created(c, t, err)
}

// RegisterAuthority registers an authority of the region.
func (s *Server) RegisterAuthority(c echo.Context, params RegisterAuthorityParams) error {
	k := callOf(c)
	var request AuthorityRegistration
	if err := k.decode(&request); err != nil {
		return err
	}
	a, err := s.services.Governance.RegisterAuthority(c.Request().Context(), k.operation(c, params.IdempotencyKey), request)
	return created(c, a, err)
}

// SetAuthorityScope replaces the types that an authority of the region may issue.
func (s *Server) SetAuthorityScope(c echo.Context, uscc USCC, params SetAuthorityScopeParams) error {
	k := callOf(c)
	var scope AuthorityScope
	if err := k.decode(&scope); err != nil {
		return err
	}
	a, err := s.services.Governance.SetAuthorityScope(c.Request().Context(), k.operation(c, params.IdempotencyKey), uscc, scope.Types)
	return answer(c, a, err)
}

// SetAuthorityState suspends, dissolves or reinstates an authority of the region.
func (s *Server) SetAuthorityState(c echo.Context, uscc USCC, params SetAuthorityStateParams) error {
	k := callOf(c)
	var standing AuthorityStanding
	if err := k.decode(&standing); err != nil {
		return err
	}
	a, err := s.services.Governance.SetAuthorityState(
		c.Request().Context(), k.operation(c, params.IdempotencyKey), uscc, string(standing.State))
	return answer(c, a, err)
}

// RotateKey rotates a signing key of the region or of one of its authorities.
func (s *Server) RotateKey(c echo.Context, params RotateKeyParams) error {
	k := callOf(c)
	var rotation KeyRotation
	if err := k.decode(&rotation); err != nil {
		return err
	}
	key, err := s.services.Governance.RotateKey(c.Request().Context(), k.operation(c, params.IdempotencyKey), rotation.Owner)
	return answer(c, key, err)
}

// MarkCompromised voids what a key anchored from a block on.
func (s *Server) MarkCompromised(c echo.Context, params MarkCompromisedParams) error {
	k := callOf(c)
	var mark KeyCompromise
	if err := k.decode(&mark); err != nil {
		return err
	}
	err := s.services.Governance.MarkCompromised(c.Request().Context(), k.operation(c, params.IdempotencyKey), mark.Key, mark.From)
	return answer(c, &mark, err)
}

// ListRegionProposals returns the admissions that were proposed.
func (s *Server) ListRegionProposals(c echo.Context) error {
	proposals, err := s.services.Governance.RegionProposals(c.Request().Context())
	return answer(c, RegionProposalList{Proposals: listed(proposals)}, err)
}

// ProposeRegion proposes to admit a region.
func (s *Server) ProposeRegion(c echo.Context, params ProposeRegionParams) error {
	k := callOf(c)
	var entry RegionEntry
	if err := k.decode(&entry); err != nil {
		return err
	}
	p, err := s.services.Governance.ProposeRegion(c.Request().Context(), k.operation(c, params.IdempotencyKey), entry.Entry)
	return created(c, p, err)
}

// ApproveRegion approves an admission.
func (s *Server) ApproveRegion(c echo.Context, region RegionPath, params ApproveRegionParams) error {
	k := callOf(c)
	var approval RegionApproval
	if err := k.decode(&approval); err != nil {
		return err
	}
	p, err := s.services.Governance.ApproveRegion(c.Request().Context(), k.operation(c, params.IdempotencyKey), region, approval.Digest)
	return answer(c, p, err)
}

// created answers a write that made something.
func created[T any](c echo.Context, made *T, err error) error {
	if err != nil {
		return err
	}
	return respond(c, http.StatusCreated, made)
}
