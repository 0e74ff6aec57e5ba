package signin

import (
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/session"
)

// read fills in what the claims say of a person, and reports whether it is all that their kind needs. A role that we do
// not know gives no right.
func (s *SignIn) read(claims map[string]any, p *session.Person) bool {
	names := &s.c.Claims
	p.Name = text(claims[names.Name])
	if p.Kind == session.Citizen {
		p.Code = strings.ToUpper(text(claims[names.Code]))
		_, err := gbt.ParseCitizenNumber(p.Code)
		return err == nil
	}
	p.Office, p.Roles = text(claims[names.Office]), nil
	for _, role := range list(claims[names.Roles]) {
		if known := session.Role(role); slices.Contains(session.Roles(), known) && !slices.Contains(p.Roles, known) {
			p.Roles = append(p.Roles, known)
		}
	}
	_, err := gbt.ParseUSCC(p.Office)
	return err == nil && len(p.Roles) > 0
}

const maxText = 256

func text(v any) string {
	t, _ := v.(string)
	if len(t) > maxText {
		return ""
	}
	return t
}

// list reads a list of words; some providers write one word, or words with spaces between, where a list is meant.
func list(v any) []string {
	if t, ok := v.(string); ok {
		return strings.Fields(t)
	}
	elements, _ := v.([]any)
	out := make([]string, 0, len(elements))
	for _, e := range elements {
		out = append(out, text(e))
	}
	return out
}
