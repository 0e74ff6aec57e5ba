package paper

import (
	"encoding/json"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
)

// Certificate is a certificate to print: a presentation, and how its type and authority are called.
type Certificate struct {
	ID           string // commitment in base64url: names the certificate to who has it, and says nothing else
	Presentation []byte // SD-JWT with the fields that are to be on paper
	Inclusion    []byte // inclusion receipt
	TypeName     string
	Schema       json.RawMessage // of the type: order and titles of the fields
	Authority    string          // name
	Printed      time.Time
}

// Certificate prints. What is on the page is read from the presentation, so that paper and attachment are the same.
// Errors: those of attest.ParseSDJWT and Process; PDF_TOO_LARGE; FONT_MISSING.
func (pr *Printer) Certificate(c *Certificate) ([]byte, error) {
	sd, err := attest.ParseSDJWT(c.Presentation, attest.DefaultLimits())
	if err != nil {
		return nil, err
	}
	profile, err := attest.ReadProfile(sd)
	if err != nil {
		return nil, err
	}
	claims, err := sd.Process()
	if err != nil {
		return nil, err
	}
	foot := "存证编号 " + c.ID + "　打印 " + beijing(c.Printed.Unix())
	a := &Attachment{Presentation: c.Presentation, Inclusion: c.Inclusion}
	return pr.print("电子证照打印件", foot, c.Printed, a, func(p *page) {
		p.pdf.SetY(26)
		p.centred(title(c, claims), 22, ink)
		p.next(1.5)
		p.centred("电子证照打印件 · Printed electronic certificate", 9, faint)
		p.next(4)
		p.centred(c.Authority, 13, seal)
		p.next(5)
		p.line(p.pdf.GetY())
		p.next(1)
		p.fields(c, claims)
		p.row("统一社会信用代码（颁发机构）", profile.Authority)
		p.row("签发时间", beijing(profile.IssuedAt))
		p.row("有效期", validity(profile))
		p.how(c)
	})
}

func title(c *Certificate, claims *attest.Claims) string {
	if name, ok := claims.Get(gbt.FieldName); ok && name.Kind() == attest.JSONString {
		return name.Str()
	}
	return c.TypeName
}

// fields prints what was disclosed, in the order of the type's schema, and what the schema does not name at the end.
func (p *page) fields(c *Certificate, claims *attest.Claims) {
	rows := 0
	shown := map[string]bool{gbt.FieldName: true} // the title
	show := func(l label) {
		value, ok := claims.Get(l.name)
		if !ok || shown[l.name] || rows >= maxRows {
			return
		}
		shown[l.name] = true
		rows++
		p.row(l.title, words(value))
	}
	for _, l := range fieldLabels(c.Schema) {
		show(l)
	}
	for _, name := range claims.Disclosed() {
		l := label{name: name, title: "判断项 " + name}
		if f, ok := gbt.FieldOf(name); ok {
			l.title = f.Chinese
		}
		show(l)
	}
}

func words(v attest.Value) string {
	switch v.Kind() {
	case attest.JSONString:
		return v.Str()
	case attest.JSONBool:
		if v.BoolValue() {
			return "是"
		}
		return "否"
	}
	return string(v.Raw())
}

func validity(p *attest.Profile) string {
	from, until := p.IssuedAt, "长期"
	if p.NotBefore > 0 {
		from = p.NotBefore
	}
	if p.Expires > 0 {
		until = gbt.LastDay(p.Expires)
	}
	return day(from) + " 至 " + until
}
