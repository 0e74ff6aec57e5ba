package office

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

// agreementView is an agreement in words.
type agreementView struct {
	Agreement
	Standing  string // key of the word for how it stands now
	TypeNames []string
	Disclosed []string // names of the fields that have to be shown
	Lacks     []string // parties that have not approved it yet
	MayDecide bool     // our region is a party that has not approved
	MayEnd    bool
	Operation string
	Today     string
	Problems  problems
}

func (s *section) view(a *Agreement, types []Type) *agreementView {
	v := &agreementView{Agreement: *a, Standing: "office.agreement." + string(a.State), Operation: newOperation(),
		Today: s.Now().In(china).Format(time.DateOnly)}
	for _, code := range a.Types {
		v.TypeNames = append(v.TypeNames, nameOf(types, code))
	}
	ours, party := s.Agreements.Region(), false
	for _, region := range parties(a) {
		party = party || region == ours
		if !slices.Contains(a.Approved, region) {
			v.Lacks = append(v.Lacks, region)
		}
	}
	v.MayDecide = a.State == attest.AgreementProposed && slices.Contains(v.Lacks, ours)
	v.MayEnd = party && a.State != attest.AgreementWithdrawn
	now := s.Now().Unix()
	if a.State == attest.AgreementInForce && !a.InForce(now) {
		v.Standing = "office.agreement.not-now"
	}
	return v
}

// nameOf is the name of a type; its code where it is not known.
func nameOf(types []Type, code string) string {
	for i := range types {
		if types[i].Code == code {
			return types[i].Name
		}
	}
	return code
}

// parties are the regions that an agreement binds, each once.
func parties(a *Agreement) []string {
	all := slices.Concat(a.Issuers, a.Relying)
	slices.Sort(all)
	return slices.Compact(all)
}

type agreementsView struct{ InForce, Open, Past []*agreementView }

func (s *section) agreements(p *shell.Page) error {
	ctx := p.Request.Context()
	list, err := s.Agreements.List(ctx)
	if err != nil {
		return err
	}
	types, err := s.Agreements.Types(ctx)
	if err != nil {
		return err
	}
	v := &agreementsView{}
	for i := range list {
		a := s.view(&list[i], types)
		switch {
		case a.State == attest.AgreementProposed:
			v.Open = append(v.Open, a)
		case a.InForce(s.Now().Unix()):
			v.InForce = append(v.InForce, a)
		default:
			v.Past = append(v.Past, a)
		}
	}
	return p.Render(http.StatusOK, "office/agreements", v)
}

// find is the version that the path names.
func (s *section) find(p *shell.Page) (*agreementView, error) {
	ctx := p.Request.Context()
	version, err := strconv.Atoi(p.Request.PathValue("version"))
	if err != nil {
		return nil, shell.Missing()
	}
	a, err := s.Agreements.Find(ctx, p.Request.PathValue("id"), version)
	if attest.CodeOf(err) == attest.CodeNotFound {
		return nil, shell.Missing()
	}
	if err != nil {
		return nil, err
	}
	types, err := s.Agreements.Types(ctx)
	if err != nil {
		return nil, err
	}
	v := s.view(a, types)
	for _, name := range a.Conditions.Disclose {
		v.Disclosed = append(v.Disclosed, verdict.Label(p, name, ""))
	}
	return v, nil
}

func (s *section) agreement(p *shell.Page) error {
	v, err := s.find(p)
	if err != nil {
		return err
	}
	return p.Render(http.StatusOK, "office/agreement", v)
}

func pathOf(id string, version int) string {
	return "/office/agreements/" + url.PathEscape(id) + "/" + strconv.Itoa(version)
}

// approve approves what the page showed: its digest came with the form.
func (s *section) approve(p *shell.Page) error {
	v, err := s.find(p)
	if err != nil {
		return err
	}
	if p.Form("read") != "yes" {
		v.Problems.add("read", p.T("office.error.read"))
		return p.Render(http.StatusUnprocessableEntity, "office/agreement", v)
	}
	err = s.Agreements.Approve(p.Request.Context(), actor(p), operation(p), v.ID, v.Version, p.Form("digest"))
	if err != nil {
		return err
	}
	return p.Redirect(pathOf(v.ID, v.Version))
}

func (s *section) withdraw(p *shell.Page) error {
	v, err := s.find(p)
	if err != nil {
		return err
	}
	ends, err := time.ParseInLocation(time.DateOnly, p.Form("ends"), china)
	if err != nil {
		v.Problems.add("ends", p.T("office.error.day"))
	}
	if p.Form("sure") != "yes" {
		v.Problems.add("sure", p.T("office.error.sure"))
	}
	if len(v.Problems) > 0 {
		return p.Render(http.StatusUnprocessableEntity, "office/agreement", v)
	}
	// The day is the last one; a notice reaches nobody in the past.
	end := max(ends.AddDate(0, 0, 1).Unix(), s.Now().Unix()+60)
	if err := s.Agreements.Withdraw(p.Request.Context(), actor(p), operation(p), v.ID, v.Version, end); err != nil {
		return err
	}
	return p.Redirect(pathOf(v.ID, v.Version))
}

type proposeView struct {
	Operation        string
	ID, Version      string
	Parties          []Party
	Types            []Type
	Issuers, Relying []string
	Chosen           []string // types
	Scenarios        string   // a line each
	Disclose         []string
	Fields           []choice
	From, Until      string
	MaxAgeDays       string
	AcceptSuspended  bool
	Problems         problems
	terms            attest.Agreement
}

// Has reports whether a list has a value; templates ask it.
func (v *proposeView) Has(list []string, value string) bool { return slices.Contains(list, value) }

func (s *section) proposeForm(p *shell.Page) error {
	v := &proposeView{Operation: newOperation(), Version: "1", From: s.Now().In(china).Format(time.DateOnly), Issuers: []string{s.Agreements.Region()},
		Relying: []string{s.Agreements.Region()}}
	return s.showPropose(p, v, http.StatusOK)
}

func (s *section) showPropose(p *shell.Page, v *proposeView, status int) (err error) {
	ctx := p.Request.Context()
	if v.Parties, err = s.Agreements.Parties(ctx); err != nil {
		return err
	}
	if v.Types, err = s.Agreements.Types(ctx); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i := range v.Types {
		form, err := readSchema(v.Types[i].Schema)
		if err != nil {
			return err
		}
		for j := range form {
			if f := &form[j]; !seen[f.Name] {
				seen[f.Name] = true
				v.Fields = append(v.Fields, choice{f.Name, f.label(p)})
			}
		}
	}
	return p.Render(status, "office/propose", v)
}

func (s *section) propose(p *shell.Page) error {
	v := &proposeView{Operation: operation(p), ID: strings.TrimSpace(p.Form("id")), Version: p.Form("version"),
		Issuers: p.Request.PostForm["issuers"], Relying: p.Request.PostForm["relying"], Chosen: p.Request.PostForm["types"],
		Scenarios: p.Form("scenarios"), Disclose: p.Request.PostForm["disclose"], From: p.Form("from"), Until: p.Form("until"),
		MaxAgeDays: p.Form("maxAgeDays"), AcceptSuspended: p.Form("acceptSuspended") == "yes"}
	v.read(p)
	if len(v.Problems) == 0 {
		err := s.Agreements.Propose(p.Request.Context(), actor(p), v.Operation, &v.terms)
		if err == nil {
			return p.Redirect(pathOf(v.terms.ID, v.terms.Version))
		}
		if code := attest.CodeOf(err); code == attest.CodeInternal || code == "" {
			return err
		}
		v.Problems.add("id", p.Say(attest.Explain(attest.CodeOf(err))))
	}
	return s.showPropose(p, v, http.StatusUnprocessableEntity)
}

var agreementID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{2,63}$`)

// read makes terms of the form and says all that is wrong with it at once.
func (v *proposeView) read(p *shell.Page) {
	t := &v.terms
	version, err := strconv.Atoi(v.Version)
	if !agreementID.MatchString(v.ID) {
		v.Problems.add("id", p.T("office.error.agreement-id"))
	}
	if err != nil || version < 1 || version > 9999 {
		v.Problems.add("version", p.T("office.error.version"))
	}
	t.ID, t.Version, t.Issuers, t.Relying, t.Types = v.ID, version, v.Issuers, v.Relying, v.Chosen
	for _, line := range strings.Split(v.Scenarios, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			t.Scenarios = append(t.Scenarios, line)
		}
	}
	v.readLists(p)
	v.readDays(p)
	t.Conditions.Disclose, t.Conditions.AcceptSuspended = v.Disclose, v.AcceptSuspended
}

func (v *proposeView) readLists(p *shell.Page) {
	for field, list := range map[string][]string{"issuers": v.Issuers, "relying": v.Relying, "types": v.Chosen, "scenarios": v.terms.Scenarios} {
		if len(list) == 0 {
			v.Problems.add(field, p.T("office.error.none."+field))
		}
	}
	slices.SortFunc(v.Problems, func(a, b Problem) int { return strings.Compare(a.Field, b.Field) })
}

func (v *proposeView) readDays(p *shell.Page) {
	from, err := time.ParseInLocation(time.DateOnly, v.From, china)
	if err != nil {
		v.Problems.add("from", p.T("office.error.day"))
	}
	v.terms.From = from.Unix()
	if v.Until != "" {
		until, err := time.ParseInLocation(time.DateOnly, v.Until, china)
		if err != nil || until.Before(from) {
			v.Problems.add("until", p.T("office.error.until"))
		}
		v.terms.Until = until.AddDate(0, 0, 1).Unix()
	}
	if v.MaxAgeDays != "" {
		days, err := strconv.Atoi(v.MaxAgeDays)
		if err != nil || days < 1 || days > 36500 {
			v.Problems.add("maxAgeDays", p.T("office.error.age"))
		}
		v.terms.Conditions.MaxAgeDays = days
	}
}
