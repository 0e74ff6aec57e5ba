package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/attest"
)

// CreateCode makes a proof code. All its certificates are of one holder and of authorities that the caller acts for.
func (s *Server) CreateCode(c echo.Context, params CreateCodeParams) error {
	k := callOf(c)
	var request NewProofCode
	if err := k.decode(&request); err != nil {
		return err
	}
	ctx := c.Request().Context()
	var holder Holder
	for i, shown := range request.Certificates {
		authority, of, err := s.services.Codes.HolderOf(ctx, shown.Certificate)
		if err := s.ofAuthority(c, authority, err); err != nil {
			return err
		}
		if i > 0 && of != holder {
			return withheld()
		}
		holder = of
	}
	made, err := s.services.Codes.CreateCode(ctx, k.operation(c, params.IdempotencyKey), holder, request)
	if err != nil {
		return err
	}
	return respond(c, http.StatusCreated, made)
}

// ListCodes lists the codes of a certificate's holder.
func (s *Server) ListCodes(c echo.Context, params ListCodesParams) error {
	ctx := c.Request().Context()
	authority, holder, err := s.services.Codes.HolderOf(ctx, params.Certificate)
	if err := s.ofAuthority(c, authority, err); err != nil {
		return err
	}
	codes, err := s.services.Codes.Codes(ctx, holder)
	return answer(c, ProofCodes{Codes: listed(codes)}, err)
}

// codeHolder finds whose code it is, for a caller who acts for its certificate's authority.
func (s *Server) codeHolder(c echo.Context, id string) (Holder, error) {
	authority, holder, err := s.services.Codes.CodeHolder(c.Request().Context(), id)
	return holder, s.ofAuthority(c, authority, err)
}

// GetCode returns a code with its present face.
func (s *Server) GetCode(c echo.Context, id CodeID) error {
	holder, err := s.codeHolder(c, id)
	if err != nil {
		return err
	}
	code, err := s.services.Codes.Code(c.Request().Context(), holder, id)
	return answer(c, code, err)
}

// CancelCode ends what is unused of a code.
func (s *Server) CancelCode(c echo.Context, id CodeID, _ CancelCodeParams) error {
	holder, err := s.codeHolder(c, id)
	if err != nil {
		return err
	}
	code, err := s.services.Codes.CancelCode(c.Request().Context(), holder, id)
	return answer(c, code, err)
}

// RedeemCode redeems a code of any region.
func (s *Server) RedeemCode(c echo.Context, params RedeemCodeParams) error {
	k := callOf(c)
	var request RedemptionRequest
	if err := k.decode(&request); err != nil {
		return err
	}
	if request.Office != "" {
		if err := actsFor(c, request.Office); err != nil {
			return err
		}
	}
	result, err := s.services.Codes.RedeemCode(c.Request().Context(), k.operation(c, params.IdempotencyKey), k.caller, request)
	if err != nil && attest.CodeOf(err) == attest.CodeRateLimited {
		err = retryError{err, "60"}
	}
	return answer(c, result, err)
}
