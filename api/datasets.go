package api

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
)

// PublishDataset publishes or replaces a catalogue entry.
func (s *Server) PublishDataset(c echo.Context, dataset Dataset, params PublishDatasetParams) error {
	k := callOf(c)
	var entry DatasetEntry
	if err := k.decode(&entry); err != nil {
		return err
	}
	ctx := c.Request().Context()
	owner, err := s.services.Datasets.DatasetOwner(ctx, dataset)
	if s.problems.classOf(codeOf(err)).status != http.StatusNotFound { // published before: only to its owner does it exist
		if err := s.ofAuthority(c, owner, err); err != nil {
			return err
		}
	}
	if err := actsFor(c, entry.Authority); err != nil {
		return err
	}
	published, err := s.services.Datasets.PublishDataset(ctx, k.operation(c, params.IdempotencyKey), dataset, entry)
	return answer(c, published, err)
}

// ownDataset lets through to callers who act for the dataset's owner.
func (s *Server) ownDataset(c echo.Context, dataset string) error {
	owner, err := s.services.Datasets.DatasetOwner(c.Request().Context(), dataset)
	return s.ofAuthority(c, owner, err)
}

// AddDatasetVersion anchors a version of a dataset from CSV.
func (s *Server) AddDatasetVersion(c echo.Context, dataset Dataset, params AddDatasetVersionParams) error {
	if err := s.ownDataset(c, dataset); err != nil {
		return err
	}
	r := c.Request()
	body := &noting{from: r.Body}
	version, err := s.services.Datasets.AddVersion(r.Context(), callOf(c).operation(c, params.IdempotencyKey), dataset, body)
	switch {
	case err != nil && body.err != nil:
		return unread(body.err) // whatever the service made of it, this is why
	case err != nil:
		return err
	}
	return respond(c, http.StatusCreated, version)
}

// noting remembers why reading failed.
type noting struct {
	from io.Reader
	err  error
}

func (n *noting) Read(p []byte) (int, error) {
	read, err := n.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.err = err
	}
	return read, err
}

// ProveRow proves one row of a version to the dataset's owner.
func (s *Server) ProveRow(c echo.Context, dataset Dataset, version int32, row int64) error {
	if err := s.ownDataset(c, dataset); err != nil {
		return err
	}
	proof, err := s.services.Datasets.ProveRow(c.Request().Context(), dataset, version, row)
	return answer(c, proof, err)
}

// CheckRow checks a row's proof.
func (s *Server) CheckRow(c echo.Context) error {
	result, err := s.services.Datasets.CheckRow(c.Request().Context(), callOf(c).body)
	return answer(c, result, err)
}
