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

// The steps of making a code, in their order.
var steps = []string{"what", "to", "why", "life", "confirm"} // read-only

// defaults of a new code, and what is offered.
const (
	defaultLife = 600
	defaultUses = 1
	maxCause    = 200 // characters, as attest bounds it
)

func lives() []int64   { return []int64{300, defaultLife, 1800, 7200, 86400} }
func useCounts() []int { return []int{defaultUses, 2, 3, 5, 10} }

// begin makes a draft of a code about one certificate.
func (s *section) begin(p *shell.Page) error {
	c, err := s.Wallet.Certificate(p.Request.Context(), holder(p), p.Form("certificate"))
	if err != nil {
		return gone(err)
	}
	n := NewCode{Certificate: c.ID, Fields: askedFor(c), Audience: Audience{Kind: ToAnybody}, UseCause: p.T("citizen.cause.default"),
		Life: defaultLife, Uses: defaultUses}
	if len(c.Scenarios) > 0 {
		n.Scenario = c.Scenarios[0]
	}
	return p.Redirect("/citizen/codes/new/" + s.drafts.begin(holder(p), n) + "/" + steps[0])
}

type makingView struct {
	*draft
	ID, Step   string
	At         int // number of the step, from 0
	Steps      []string
	Back       string // path of the step before
	Type       string
	Authority  string
	Framed     bool
	Facts      []fieldView
	Predicates []fieldView
	Regions    []string
	Offices    []officeGroup
	Scenarios  []string
	Lives      []int64
	Counts     []int
	Preview    []fieldView
	Missing    []string // fields that an agreement asks for and that are kept back
	Errors     []formError
}

// officeGroup are the offices of one region.
type officeGroup struct {
	Region  string
	Offices []Office
}

// Invalid is the key of what is wrong with a field; empty: nothing.
func (v *makingView) Invalid(field string) string {
	for _, e := range v.Errors {
		if e.Field == field {
			return e.Key
		}
	}
	return ""
}

// draft finds the holder's own draft and the number of the step.
func (s *section) draft(p *shell.Page) (d draft, id string, at int, err error) {
	id = p.Request.PathValue("draft")
	at = slices.Index(steps, p.Request.PathValue("step"))
	if at < 0 {
		return draft{}, "", 0, shell.Missing()
	}
	d, ok := s.drafts.get(holder(p), id)
	if !ok {
		return draft{}, "", 0, &shell.Failure{Status: http.StatusNotFound, Title: "citizen.draft.gone", Text: "citizen.draft.gone.text"}
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
	return s.showStep(p, http.StatusOK, id, at, &d, nil)
}

func (s *section) showStep(p *shell.Page, status int, id string, at int, d *draft, wrong []formError) error {
	ctx := p.Request.Context()
	c, err := s.Wallet.Certificate(ctx, holder(p), d.Certificate)
	if err != nil {
		return gone(err)
	}
	v := &makingView{draft: d, ID: id, Step: steps[at], At: at, Steps: steps, Type: c.Type, Authority: c.Authority, Framed: c.Framed, Scenarios: c.Scenarios,
		Lives: lives(), Counts: useCounts(), Errors: wrong}
	if at > 0 {
		v.Back = "/citizen/codes/new/" + id + "/" + steps[at-1]
	}
	v.Facts, v.Predicates = split(choose(fieldViews(p, c.Fields), d.Fields))
	switch steps[at] {
	case "to":
		err = s.addAudiences(p, v)
	case "confirm":
		err = s.addPreview(p, v, c)
	}
	if err != nil {
		return err
	}
	return p.Render(status, "citizen/new_"+steps[at], v)
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

// addPreview shows what a verifier will see, read from a presentation that was made as it will be.
func (s *section) addPreview(p *shell.Page, v *makingView, c *Certificate) error {
	shown, err := s.Wallet.Preview(p.Request.Context(), holder(p), c.ID, v.Fields)
	if err != nil {
		return gone(err)
	}
	v.Preview = fieldViews(p, shown)
	for _, f := range v.Facts {
		if f.Asked && !f.Chosen {
			v.Missing = append(v.Missing, f.Label)
		}
	}
	return nil
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
	if steps[at] == "confirm" {
		return s.confirm(p, id, &d)
	}
	wrong, err := s.takeStep(p, steps[at], &d)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return s.showStep(p, http.StatusUnprocessableEntity, id, at, &d, wrong)
	}
	s.drafts.put(id, &d)
	return p.Redirect("/citizen/codes/new/" + id + "/" + steps[at+1])
}

func (s *section) takeStep(p *shell.Page, step string, d *draft) ([]formError, error) {
	switch step {
	case "what":
		return s.takeWhat(p, d)
	case "to":
		return s.takeTo(p, d)
	case "why":
		return s.takeWhy(p, d)
	default:
		return takeLife(p, d), nil
	}
}

func (s *section) takeWhat(p *shell.Page, d *draft) ([]formError, error) {
	c, err := s.Wallet.Certificate(p.Request.Context(), holder(p), d.Certificate)
	if err != nil {
		return nil, gone(err)
	}
	d.Fields = nil
	for _, f := range c.Fields { // in the certificate's order, and nothing that it does not have
		if slices.Contains(p.Request.PostForm["field"], f.Name) {
			d.Fields = append(d.Fields, f.Name)
		}
	}
	if len(d.Fields) == 0 {
		return []formError{{"fields", "citizen.error.fields"}}, nil
	}
	return nil, nil
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
			return []formError{{"region", "citizen.error.region"}}, err
		}
		return nil, err
	case ToOffice:
		offices, err := s.Codes.Offices(ctx)
		i := slices.IndexFunc(offices, func(o Office) bool { return o.Code == p.Form("office") })
		if i < 0 {
			return []formError{{"office", "citizen.error.office"}}, err
		}
		d.Audience.Office, d.Audience.Name = offices[i].Code, offices[i].Name
		return nil, err
	default:
		return []formError{{"to", "citizen.error.to"}}, nil
	}
}

func (s *section) takeWhy(p *shell.Page, d *draft) (wrong []formError, err error) {
	c, err := s.Wallet.Certificate(p.Request.Context(), holder(p), d.Certificate)
	if err != nil {
		return nil, gone(err)
	}
	d.Scenario, d.UseCause = p.Form("scenario"), strings.TrimSpace(p.Form("useCause"))
	if !slices.Contains(c.Scenarios, d.Scenario) {
		wrong = append(wrong, formError{"scenario", "citizen.error.scenario"})
	}
	if n := utf8.RuneCountInString(d.UseCause); n == 0 || n > maxCause {
		wrong = append(wrong, formError{"useCause", "citizen.error.cause"})
	}
	return wrong, nil
}

func takeLife(p *shell.Page, d *draft) (wrong []formError) {
	life, _ := strconv.ParseInt(p.Form("life"), 10, 64)
	uses, _ := strconv.Atoi(p.Form("uses"))
	if !slices.Contains(lives(), life) {
		wrong = append(wrong, formError{"life", "citizen.error.life"})
	}
	if !slices.Contains(useCounts(), uses) {
		wrong = append(wrong, formError{"uses", "citizen.error.uses"})
	}
	if len(wrong) == 0 {
		d.Life, d.Uses = life, uses
	}
	return wrong
}

// confirm makes the code. The draft's id is the operation: sent twice, it is one code.
func (s *section) confirm(p *shell.Page, id string, d *draft) error {
	made, err := s.Codes.Create(p.Request.Context(), holder(p), "page/"+id, &d.NewCode)
	switch attest.CodeOf(err) {
	case "":
	case attest.CodePurposeMissing, attest.CodePurposeTooLong, attest.CodeScenarioMissing:
		return s.showStep(p, http.StatusUnprocessableEntity, id, slices.Index(steps, "why"), d, []formError{{"useCause", "citizen.error.cause"}})
	default:
		return gone(err)
	}
	d.done = made
	s.drafts.put(id, d)
	return p.Redirect("/citizen/codes/" + made)
}
