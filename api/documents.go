package api

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/huzheng-ledger/huzheng/attest"
)

// RecordDocument records a file, or its digest.
func (s *Server) RecordDocument(c echo.Context, params RecordDocumentParams) error {
	k := callOf(c)
	if err := actsFor(c, params.Authority); err != nil {
		return err
	}
	digest, err := s.documentDigest(c, k)
	if err != nil {
		return err
	}
	op := k.operation(c, params.IdempotencyKey)
	// The digest, not the bytes it came in, is what is recorded: a file and its digest are one request.
	op.Request = hashParts("huzheng/v1/document-request", params.Authority, string(digest[:]))
	document, err := s.services.Documents.RecordDocument(c.Request().Context(), op, params.Authority, digest)
	if err != nil {
		return err
	}
	return respond(c, http.StatusCreated, document)
}

func (s *Server) documentDigest(c echo.Context, k *call) ([32]byte, error) {
	if k.mediaType != mimeJSON {
		return s.hashFile(c.Request().Body)
	}
	var request DocumentDigest
	if err := k.decode(&request); err != nil {
		return [32]byte{}, err
	}
	return decodeDigest(request.Digest)
}

// hashFile hashes a file as it streams in. It is held nowhere.
func (s *Server) hashFile(r io.Reader) (digest [32]byte, err error) {
	h := s.cfg.Suite.New()
	if _, err := io.Copy(h, r); err != nil {
		return digest, unread(err)
	}
	return [32]byte(h.Sum(nil)), nil
}

// decodeDigest reads 32 bytes in their one spelling in base64url.
func decodeDigest(text string) (digest [32]byte, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != len(digest) {
		return digest, attest.Errorf(attest.CodeFieldInvalid, "digest is not 32 bytes in base64url without padding")
	}
	return [32]byte(raw), nil
}

// CheckDocument checks a file, or its digest, against its salt and receipt.
func (s *Server) CheckDocument(c echo.Context) error {
	k := callOf(c)
	var (
		digest  [32]byte
		salt    string
		receipt json.RawMessage
		err     error
	)
	if k.mediaType == mimeJSON {
		digest, salt, receipt, err = k.documentCheck()
	} else {
		digest, salt, receipt, err = s.documentForm(c.Request())
	}
	if err != nil {
		return err
	}
	result, err := s.services.Documents.CheckDocument(c.Request().Context(), digest, salt, receipt)
	return answer(c, result, err)
}

func (k *call) documentCheck() (digest [32]byte, salt string, receipt json.RawMessage, err error) {
	var request DocumentCheck
	if err := k.decode(&request); err != nil {
		return digest, "", nil, err
	}
	digest, err = decodeDigest(request.Digest)
	return digest, request.Salt, request.Receipt, err
}

// Bounds of a form's small parts.
const (
	maxSaltPart    = 64
	maxReceiptPart = 16 << 10
)

// documentForm reads the three parts of a form in their order, the file last, so that nothing is buffered.
func (s *Server) documentForm(r *http.Request) (digest [32]byte, salt string, receipt json.RawMessage, err error) {
	form, err := r.MultipartReader()
	if err != nil {
		return digest, "", nil, attest.Errorf(attest.CodeContentType, "the form's boundary is missing")
	}
	saltText, err := smallPart(form, "salt", maxSaltPart)
	if err != nil {
		return digest, "", nil, err
	}
	receipt, err = smallPart(form, "receipt", maxReceiptPart)
	if err != nil {
		return digest, "", nil, err
	}
	if _, err := attest.ParseJSON(receipt, attest.Limits{Bytes: maxReceiptPart}); err != nil {
		return digest, "", nil, err
	}
	file, err := nextPart(form, "file")
	if err != nil {
		return digest, "", nil, err
	}
	digest, err = s.hashFile(file)
	if err != nil {
		return digest, "", nil, err
	}
	if _, err := form.NextPart(); !errors.Is(err, io.EOF) {
		return digest, "", nil, attest.Errorf(attest.CodeFieldInvalid, "the form goes on after its file")
	}
	return digest, string(saltText), receipt, nil
}

func nextPart(form *multipart.Reader, name string) (*multipart.Part, error) {
	part, err := form.NextPart()
	switch {
	case err != nil && !errors.Is(err, io.EOF) && codeOf(err) == attest.CodeBodyTooLarge:
		return nil, err
	case err != nil, part.FormName() != name:
		return nil, ItemErrors{{Pointer: name, Err: attest.Errorf(attest.CodeJSONMissing, "the form has salt, receipt and file, in this order")}}
	}
	return part, nil
}

func smallPart(form *multipart.Reader, name string, limit int64) ([]byte, error) {
	part, err := nextPart(form, name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(part, limit+1))
	switch {
	case err != nil:
		return nil, unread(err)
	case int64(len(data)) > limit:
		return nil, ItemErrors{{Pointer: name, Err: attest.Errorf(attest.CodeFieldInvalid, "has more than %d bytes", limit)}}
	}
	return data, nil
}
