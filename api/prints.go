package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// PrintCertificate returns a certificate as PDF.
func (s *Server) PrintCertificate(c echo.Context, id CertificateID, params PrintCertificateParams) error {
	if _, err := s.certificate(c, id); err != nil {
		return err
	}
	pdf, err := s.services.Printer.PrintCertificate(c.Request().Context(), id, params.Fields)
	return s.paper(c, "certificate.pdf", pdf, err)
}

// PrintReceipt returns a verification receipt as PDF.
func (s *Server) PrintReceipt(c echo.Context, id ReceiptID) error {
	if _, err := s.receipt(c, id); err != nil {
		return err
	}
	pdf, err := s.services.Printer.PrintReceipt(c.Request().Context(), id)
	return s.paper(c, "receipt.pdf", pdf, err)
}

// paper answers with a PDF. Its name says nothing about whose it is, and no cache keeps it.
func (s *Server) paper(c echo.Context, name string, pdf []byte, err error) error {
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	return c.Blob(http.StatusOK, "application/pdf", pdf)
}
