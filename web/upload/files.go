package upload

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
)

// MaxBytes bounds what is handed in: a photo of a phone, a PDF with its attachment.
const MaxBytes = 12 << 20

// Files are what was picked under the names of a form that was parsed: at most so many.
func Files(r *http.Request, most int, names ...string) []*multipart.FileHeader {
	if r.MultipartForm == nil {
		return nil
	}
	var all []*multipart.FileHeader
	for _, name := range names {
		all = append(all, r.MultipartForm.File[name]...)
	}
	return all[:min(len(all), most)]
}

// Read reads one of them.
func Read(h *multipart.FileHeader) ([]byte, error) {
	f, err := h.Open()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes))
	return data, errors.Join(err, f.Close())
}
