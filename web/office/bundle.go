package office

import (
	"context"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/upload"
)

// A bundle (一件事一次办) is all that a scenario requires, handed in at once and judged together.
const (
	maxBundle = 3 * upload.MaxBytes
	maxPieces = 16 // codes and files
)

// Standing is how a required type stands in a bundle.
type Standing string

// The standings.
const (
	Complete Standing = "complete"
	Lacking  Standing = "missing"
	Failing  Standing = "failing"
)

type needView struct {
	Need
	Standing Standing
	Words    string // why it fails
}

type bundleView struct {
	askView
	Codes   string
	Needs   []needView
	Answers []*answerView
	Sum     Standing
	Holders bool // the disclosed holders are not all the same
}

func (s *section) bundleForm(p *shell.Page) error {
	v := &bundleView{askView: askView{Operation: newOperation(), Purpose: Purpose{Scenario: p.Request.URL.Query().Get("scenario")}}}
	return s.showBundle(p, v, http.StatusOK)
}

func (s *section) showBundle(p *shell.Page, v *bundleView, status int) error {
	if err := s.fillAsk(p, &v.askView); err != nil {
		return err
	}
	if slices.Contains(v.Scenarios, v.Scenario) {
		needs, err := s.Verifier.Needs(p.Request.Context(), v.Scenario)
		if err != nil {
			return err
		}
		for _, n := range needs {
			v.Needs = append(v.Needs, needView{Need: n})
		}
	}
	return p.Render(status, "office/bundle", v)
}

func (s *section) bundle(p *shell.Page) error {
	ask, err := s.readAsk(p)
	if err != nil {
		return err
	}
	v := &bundleView{askView: *ask, Codes: strings.TrimSpace(p.Form("codes"))}
	if v.Scenario == "" {
		v.Problems.add("scenario", p.T("office.error.scenario"))
	}
	pieces := s.pieces(p, v)
	if len(v.Problems) > 0 {
		return s.showBundle(p, v, http.StatusUnprocessableEntity)
	}
	if err := s.judgeAll(p, v, pieces); err != nil {
		return err
	}
	if err := s.settle(p.Request.Context(), v); err != nil {
		return err
	}
	return p.Render(http.StatusOK, "office/bundled", v)
}

// piece is one thing to be judged, and what it was read from.
type piece struct {
	upload.Material
	source string
}

// pieces sorts what was handed in: a code a line, and files, of which those whose names begin alike belong together.
func (s *section) pieces(p *shell.Page, v *bundleView) []piece {
	var out []piece
	for _, line := range strings.FieldsFunc(v.Codes, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.TrimSpace(line); line != "" && s.Redeemer != nil {
			out = append(out, piece{upload.Material{Code: line}, p.T("office.code")})
		}
	}
	byStem := map[string]int{}
	ctx, read := p.Request.Context(), s.reader()
	for _, h := range upload.Files(p.Request, 2*maxPieces, "file") {
		data, err := upload.Read(h)
		stem, _, _ := strings.Cut(path.Base(strings.ReplaceAll(h.Filename, "\\", "/")), ".")
		at, known := byStem[stem]
		if !known {
			at = len(out)
			byStem[stem] = at
			out = append(out, piece{source: h.Filename})
		}
		wrong := upload.Problem("upload.broken")
		if err == nil {
			wrong = read.Add(ctx, &out[at].Material, data)
		}
		if wrong != "" {
			v.Problems.add("file", h.Filename+p.Say("：", ": ")+p.T(string(wrong)))
		}
	}
	s.checkPieces(p, v, out)
	return out
}

func (s *section) checkPieces(p *shell.Page, v *bundleView, list []piece) {
	if len(v.Problems) > 0 {
		return
	}
	if len(list) == 0 || len(list) > maxPieces {
		v.Problems.add("file", p.T("office.error.pieces", maxPieces))
	}
	for i := range list {
		if wrong := incomplete(&list[i].Material); wrong != "" {
			v.Problems.add("file", list[i].source+p.Say("：", ": ")+p.T(wrong)+lacking(p, &list[i].Material))
		}
	}
}

// judgeAll judges every piece. A code that cannot be used is told of and stops no other piece.
func (s *section) judgeAll(p *shell.Page, v *bundleView, list []piece) error {
	for i := range list {
		ask := v.askView
		ask.Operation = v.Operation[:20] + string(rune('A'+i/10)) + string(rune('A'+i%10))
		answers, err := s.judge(p, &list[i].Material, &ask)
		switch code := attest.CodeOf(err); {
		case err == nil:
		case list[i].Code != "" && code != "" && code != attest.CodeInternal:
			p.Refused(err)
			v.Problems.add("codes", p.Say(attest.Explain(code)))
		default:
			return err
		}
		for _, a := range answers {
			a.Source = list[i].source
			v.Answers = append(v.Answers, a)
		}
	}
	return nil
}

// settle compares what was judged with what the scenario requires.
func (s *section) settle(ctx context.Context, v *bundleView) error {
	needs, err := s.Verifier.Needs(ctx, v.Scenario)
	v.Sum = Complete
	for _, need := range needs {
		n := needView{Need: need, Standing: Lacking}
		for _, a := range v.Answers {
			switch {
			case a.TypeCode != need.Type:
			case a.Result == attest.Valid:
				n.Standing, n.Words = Complete, ""
			case n.Standing == Lacking:
				n.Standing, n.Words = Failing, a.Words
			}
		}
		if n.Standing != Complete && v.Sum != Failing {
			v.Sum = n.Standing
		}
		v.Needs = append(v.Needs, n)
	}
	if v.Sum == Complete && slices.ContainsFunc(v.Answers, func(a *answerView) bool { return a.Result != attest.Valid }) {
		v.Sum = Failing
	}
	v.Holders = len(holders(v.Answers)) > 1
	return err
}

// holders are the different holder codes that were disclosed.
func holders(answers []*answerView) map[string]bool {
	out := map[string]bool{}
	for _, a := range answers {
		for _, f := range a.Facts {
			if f.Name == gbt.FieldHolderCode {
				out[f.Value] = true
			}
		}
	}
	return out
}
