package citizen

import (
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/web/shell"
)

// The steps of making a code, in their order. The first one is for who has several certificates that can be shown.
var steps = []string{"which", "what", "to", "why", "life", "confirm"} // read-only

func (d *draft) steps() []string {
	if d.several {
		return steps
	}
	return steps[1:]
}

// maxChosen is how many certificates one code shows at most, as internal/proofcode bounds it.
const maxChosen = 16

// usable lists what can be shown by a code now.
func (s *section) usable(p *shell.Page) ([]*Certificate, error) {
	list, err := s.Wallet.Certificates(p.Request.Context(), holder(p))
	return slices.DeleteFunc(list, func(c *Certificate) bool { return !c.Usable() }), err
}

// chosen reads the certificates of a draft, in its order.
func (s *section) chosen(p *shell.Page, d *draft) ([]*Certificate, error) {
	out := make([]*Certificate, len(d.Chosen))
	for i := range d.Chosen {
		c, err := s.Wallet.Certificate(p.Request.Context(), holder(p), d.Chosen[i].Certificate)
		if err != nil {
			return nil, gone(err)
		}
		out[i] = c
	}
	return out, nil
}

// choose makes a draft show certificates: of those that it has shown already the same, of others what agreements ask for.
func (d *draft) choose(certificates []*Certificate) {
	before := d.Chosen
	d.Chosen = make([]Chosen, len(certificates))
	for i, c := range certificates {
		d.Chosen[i] = Chosen{c.ID, askedFor(c)}
		if at := slices.IndexFunc(before, func(b Chosen) bool { return b.Certificate == c.ID }); at >= 0 {
			d.Chosen[i] = before[at]
		}
	}
	if offered := scenarios(certificates); !slices.Contains(offered[0], d.Scenario) { // what fits all of them comes first
		d.Scenario = slices.Concat(offered[0], offered[1], []string{""})[0]
	}
}

// scenarios are what certificates are recognised for somewhere: those of all of them, then those of some.
func scenarios(certificates []*Certificate) (out [2][]string) {
	count := map[string]int{}
	var order []string
	for _, c := range certificates {
		for _, s := range c.Scenarios {
			if count[s]++; count[s] == 1 {
				order = append(order, s)
			}
		}
	}
	for _, s := range order {
		if count[s] == len(certificates) {
			out[0] = append(out[0], s)
		} else {
			out[1] = append(out[1], s)
		}
	}
	return out
}

// chosenView is one certificate of a code that is being made.
type chosenView struct {
	*Certificate
	Facts, Predicates pickFields
	Preview           []fieldView
	Missing           []string // fields that an agreement asks for and that are kept back
	fields            []string
}

// pickFields are fields to tick, under the name that a form sends them by.
type pickFields struct {
	Name   string
	Fields []fieldView
}

// fieldsOf is the name by which the form sends the fields of a certificate.
func fieldsOf(id string) string { return "field-" + id }

func showing(p *shell.Page, d *draft, certificates []*Certificate) []chosenView {
	out := make([]chosenView, len(certificates))
	for i, c := range certificates {
		v := chosenView{Certificate: c, fields: d.Chosen[i].Fields}
		v.Facts.Name, v.Predicates.Name = fieldsOf(c.ID), fieldsOf(c.ID)
		v.Facts.Fields, v.Predicates.Fields = split(choose(fieldViews(p, c.Fields), v.fields))
		for _, f := range v.Facts.Fields {
			if f.Asked && !f.Chosen {
				v.Missing = append(v.Missing, f.Label)
			}
		}
		out[i] = v
	}
	return out
}

// about names certificates.
func about(p *shell.Page, certificates []*Certificate) string {
	if len(certificates) == 1 {
		return certificates[0].Type + " · " + certificates[0].Authority
	}
	names := make([]string, len(certificates))
	for i, c := range certificates {
		names[i] = c.Type
	}
	return strings.Join(names, p.Say("、", ", "))
}

// pickView is a certificate that can be chosen.
type pickView struct {
	*Certificate
	Chosen bool
}

func (s *section) addUsable(p *shell.Page, v *makingView) error {
	usable, err := s.usable(p)
	for _, c := range usable {
		v.Usable = append(v.Usable, pickView{c, slices.ContainsFunc(v.Chosen, func(n Chosen) bool { return n.Certificate == c.ID })})
	}
	return err
}

// addPreview shows what a verifier will see, read from presentations that were made as they will be.
func (s *section) addPreview(p *shell.Page, v *makingView) error {
	for i := range v.Showing {
		one := &v.Showing[i]
		shown, err := s.Wallet.Preview(p.Request.Context(), holder(p), one.ID, one.fields)
		if err != nil {
			return gone(err)
		}
		one.Preview = fieldViews(p, shown)
	}
	return nil
}

// takeWhich takes the choice of certificates in.
func (s *section) takeWhich(p *shell.Page, d *draft, before []*Certificate) ([]formError, error) {
	usable, err := s.usable(p)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, c := range usable {
		if slices.Contains(p.Request.PostForm["certificate"], c.ID) {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 || len(ids) > maxChosen {
		return []formError{{Field: "certificates", Key: "citizen.error.certificates"}}, nil
	}
	picked := make([]*Certificate, len(ids))
	for i, id := range ids {
		if at := slices.IndexFunc(before, func(c *Certificate) bool { return c.ID == id }); at >= 0 {
			picked[i] = before[at]
			continue
		}
		if picked[i], err = s.Wallet.Certificate(p.Request.Context(), holder(p), id); err != nil {
			return nil, gone(err)
		}
	}
	d.choose(picked)
	return nil, nil
}

// takeWhat takes the fields of every certificate in: in the certificate's order, and nothing that it does not have.
func takeWhat(p *shell.Page, d *draft, certificates []*Certificate) (wrong []formError) {
	chosen := make([]Chosen, len(certificates)) // a draft's own list is shared with those who read it
	for i, c := range certificates {
		chosen[i].Certificate = c.ID
		for _, f := range c.Fields {
			if slices.Contains(p.Request.PostForm[fieldsOf(c.ID)], f.Name) {
				chosen[i].Fields = append(chosen[i].Fields, f.Name)
			}
		}
		if len(chosen[i].Fields) > 0 {
			continue
		}
		e := formError{Field: "fields-" + c.ID, Key: "citizen.error.fields"}
		if len(certificates) > 1 {
			e.Of = c.Type
		}
		wrong = append(wrong, e)
	}
	d.Chosen = chosen
	return wrong
}
