package citizen

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/shell"
)

// defaults of a new code, and what is offered.
const (
	defaultLife = 600
	defaultUses = 1
	maxCause    = 200 // characters, as attest bounds it
)

func lives() []int64   { return []int64{300, defaultLife, 1800, 7200, 86400} }
func useCounts() []int { return []int{defaultUses, 2, 3, 5, 10} }

// begin makes a draft of a code about one certificate, or about none yet: then it begins with the choice.
func (s *section) begin(p *shell.Page) error {
	n := NewCode{Audience: Audience{Kind: ToAnybody}, UseCause: p.T("citizen.cause.default"), Life: defaultLife, Uses: defaultUses}
	usable, err := s.usable(p)
	if err != nil {
		return err
	}
	d := draft{NewCode: n, several: len(usable) > 1}
	step := "what"
	if id := p.Form("certificate"); id != "" {
		c, err := s.Wallet.Certificate(p.Request.Context(), holder(p), id)
		if err != nil {
			return gone(err)
		}
		d.choose([]*Certificate{c})
	} else if step = "which"; !d.several {
		return shell.Missing()
	}
	return p.Redirect("/citizen/codes/new/" + s.drafts.begin(holder(p), d) + "/" + step)
}

type makingView struct {
	*draft
	ID, Step  string
	At        int // number of the step, from 0
	Steps     []string
	Back      string // path of the step before
	About     string // names of the certificates
	Showing   []chosenView
	Usable    []pickView
	Regions   []string
	Offices   []officeGroup
	Scenarios [2][]string // for all of them, and for some
	Lives     []int64
	Counts    []int
	Errors    wrongs
}

// Several says that the holder has others that can be shown as well.
func (v *makingView) Several() bool { return v.several }

// Invalid is the key of what is wrong with a field; empty: nothing.
func (v *makingView) Invalid(field string) string { return v.Errors.Of(field) }

// officeGroup are the offices of one region.
type officeGroup struct {
	Region  string
	Offices []Office
}

// draft finds the holder's own draft and the number of the step.
func (s *section) draft(p *shell.Page) (d draft, id string, at int, err error) {
	id = p.Request.PathValue("draft")
	d, ok := s.drafts.get(holder(p), id)
	if !ok {
		return draft{}, "", 0, &shell.Failure{Status: http.StatusNotFound, Title: "citizen.draft.gone", Text: "citizen.draft.gone.text"}
	}
	at = slices.Index(d.steps(), p.Request.PathValue("step"))
	if at < 0 {
		return draft{}, "", 0, shell.Missing()
	}
	return d, id, at, nil
}

func (s *section) step(p *shell.Page) error {
	d, id, at, err := s.draft(p)
	if err != nil {
		return err
	}
	if d.done != "" {
		return p.Redirect("/citizen/codes/" + d.done)
	}
	if len(d.Chosen) == 0 && at > 0 {
		return p.Redirect("/citizen/codes/new/" + id + "/" + d.steps()[0])
	}
	return s.showStep(p, http.StatusOK, id, at, &d, nil)
}

func (s *section) showStep(p *shell.Page, status int, id string, at int, d *draft, wrong []formError) error {
	certificates, err := s.chosen(p, d)
	if err != nil {
		return err
	}
	v := &makingView{draft: d, ID: id, Steps: d.steps(), At: at, Lives: lives(), Counts: useCounts(), Errors: wrong}
	v.Step = v.Steps[at]
	if at > 0 {
		v.Back = "/citizen/codes/new/" + id + "/" + v.Steps[at-1]
	}
	v.About, v.Showing, v.Scenarios = about(p, certificates), showing(p, d, certificates), scenarios(certificates)
	switch v.Step {
	case "which":
		err = s.addUsable(p, v)
	case "to":
		err = s.addAudiences(p, v)
	case "confirm":
		err = s.addPreview(p, v)
	}
	if err != nil {
		return err
	}
	return p.Render(status, "citizen/new_"+v.Step, v)
}

func (s *section) addAudiences(p *shell.Page, v *makingView) error {
	var err error
	if v.Regions, err = s.Codes.Regions(p.Request.Context()); err != nil {
		return err
	}
	offices, err := s.Codes.Offices(p.Request.Context())
	for _, o := range offices {
		if n := len(v.Offices); n == 0 || v.Offices[n-1].Region != o.Region {
			v.Offices = append(v.Offices, officeGroup{Region: o.Region})
		}
		group := &v.Offices[len(v.Offices)-1]
		group.Offices = append(group.Offices, o)
	}
	return err
}

// take takes a step in and leads to the next one.
func (s *section) take(p *shell.Page) error {
	d, id, at, err := s.draft(p)
	if err != nil {
		return err
	}
	if d.done != "" {
		return p.Redirect("/citizen/codes/" + d.done)
	}
	certificates, err := s.chosen(p, &d)
	if err != nil {
		return err
	}
	step := d.steps()[at]
	if step == "confirm" && len(certificates) > 0 {
		return s.confirm(p, id, &d)
	}
	wrong, err := s.takeStep(p, step, &d, certificates)
	if err != nil {
		return err
	}
	to := at + 1
	if step == "what" && p.Form("more") != "" {
		wrong, to = nil, 0
	}
	if len(wrong) > 0 {
		return s.showStep(p, http.StatusUnprocessableEntity, id, at, &d, wrong)
	}
	s.drafts.put(id, &d)
	return p.Redirect("/citizen/codes/new/" + id + "/" + d.steps()[to])
}

func (s *section) takeStep(p *shell.Page, step string, d *draft, certificates []*Certificate) ([]formError, error) {
	switch {
	case step == "which":
		return s.takeWhich(p, d, certificates)
	case len(certificates) == 0:
		return nil, shell.Missing()
	case step == "what":
		return takeWhat(p, d, certificates), nil
	case step == "to":
		return s.takeTo(p, d)
	case step == "why":
		return takeWhy(p, d, certificates), nil
	default:
		return takeLife(p, d), nil
	}
}

func (s *section) takeTo(p *shell.Page, d *draft) ([]formError, error) {
	ctx := p.Request.Context()
	switch d.Audience = (Audience{Kind: AudienceKind(p.Form("to"))}); d.Audience.Kind {
	case ToAnybody:
		return nil, nil
	case ToRegion:
		d.Audience.Region = p.Form("region")
		known, err := s.Codes.Regions(ctx)
		if !slices.Contains(known, d.Audience.Region) {
			return []formError{{Field: "region", Key: "citizen.error.region"}}, err
		}
		return nil, err
	case ToOffice:
		offices, err := s.Codes.Offices(ctx)
		i := slices.IndexFunc(offices, func(o Office) bool { return o.Code == p.Form("office") })
		if i < 0 {
			return []formError{{Field: "office", Key: "citizen.error.office"}}, err
		}
		d.Audience.Office, d.Audience.Name = offices[i].Code, offices[i].Name
		return nil, err
	default:
		return []formError{{Field: "to", Key: "citizen.error.to"}}, nil
	}
}

func takeWhy(p *shell.Page, d *draft, certificates []*Certificate) (wrong []formError) {
	d.Scenario, d.UseCause = p.Form("scenario"), strings.TrimSpace(p.Form("useCause"))
	offered := scenarios(certificates)
	if !slices.Contains(slices.Concat(offered[0], offered[1]), d.Scenario) {
		wrong = append(wrong, formError{Field: "scenario", Key: "citizen.error.scenario"})
	}
	if n := utf8.RuneCountInString(d.UseCause); n == 0 || n > maxCause {
		wrong = append(wrong, formError{Field: "useCause", Key: "citizen.error.cause"})
	}
	return wrong
}

func takeLife(p *shell.Page, d *draft) (wrong []formError) {
	life, _ := strconv.ParseInt(p.Form("life"), 10, 64)
	uses, _ := strconv.Atoi(p.Form("uses"))
	if !slices.Contains(lives(), life) {
		wrong = append(wrong, formError{Field: "life", Key: "citizen.error.life"})
	}
	if !slices.Contains(useCounts(), uses) {
		wrong = append(wrong, formError{Field: "uses", Key: "citizen.error.uses"})
	}
	if len(wrong) == 0 {
		d.Life, d.Uses = life, uses
	}
	return wrong
}

// confirm makes the code. The draft's id is the operation: sent twice, it is one code.
func (s *section) confirm(p *shell.Page, id string, d *draft) error {
	if slices.ContainsFunc(d.Chosen, func(c Chosen) bool { return len(c.Fields) == 0 }) {
		return p.Redirect("/citizen/codes/new/" + id + "/what")
	}
	made, err := s.Codes.Create(p.Request.Context(), holder(p), "page/"+id, &d.NewCode)
	switch attest.CodeOf(err) {
	case "":
	case attest.CodePurposeMissing, attest.CodePurposeTooLong, attest.CodeScenarioMissing:
		return s.showStep(p, http.StatusUnprocessableEntity, id, slices.Index(d.steps(), "why"), d, []formError{{Field: "useCause", Key: "citizen.error.cause"}})
	default:
		return gone(err)
	}
	d.done = made
	s.drafts.put(id, d)
	return p.Redirect("/citizen/codes/" + made)
}
