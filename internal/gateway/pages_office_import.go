package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strconv"
	"sync"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/importer"
	"github.com/huzheng-ledger/huzheng/internal/notary"
	"github.com/huzheng-ledger/huzheng/web/office"
)

// Bounds of imports.
const (
	importChunk  = 200 // rows that are issued together
	importsKept  = 64  // that ended, of all offices
	importsAtOne = 2   // that work at the same time; others wait
	maxRefusals  = 20_000
)

// imports are the tables that officers have handed in. They live in memory: after a restart the same table is handed in
// again, and issues nothing that was issued.
type imports struct {
	g     *Gateway
	ctx   context.Context //nolint:containedctx // of the gateway's life: imports outlive the request that begins them
	stop  context.CancelFunc
	turns chan struct{}
	work  sync.WaitGroup

	mu   sync.Mutex
	byID map[string]*importJob
	list []*importJob // in the order of their beginning
}

type importJob struct {
	office   string
	kind     *office.Type
	digest   [32]byte
	table    []byte
	state    office.Import
	made     []office.Made
	refusals []office.Refusal
}

func newImports(g *Gateway) *imports {
	ctx, stop := context.WithCancel(context.Background())
	return &imports{g: g, ctx: ctx, stop: stop, turns: make(chan struct{}, importsAtOne), byID: map[string]*importJob{}}
}

// close ends what is under way between two chunks.
func (s *imports) close() {
	s.stop()
	s.work.Wait()
}

// Import implements office.Importer.
func (s *imports) Import(ctx context.Context, by office.Actor, kind string, table []byte) (string, error) {
	t, err := officeIssuer{s.g}.typeOf(ctx, by, kind)
	if err != nil {
		return "", err
	}
	survey, err := importer.SurveyFile(bytes.NewReader(table))
	if err != nil {
		return "", err
	}
	if survey.GBK {
		return "", attest.Errorf(attest.CodeCSVGBK, "the table is in GBK")
	}
	job := &importJob{office: by.Office, kind: t, digest: survey.Digest, table: table}
	if _, err := job.reader(); err != nil { // what is wrong with the whole is said at once
		return "", err
	}
	h := sha256.New()
	for _, part := range []string{"huzheng/v1/page import", by.Office, t.Code, strconv.Itoa(t.Version), string(survey.Digest[:])} {
		h.Write([]byte(part + "\x00"))
	}
	id := base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
	job.state = office.Import{ID: id, Type: t.Name, Begun: s.g.now().Unix(), Rows: int(max(survey.Lines, 1) - 1)}
	s.begin(job)
	return id, nil
}

// begin lets a job work unless it does already, or has done so.
func (s *imports) begin(job *importJob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.byID[job.state.ID]; known != nil && known.state.Failed == "" || s.ctx.Err() != nil {
		return
	}
	s.forget(job.state.ID)
	s.byID[job.state.ID] = job
	s.list = append(s.list, job)
	s.work.Add(1)
	go s.run(job)
}

// forget drops a job, and the oldest of those that ended where there are too many.
func (s *imports) forget(id string) {
	ended := 0
	s.list = slices.DeleteFunc(s.list, func(j *importJob) bool { return j.state.ID == id })
	for _, j := range s.list {
		if j.state.Ended {
			ended++
		}
	}
	s.list = slices.DeleteFunc(s.list, func(j *importJob) bool {
		if !j.state.Ended || ended < importsKept {
			return false
		}
		ended--
		delete(s.byID, j.state.ID)
		return true
	})
}

func (j *importJob) reader() (*importer.Reader, error) {
	form, err := importer.ReadForm(j.kind.Schema)
	if err != nil {
		return nil, err
	}
	return importer.NewReader(bytes.NewReader(j.table), importer.Options{Form: form, Type: j.kind.Code, Authority: j.office})
}

func (s *imports) run(job *importJob) {
	defer s.work.Done()
	var err error
	select {
	case s.turns <- struct{}{}:
		err = s.issueTable(job)
		<-s.turns
	case <-s.ctx.Done():
		err = s.ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	job.table, job.state.Ended = nil, true
	if err != nil {
		if job.state.Failed = attest.CodeOf(err); job.state.Failed == "" {
			job.state.Failed = attest.CodeInternal
		}
		s.g.log.Warn("an import has ended early", "office", job.office, "code", job.state.Failed, "error", err)
	}
}

func (s *imports) issueTable(job *importJob) error {
	table, err := job.reader()
	if err != nil {
		return err
	}
	for {
		rows, refused, read, err := nextRows(table)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		made, more, failed := s.issueRows(job, rows)
		if failed != nil {
			return failed
		}
		s.note(job, read, made, append(refused, more...))
		if err != nil {
			return nil //nolint:nilerr // the end of the table
		}
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
	}
}

// nextRows reads a chunk; io.EOF comes with the last one.
func nextRows(table *importer.Reader) (rows []*importer.Row, refused []importer.Refusal, read int, err error) {
	for range importChunk {
		row, wrong, err := table.Next()
		if err != nil {
			return rows, refused, read, err
		}
		read++
		refused = append(refused, wrong...)
		if row != nil {
			rows = append(rows, row)
		}
	}
	return rows, refused, read, nil
}

// issueRows issues rows, without those that the notary refuses.
func (s *imports) issueRows(job *importJob, rows []*importer.Row) (made []office.Made, refused []importer.Refusal, err error) {
	for len(rows) > 0 {
		requests, err := job.requests(rows)
		if err != nil {
			return nil, nil, err
		}
		issued, err := s.g.notary.Issue(s.ctx, job.operation(rows), requests)
		var wrong notary.RequestErrors
		if err == nil {
			s.g.metrics.Recorded(string(attest.KindCertificate), len(issued))
			for i := range issued {
				made = append(made, office.Made{Line: rows[i].Line, ID: issued[i].ID})
			}
			return made, refused, nil
		}
		if !errors.As(err, &wrong) {
			return nil, nil, err
		}
		var reasons []importer.Refusal
		rows, reasons = part(rows, wrong)
		refused = append(refused, reasons...)
	}
	return nil, refused, nil
}

// part takes the rows out that the notary refused.
func part(rows []*importer.Row, wrong notary.RequestErrors) (kept []*importer.Row, refused []importer.Refusal) {
	bad := map[int]bool{}
	for _, w := range wrong {
		bad[w.Index] = true
		zh, en := attest.Explain(attest.CodeOf(w.Err))
		refused = append(refused, importer.Refusal{Line: rows[w.Index].Line, Column: w.Field, Code: attest.CodeOf(w.Err), Zh: zh, En: en})
	}
	for i, row := range rows {
		if !bad[i] {
			kept = append(kept, row)
		}
	}
	return kept, refused
}

func (j *importJob) requests(rows []*importer.Row) ([]notary.IssueRequest, error) {
	out := make([]notary.IssueRequest, len(rows))
	for i, row := range rows {
		fields, err := attest.ParseJSON(row.Fields, attest.DefaultLimits())
		if err != nil {
			return nil, err
		}
		out[i] = notary.IssueRequest{Authority: j.office, Type: j.kind.Code, Version: j.kind.Version, NotBefore: row.From, Expires: row.Until}
		for _, m := range fields.Members() {
			out[i].Fields = append(out[i].Fields, attest.Field{Name: m.Name, Value: m.Value.Raw()})
		}
	}
	return out, nil
}

// operation names issuing these rows of this table, the same whoever hands it in and however often.
func (j *importJob) operation(rows []*importer.Row) string {
	h := sha256.New()
	h.Write([]byte("huzheng/v1/page import rows\x00" + j.office + "\x00" + j.kind.Code + "\x00" + strconv.Itoa(j.kind.Version) + "\x00"))
	h.Write(j.digest[:])
	for _, row := range rows {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(row.Line))) //nolint:gosec // counted from 1
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// note adds what became of a chunk.
func (s *imports) note(job *importJob, read int, made []office.Made, refused []importer.Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	job.made = append(job.made, made...)
	job.state.Done += read
	job.state.Issued += len(made)
	lines := map[int]bool{}
	for _, r := range refused {
		lines[r.Line] = true
		if len(job.refusals) < maxRefusals {
			job.refusals = append(job.refusals, office.Refusal{Line: r.Line, Column: r.Column, Code: r.Code, Zh: r.Zh, En: r.En})
		}
	}
	job.state.Refused += len(lines)
	slices.SortStableFunc(job.refusals, func(a, b office.Refusal) int { return a.Line - b.Line })
}

// of is one of the office's jobs. The lock is held.
func (s *imports) of(by office.Actor, id string) (*importJob, error) {
	if j := s.byID[id]; j != nil && j.office == by.Office {
		return j, nil
	}
	return nil, notFound("import")
}

// Progress implements office.Importer.
func (s *imports) Progress(_ context.Context, by office.Actor, id string) (*office.Import, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.of(by, id)
	if err != nil {
		return nil, err
	}
	state := j.state
	return &state, nil
}

// Imports implements office.Importer.
func (s *imports) Imports(_ context.Context, by office.Actor) ([]office.Import, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []office.Import
	for _, j := range slices.Backward(s.list) {
		if j.office == by.Office {
			out = append(out, j.state)
		}
	}
	return out, nil
}

// Outcome implements office.Importer.
func (s *imports) Outcome(_ context.Context, by office.Actor, id string) ([]office.Made, []office.Refusal, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, err := s.of(by, id)
	if err != nil {
		return nil, nil, err
	}
	return slices.Clone(j.made), slices.Clone(j.refusals), nil
}
