package demoidp

import "github.com/huzheng-ledger/huzheng/internal/session"

// Person is somebody who can sign in. None of them exists.
type Person struct {
	Account  string
	Password string
	Name     string
	Code     string         // holder code; empty: no citizen
	Office   string         // USCC; empty: no member of staff
	Roles    []session.Role // in the office
	About    string         // for the list on the page: who this is, in Chinese and English
}

func (p *Person) claims() map[string]any {
	claims := map[string]any{}
	if p.Code != "" {
		claims["citizen_code"] = p.Code
	}
	if p.Office != "" {
		claims["office"], claims["roles"] = p.Office, p.Roles
	}
	return claims
}
