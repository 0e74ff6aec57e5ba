package office

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/verdict"
)

type typesView struct{ Types []Type }

func (s *section) types(p *shell.Page) error {
	list, err := s.Issuer.Types(p.Request.Context(), actor(p))
	if err != nil {
		return err
	}
	return p.Render(http.StatusOK, "office/types", typesView{list})
}

// typeOf is the type that the path names; one that the office does not issue is not there.
func (s *section) typeOf(p *shell.Page) (*Type, error) {
	list, err := s.Issuer.Types(p.Request.Context(), actor(p))
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Code == p.Request.PathValue("type") {
			return &list[i], nil
		}
	}
	return nil, shell.Withheld()
}

// choice is one value of a list.
type choice struct{ Value, Label string }

// input is one field of the form.
type input struct {
	*property
	Label   string
	Value   string
	Hint    string
	Wrong   string
	Choices []choice
}

type issueView struct {
	*Type
	Operation string
	Given     []fact // what follows from type and office
	Inputs    []input
	Problems  problems
}

// given are the fields that nobody fills in.
func (s *section) given(p *shell.Page, t *Type, f *property) (value string, ok bool) {
	switch f.Name {
	case gbt.FieldTypeCode:
		return t.Code, true
	case gbt.FieldAuthorityCode:
		return p.Session.Office, true
	case gbt.FieldAuthorityName:
		return p.OfficeName(), true
	}
	return f.constant, f.constant != ""
}

func (s *section) issueForm(p *shell.Page) error {
	t, err := s.typeOf(p)
	if err != nil {
		return err
	}
	today := s.Now().In(china).Format(time.DateOnly)
	return s.showIssue(p, t, http.StatusOK, newOperation(), func(f *property) string {
		if f.Name == gbt.FieldIssuedDate || f.Name == gbt.FieldEffectiveDate {
			return today
		}
		if len(f.enum) == 1 {
			return f.enum[0]
		}
		return ""
	}, nil)
}

// china is China Standard Time, in which a day of a certificate begins and ends.
var china = time.FixedZone("CST", 8*60*60)

func (s *section) showIssue(p *shell.Page, t *Type, status int, op string, value func(f *property) string, wrong problems) error {
	form, err := readSchema(t.Schema)
	if err != nil {
		return err
	}
	v := &issueView{Type: t, Operation: op, Problems: wrong}
	for i := range form {
		f := &form[i]
		if given, ok := s.given(p, t, f); ok {
			v.Given = append(v.Given, fact{Name: f.Name, Label: f.label(p), Value: given})
			continue
		}
		in := input{property: f, Label: f.label(p), Value: value(f), Wrong: wrong.Of(f.Name), Choices: choices(p, f)}
		if f.Name == gbt.FieldIdentifier {
			in.Hint, in.Required = p.T("office.issue.identifier"), false
		}
		v.Inputs = append(v.Inputs, in)
	}
	return p.Render(status, "office/issue", v)
}

func choices(p *shell.Page, f *property) []choice {
	var out []choice
	for _, value := range f.enum {
		label := value
		if f.Name == gbt.FieldHolderTypeCode {
			label = verdict.HolderType(p, value)
		}
		out = append(out, choice{value, label})
	}
	if f.Kind == KindBoolean {
		out = []choice{{"true", p.T("verdict.bool.true")}, {"false", p.T("verdict.bool.false")}}
	}
	return out
}

// filled is a form as it was sent.
type filled struct {
	values   map[string]string
	fields   []attest.Field
	problems problems
	labels   map[string]string
	made     string // the identifier, where we made it
}

func (s *section) issue(p *shell.Page) error {
	t, err := s.typeOf(p)
	if err != nil {
		return err
	}
	form, err := readSchema(t.Schema)
	if err != nil {
		return err
	}
	in := s.fill(p, t, form)
	again := func() error {
		return s.showIssue(p, t, http.StatusUnprocessableEntity, operation(p), in.entered, in.problems)
	}
	if len(in.problems) > 0 {
		return again()
	}
	certificate := NewCertificate{Type: t.Code, Fields: in.fields}
	certificate.From, certificate.Until = in.period()
	id, err := s.Issuer.Issue(p.Request.Context(), actor(p), operation(p), certificate)
	if err == nil {
		return p.Redirect("/office/certificates/" + id)
	}
	if !in.blame(p, err) {
		return err
	}
	return again()
}

// fill reads every field of the form and says all that is wrong with them at once.
func (s *section) fill(p *shell.Page, t *Type, form []property) *filled {
	in := &filled{values: map[string]string{}, labels: map[string]string{}}
	for i := range form {
		f := &form[i]
		in.labels[f.Name] = f.label(p)
		value, ok := s.given(p, t, f)
		if !ok {
			value = strings.TrimSpace(p.Form("f." + f.Name))
		}
		in.values[f.Name] = value
	}
	if _, asked := in.labels[gbt.FieldIdentifier]; asked && in.values[gbt.FieldIdentifier] == "" {
		in.made = identifier(t.Code, p.Session.Office, in.values[gbt.FieldNumber])
		in.values[gbt.FieldIdentifier] = in.made
	}
	for i := range form {
		in.take(p, &form[i])
	}
	in.checkHolder(p)
	return in
}

// entered is what somebody entered, without what was made of it.
func (in *filled) entered(f *property) string {
	if f.Name == gbt.FieldIdentifier && in.made != "" {
		return ""
	}
	return in.values[f.Name]
}

func (in *filled) take(p *shell.Page, f *property) {
	value := in.values[f.Name]
	if key := f.check(value); key != "" {
		in.wrong(f.Name, p.T(key))
		return
	}
	if value != "" {
		in.fields = append(in.fields, attest.Field{Name: f.Name, Value: f.json(value)})
	}
}

func (in *filled) wrong(field, words string) {
	in.problems = append(in.problems, Problem{Field: field, Label: in.labels[field], Words: words})
}

// json is a value as the schema wants it.
func (f *property) json(value string) []byte {
	if f.Kind == KindBoolean || f.Kind == KindNumber {
		if json.Valid([]byte(value)) {
			return []byte(value)
		}
	}
	out, _ := json.Marshal(value) // of a string it cannot fail
	return out
}

// checkHolder says at once what the notary would say of the holder's code.
func (in *filled) checkHolder(p *shell.Page) {
	kind, code := in.values[gbt.FieldHolderTypeCode], in.values[gbt.FieldHolderCode]
	if kind == "" || code == "" || in.problems.Of(gbt.FieldHolderTypeCode) != "" || in.problems.Of(gbt.FieldHolderCode) != "" {
		return
	}
	if err := gbt.CheckHolderCode(kind, code); err != nil {
		in.wrong(gbt.FieldHolderCode, p.Say(attest.Explain(attest.CodeOf(err))))
	}
}

// identifier makes the 证照标识 of a number; empty where the number leads to none.
func identifier(kind, office, number string) string {
	serial := strings.Map(func(r rune) rune {
		r = unicode.ToUpper(r)
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, number)
	id, err := gbt.NewIdentifier(gbt.TypeCode(kind), gbt.USCC(office), serial, 1)
	if err != nil {
		return ""
	}
	return id.Text()
}

// period is from the beginning of the first day in China to the end of the last one.
func (in *filled) period() (from, until int64) {
	first, _ := gbt.ParseDate(in.values[gbt.FieldEffectiveDate]) // checked; the zero time where there is none
	last, _ := gbt.ParseDate(in.values[gbt.FieldExpiringDate])
	return gbt.PeriodOf(first, last)
}

// blame puts a refusal beside the field that it is about, and reports whether it was one.
func (in *filled) blame(p *shell.Page, err error) bool {
	code := attest.CodeOf(err)
	field := ""
	var at *FieldError
	switch {
	case errors.As(err, &at):
		field = at.Field
	case code == attest.CodeDatesReversed:
		field = gbt.FieldExpiringDate
	}
	if _, known := in.labels[field]; !known {
		return false
	}
	in.wrong(field, p.Say(attest.Explain(code)))
	return true
}

type certificateView struct {
	*Certificate
	Facts       []fact
	From, Until int64
	State       string // key of the word for how it stands
	MayIssue    bool
	Changed     bool     // its status, just now
	Changes     []change // that may follow; empty: none, or none by whoever asks
	History     []Interval
	Operation   string
	Problems    problems
}

func (s *section) certificate(p *shell.Page) error {
	c, err := s.Issuer.Certificate(p.Request.Context(), actor(p), p.Request.PathValue("id"))
	if err != nil {
		return withheld(err)
	}
	return p.Render(http.StatusOK, "office/certificate", s.newCertificate(p, c))
}

func (s *section) newCertificate(p *shell.Page, c *Certificate) *certificateView {
	v := &certificateView{Certificate: c, Facts: verdict.Facts(p, c.Fields, c.Schema), State: stateOf(c, s.Now().Unix()),
		MayIssue: p.May(issues), Changed: p.Request.URL.Query().Get("changed") == "1", Operation: newOperation()}
	if c.Profile != nil {
		v.From, v.Until = c.Profile.NotBefore, c.Profile.Expires
	}
	if p.May(suspends) && c.Anchored {
		v.Changes = changesOf(c, s.Now().Unix())
	}
	for i := range c.Intervals {
		v.History = append(v.History, Interval{Interval: &c.Intervals[i], Reason: reasonKey(c.Intervals[i].Reason)})
	}
	return v
}

func stateOf(c *Certificate, now int64) string {
	if at := attest.StatusAt(c.Intervals, now); at != nil {
		return "office.state." + string(at.State)
	}
	return "office.state.none"
}

// withheld makes of what is not the office's own a page that is not there, and logs it.
func withheld(err error) error {
	if attest.CodeOf(err) == attest.CodeNotFound {
		return shell.Withheld()
	}
	return err
}

func (s *section) print(p *shell.Page) error {
	pdf, err := s.Issuer.Print(p.Request.Context(), actor(p), p.Request.PathValue("id"))
	if err != nil {
		return withheld(err)
	}
	return attachment(p, "application/pdf", "certificate.pdf", pdf)
}
