package office

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/upload"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// askView is the part of a form that says why something is verified.
type askView struct {
	Purpose
	Operation        string
	Scenarios        []string
	Code, Photo, PDF bool // what the page can take beside files
	MaxMegabytes     int
	AskedCode        string
	Pasted           string
	Problems         problems
}

func (s *section) verifyForm(p *shell.Page) error {
	return s.ask(p, &askView{Operation: newOperation()}, http.StatusOK)
}

func (s *section) ask(p *shell.Page, v *askView, status int) error {
	if err := s.fillAsk(p, v); err != nil {
		return err
	}
	return p.Render(status, "office/verify", v)
}

func (s *section) fillAsk(p *shell.Page, v *askView) (err error) {
	v.Code, v.Photo, v.PDF, v.MaxMegabytes = s.Redeemer != nil, s.Decoder != nil, s.Extractor != nil, upload.MaxBytes>>20
	v.Scenarios, err = s.Verifier.Scenarios(p.Request.Context())
	return err
}

const (
	maxCause = 200 // characters, as attest bounds it
	maxCase  = 64  // characters
)

// readAsk takes the purpose from a form.
func (s *section) readAsk(p *shell.Page) (*askView, error) {
	v := &askView{Operation: operation(p), Pasted: strings.TrimSpace(p.Form("text")), AskedCode: strings.TrimSpace(p.Form("code")),
		Purpose: Purpose{UseCause: strings.TrimSpace(p.Form("useCause")), Scenario: p.Form("scenario"),
			CaseNumber: strings.TrimSpace(p.Form("caseNumber"))}}
	if err := s.fillAsk(p, v); err != nil {
		return nil, err
	}
	if v.Scenario != "" && !slices.Contains(v.Scenarios, v.Scenario) {
		v.Problems.add("scenario", p.T("office.error.scenario"))
	}
	if n := utf8.RuneCountInString(v.UseCause); n == 0 || n > maxCause {
		v.Problems.add("useCause", p.T("office.error.cause"))
	}
	if !isCaseNumber(v.CaseNumber) {
		v.Problems.add("caseNumber", p.T("office.error.case"))
	}
	return v, nil
}

// isCaseNumber lets through what offices number their cases by, and no text that could name a person or begin a formula.
func isCaseNumber(text string) bool {
	return len(text) <= maxCase && strings.Trim(text[:min(len(text), 1)], "-_/.()") == text[:min(len(text), 1)] && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-_/.()", r)
	})
}

// verify takes the form in.
func (s *section) verify(p *shell.Page) error {
	v, err := s.readAsk(p)
	if err != nil {
		return err
	}
	m := s.collect(p, v)
	if len(v.Problems) > 0 {
		return s.ask(p, v, http.StatusUnprocessableEntity)
	}
	answers, err := s.judge(p, m, v)
	if err != nil {
		return s.refused(p, v, err)
	}
	return p.Render(http.StatusOK, "office/result", newResult(p, answers, v.Purpose))
}

type resultView struct {
	Answers []*answerView
	Purpose Purpose
	Sum     string // how many of each; empty: there is one
	Tone    verdict.Tone
}

func newResult(p *shell.Page, answers []*answerView, why Purpose) resultView {
	out := resultView{Answers: answers, Purpose: why}
	if len(answers) > 1 {
		results := make([]attest.Result, len(answers))
		for i, a := range answers {
			results[i] = a.Result
		}
		out.Sum, out.Tone = verdict.Sum(p, results), answers[verdict.Deciding(results)].Tone
	}
	return out
}

// collect reads everything that was handed in.
func (s *section) collect(p *shell.Page, v *askView) *upload.Material {
	m := &upload.Material{}
	if v.AskedCode != "" && s.Redeemer != nil {
		m.Code = v.AskedCode
		return m
	}
	ctx, read := p.Request.Context(), s.reader()
	if wrong := read.AddText(ctx, m, v.Pasted); wrong != "" {
		v.Problems.add("text", p.T(string(wrong)))
		return m
	}
	for _, h := range upload.Files(p.Request, upload.MaxFiles, "file", "photo") {
		data, err := upload.Read(h)
		if err != nil {
			v.Problems.add("file", p.T("upload.broken"))
			return m
		}
		if wrong := read.Add(ctx, m, data); wrong != "" {
			v.Problems.add("file", p.T(string(wrong)))
			return m
		}
	}
	if wrong := incomplete(m); wrong != "" {
		v.Problems.add("file", p.T(wrong)+lacking(p, m))
	}
	return m
}

// lacking says which codes are missing of a presentation that several show.
func lacking(p *shell.Page, m *upload.Material) string {
	if m.Lacking() == "" {
		return ""
	}
	return p.T("upload.parts-which", m.Lacking())
}

// incomplete is the key of what is missing; empty: nothing.
func incomplete(m *upload.Material) string {
	switch {
	case m.Lacking() != "":
		return "upload.parts-missing"
	case m.Code != "" || len(m.SDJWT) > 0:
		return ""
	case len(m.Verification) > 0:
		return "office.error.receipt"
	case len(m.Receipt) > 0:
		return "upload.receipt-only"
	default:
		return "office.error.nothing"
	}
}

func (s *section) reader() *upload.Reader {
	return &upload.Reader{Decoder: s.Decoder, Extractor: s.Extractor, Codes: s.Redeemer != nil}
}

// judge asks for the verdicts: one for a presentation, one for each certificate of a code.
func (s *section) judge(p *shell.Page, m *upload.Material, v *askView) ([]*answerView, error) {
	ctx, by := p.Request.Context(), actor(p)
	if m.Code == "" {
		answer, err := s.Verifier.Verify(ctx, by, m.Presentation, v.Purpose)
		if err != nil {
			return nil, err
		}
		return []*answerView{newAnswer(p, answer)}, nil
	}
	answers, err := s.Redeemer.Redeem(ctx, by, v.Operation, m.Code, v.Purpose)
	out := make([]*answerView, len(answers))
	for i, a := range answers {
		out[i] = newAnswer(p, a)
	}
	return out, err
}

// refused says beside the field why no verdict was given; what is not the request's fault is a page of its own.
func (s *section) refused(p *shell.Page, v *askView, err error) error {
	switch attest.CodeOf(err) {
	case attest.CodePurposeMissing, attest.CodePurposeTooLong:
		v.Problems.add("useCause", p.T("office.error.cause"))
	case attest.CodeScenarioMissing:
		v.Problems.add("scenario", p.T("office.error.scenario"))
	default:
		return err
	}
	return s.ask(p, v, http.StatusUnprocessableEntity)
}
