package public

import (
	"embed"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/session"
	"github.com/huzheng-ledger/huzheng/web/scan"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/upload"
)

//go:embed pages/*.html
var files embed.FS

type section struct{ Deps }

// New makes the section.
func New(d Deps) shell.Section {
	pages, err := fs.Sub(files, "pages")
	if err != nil {
		panic(err) // the binary is not whole
	}
	s := &section{d}
	return shell.Section{Name: "public", Pages: pages,
		Nav: []shell.NavItem{{Path: "/", Key: "public.nav", Access: shell.Everybody()}},
		Routes: []shell.Route{
			{Method: http.MethodGet, Path: "/", Access: shell.Everybody(), Handle: s.form},
			{Method: http.MethodGet, Path: "/verify", Access: shell.Everybody(), Handle: s.form},
			{Method: http.MethodPost, Path: "/verify", Access: shell.Everybody(), Handle: s.verify, MaxBody: upload.MaxBytes},
			{Method: http.MethodGet, Path: "/receipts/{id}", Access: shell.Everybody(), Handle: s.receipt},
			scan.Route("/scan", shell.Everybody(), d.Decoder, d.Frames),
		}}
}

// formError is one entry of the error summary: the field's id and the key of its words.
type formError struct{ Field, Key string }

type formView struct {
	Scenarios         []string
	Scenario          string
	UseCause          string
	Code, Photo, PDF  bool // what the page can take beside files
	Errors            []formError
	MaxMegabytes      int
	AskedCode, Pasted string
	Lacking           string // numbers of the parts that were not handed in
	Form              string // names this form among all: what is sent twice is one redemption
}

// Invalid is the key of what is wrong with a field; empty: nothing.
func (v *formView) Invalid(field string) string {
	for _, e := range v.Errors {
		if e.Field == field {
			return e.Key
		}
	}
	return ""
}

func (s *section) form(p *shell.Page) error { return s.show(p, &formView{}, http.StatusOK) }

func (s *section) show(p *shell.Page, v *formView, status int) error {
	var err error
	if v.Scenarios, err = s.Verifier.Scenarios(p.Request.Context()); err != nil {
		return err
	}
	if v.UseCause == "" {
		v.UseCause = p.T("public.cause.default")
	}
	v.Form = session.NewID()
	v.Code, v.Photo, v.PDF, v.MaxMegabytes = s.Redeemer != nil, s.Decoder != nil, s.Extractor != nil, upload.MaxBytes>>20
	return p.Render(status, "public/verify", v)
}

const maxCause = 200 // characters, as attest bounds it

// verify takes the form in.
func (s *section) verify(p *shell.Page) error {
	v := &formView{Scenario: p.Form("scenario"), UseCause: strings.TrimSpace(p.Form("useCause")), Pasted: p.Form("text"),
		AskedCode: strings.TrimSpace(p.Form("code"))}
	scenarios, err := s.Verifier.Scenarios(p.Request.Context())
	if err != nil {
		return err
	}
	if v.Scenario != "" && !slices.Contains(scenarios, v.Scenario) {
		v.Errors = append(v.Errors, formError{"scenario", "public.error.scenario"})
	}
	if n := utf8.RuneCountInString(v.UseCause); n == 0 || n > maxCause {
		v.Errors = append(v.Errors, formError{"useCause", "public.error.cause"})
	}
	m, wrong := s.collect(p, v)
	if wrong != nil {
		v.Errors = append(v.Errors, *wrong)
	}
	if len(v.Errors) > 0 {
		return s.show(p, v, http.StatusUnprocessableEntity)
	}
	if !s.Allow(p.Request) {
		return shell.Busy()
	}
	return s.judge(p, m, v)
}

// collect reads everything that was handed in.
func (s *section) collect(p *shell.Page, v *formView) (*upload.Material, *formError) {
	m := &upload.Material{}
	if v.AskedCode != "" && s.Redeemer != nil {
		m.Code = v.AskedCode
		return m, nil
	}
	ctx, read := p.Request.Context(), s.reader()
	if wrong := read.AddText(ctx, m, v.Pasted); wrong != "" {
		return nil, &formError{"text", string(wrong)}
	}
	for _, h := range upload.Files(p.Request, upload.MaxFiles, "file", "photo") {
		data, err := upload.Read(h)
		if err != nil {
			return nil, &formError{"file", "upload.broken"}
		}
		if wrong := read.Add(ctx, m, data); wrong != "" {
			return nil, &formError{"file", string(wrong)}
		}
	}
	if v.Lacking = m.Lacking(); v.Lacking != "" {
		return nil, &formError{"file", "upload.parts-missing"}
	}
	if m.Empty() {
		if len(m.Receipt) > 0 {
			return nil, &formError{"file", "upload.receipt-only"}
		}
		return nil, &formError{"file", "public.error.nothing"}
	}
	return m, nil
}

func (s *section) reader() *upload.Reader {
	return &upload.Reader{Decoder: s.Decoder, Extractor: s.Extractor, Codes: s.Redeemer != nil}
}

// judge asks for the verdict and shows it.
func (s *section) judge(p *shell.Page, m *upload.Material, v *formView) error {
	ctx := p.Request.Context()
	why := Purpose{UseCause: v.UseCause, Scenario: v.Scenario}
	switch {
	case m.Code != "":
		answers, err := s.Redeemer.Redeem(ctx, &Redemption{Form: formOf(p), Code: m.Code, Purpose: why, Address: s.Address(p.Request)})
		if err != nil {
			return s.refused(p, v, err)
		}
		return p.Render(http.StatusOK, "public/result", newResult(p, answers...))
	case len(m.SDJWT) > 0:
		answer, err := s.Verifier.Verify(ctx, m.Presentation, why)
		if err != nil {
			return s.refused(p, v, err)
		}
		return p.Render(http.StatusOK, "public/result", newResult(p, answer))
	default:
		receipt, err := s.Verifier.CheckReceipt(ctx, m.Verification)
		view, err := newReceipt(p, receipt, err)
		if err != nil {
			return err
		}
		return p.Render(http.StatusOK, "public/receipt", view)
	}
}

// formOf is the form's own secret. One that sends none is another form each time: nobody shares an answer by leaving it out.
func formOf(p *shell.Page) string {
	if form := p.Form("form"); len(form) == len(session.NewID()) {
		return form
	}
	return session.NewID()
}

// refused says beside the field why no verdict was given; what is not the request's fault is a page of its own.
func (s *section) refused(p *shell.Page, v *formView, err error) error {
	switch attest.CodeOf(err) {
	case attest.CodePurposeMissing, attest.CodePurposeTooLong:
		v.Errors = append(v.Errors, formError{"useCause", "public.error.cause"})
	case attest.CodeScenarioMissing:
		v.Errors = append(v.Errors, formError{"scenario", "public.error.scenario"})
	case attest.CodeProofCodeFormat:
		v.Errors = append(v.Errors, formError{"code", "public.error.code-format"})
	case attest.CodeProofCodeUnusable:
		v.Errors = append(v.Errors, formError{"code", "public.error.code-unusable"})
	case attest.CodeRateLimited:
		return shell.Busy()
	default:
		return err
	}
	p.Refused(err)
	return s.show(p, v, http.StatusUnprocessableEntity)
}

// receipt hands a receipt out as a file, to whoever has its link.
func (s *section) receipt(p *shell.Page) error {
	jws, err := s.Verifier.Receipt(p.Request.Context(), p.Request.PathValue("id"))
	if attest.CodeOf(err) == attest.CodeNotFound {
		return shell.Withheld()
	}
	if err != nil {
		return err
	}
	h := p.Writer.Header()
	h.Set("Content-Type", "application/jose")
	h.Set("Content-Disposition", `attachment; filename="verification-receipt.jwt"`)
	_, err = p.Writer.Write(jws)
	return err
}
