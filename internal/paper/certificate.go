package paper

import (
	"encoding/json"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/qr"
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
		until = day(p.Expires - 1)
	}
	return day(from) + " 至 " + until
}

const edge = 62.0 // of the code on paper

// how says how to verify, beside the code.
func (p *page) how(c *Certificate) {
	p.heading("核验", "How to verify")
	code := selfContained(c)
	width := inner
	if code != nil {
		p.room(edge + 8)
		width = inner - edge - 10
	}
	number, y := p.pdf.PageNo(), p.pdf.GetY()+1
	if code != nil {
		p.code(code, pageWidth-margin-edge, y, edge)
	}
	p.pdf.SetY(y)
	for _, step := range howCertificate(code != nil) {
		p.text(margin, width, 9, ink, step)
		p.next(1.6)
	}
	if code != nil && p.pdf.PageNo() == number && p.pdf.GetY() < y+edge {
		p.pdf.SetY(y + edge)
	}
}

func howCertificate(code bool) []string {
	steps := []string{
		"1. 有电子文件的：把这份 PDF 拖入任一省网关的「核验」页面，或运行 huzheng verify 文件.pdf。",
		"2. 核验以 PDF 内附件为准，纸面和页面上的文字只供阅读：请核对核验结果中列出的字段，与本页不一致的，以核验结果为准。",
	}
	if code {
		steps = append(steps, "3. 只有纸件的：在「核验」页面扫描或拍摄右侧二维码。二维码含证照出示和存证回执，不须联系颁发地。")
	} else {
		steps = append(steps, "3. 内容较多，一个二维码放不下：请使用电子文件核验，或少选几个字段重新打印。")
	}
	return append(steps,
		"4. 打印件不证明持有人就是持证人，也不反映打印之后的暂扣、吊销；是否有效以核验当时的结论为准。",
		"What counts is the file attached to this PDF, or the QR code, and never the printed text. Compare what the verifier shows with this page.")
}

// selfContained is the presentation's code, or nil where it does not fit one: the file has it all.
func selfContained(c *Certificate) *qr.Code {
	text, err := portable.Encode(&portable.Presentation{SDJWT: c.Presentation, Receipt: c.Inclusion})
	if err != nil {
		return nil
	}
	code, err := qr.Encode(text, qr.Low)
	if err != nil {
		return nil
	}
	return code
}
