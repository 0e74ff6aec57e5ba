package api

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
)

// GetLedger returns height, digest and witness state.
func (s *Server) GetLedger(c echo.Context) error {
	ledger, err := s.services.Ledger.Ledger(c.Request().Context())
	if err != nil {
		return err
	}
	out := *ledger
	out.Statements, out.Witness.Agreeing = listed(out.Statements), listed(out.Witness.Agreeing)
	return respond(c, http.StatusOK, out)
}

// GetBatch returns an anchored batch.
func (s *Server) GetBatch(c echo.Context, id BatchID) error {
	batch, err := s.services.Ledger.Batch(c.Request().Context(), id)
	return answer(c, batch, err)
}

// ListTypes returns the registered certificate types.
func (s *Server) ListTypes(c echo.Context) error {
	types, err := s.services.Ledger.Types(c.Request().Context())
	return answer(c, TypeList{Types: listed(types)}, err)
}

// ListRegions returns the regions of the consortium.
func (s *Server) ListRegions(c echo.Context) error {
	regions, err := s.services.Ledger.Regions(c.Request().Context())
	return answer(c, RegionList{Regions: listed(regions)}, err)
}

// ListAuthorities returns the registered authorities.
func (s *Server) ListAuthorities(c echo.Context) error {
	authorities, err := s.services.Ledger.Authorities(c.Request().Context())
	return answer(c, AuthorityList{Authorities: listed(authorities)}, err)
}

// GetAuthority returns one authority.
func (s *Server) GetAuthority(c echo.Context, uscc USCC) error {
	authority, err := s.services.Ledger.Authority(c.Request().Context(), uscc)
	return answer(c, authority, err)
}

// GetIssuerMetadata returns an issuer's keys as SD-JWT VC has it.
func (s *Server) GetIssuerMetadata(c echo.Context, uscc USCC) error {
	metadata, err := s.services.Trust.IssuerMetadata(c.Request().Context(), uscc)
	if err != nil {
		return err
	}
	out := *metadata
	out.JWKS.Keys = listed(out.JWKS.Keys)
	return respond(c, http.StatusOK, out)
}

// GetStatusList returns a signed Token Status List.
func (s *Server) GetStatusList(c echo.Context, uscc USCC, list int64) error {
	token, maxAge, err := s.services.Trust.StatusList(c.Request().Context(), uscc, uint32(list)) //nolint:gosec // the schema bounds it
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(maxAge.Seconds())))
	return c.Blob(http.StatusOK, "application/statuslist+jwt", token)
}

// GetSnapshot returns the trust snapshot for offline verification.
func (s *Server) GetSnapshot(c echo.Context) error {
	c.Response().Header().Set(echo.HeaderContentType, echo.MIMEOctetStream)
	return s.services.Trust.Snapshot(c.Request().Context(), c.Response())
}

// Healthz says that the process answers.
func (s *Server) Healthz(c echo.Context) error {
	return respond(c, http.StatusOK, Health{OK: true, Version: s.cfg.Version})
}

// Readyz says whether the gateway can do its work, and why not.
func (s *Server) Readyz(c echo.Context) error {
	reasons := s.services.Readiness.Unready(c.Request().Context())
	if len(reasons) == 0 {
		return respond(c, http.StatusOK, Health{OK: true, Version: s.cfg.Version})
	}
	c.Response().Header().Set("Retry-After", "1")
	return respond(c, http.StatusServiceUnavailable, Health{Reasons: reasons, Version: s.cfg.Version})
}

// GetOpenAPI returns this API's document.
func (s *Server) GetOpenAPI(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", documentYAML)
}
