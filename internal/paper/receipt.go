package paper

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/qr"
)

// Receipt is a verification receipt (核验回执) to print.
type Receipt struct {
	JWS       []byte
	Inclusion []byte // nil while it is not anchored
	TypeName  string // of the certificate that was verified; may be empty
	Printed   time.Time
}

// ReceiptPrefix stands before a receipt's id in the code on its print.
const ReceiptPrefix = "urn:huzheng:receipt:"

// Receipt prints. Errors: those of attest.ParseVerificationReceipt; PDF_TOO_LARGE; FONT_MISSING.
func (pr *Printer) Receipt(r *Receipt) ([]byte, error) {
	v, jws, err := attest.ParseVerificationReceipt(r.JWS)
	if err != nil {
		return nil, err
	}
	code, err := qr.Encode(ReceiptPrefix+v.ID, qr.Medium)
	if err != nil {
		return nil, err
	}
	foot := "核验回执 " + v.ID + "　打印 " + beijing(r.Printed.Unix())
	a := &Attachment{Verification: r.JWS, Inclusion: r.Inclusion}
	return pr.print("核验回执", foot, r.Printed, a, func(p *page) {
		p.height = 5.1
		p.pdf.SetY(20)
		p.centred("核验回执", 22, ink)
		p.next(1.5)
		p.centred("Verification receipt", 9, faint)
		p.next(3)
		p.verdict(v.Verdict)
		p.purpose(r, v, jws.KeyID)
		p.checks(v.Verdict.Checks)
		p.howReceipt(code)
	})
}

func (p *page) verdict(v *attest.Verdict) {
	c := seal
	if v.Result == attest.Valid {
		c = colour{25, 105, 60}
	}
	zh, en := attest.ResultText(v.Result)
	p.centred(zh, 14, c)
	p.centred(en, 9, faint)
	if v.Code != attest.CodeOK {
		reason, _ := attest.Explain(v.Code)
		p.next(1)
		p.centred(string(v.Code)+"　"+reason, 9.5, ink)
	}
	p.next(3)
	p.line(p.pdf.GetY())
	p.next(1)
}

func (p *page) purpose(r *Receipt, v *attest.VerificationReceipt, key string) {
	d := v.Verdict
	p.row("核验时间", beijing(v.Time))
	p.row("核验方", v.Verifier)
	p.row("核验地区", v.Region)
	p.row("办理事项", v.Scenario)
	p.row("用证事由", v.UseCause)
	if d.Type != "" {
		p.row("证照类型", strings.TrimSpace(r.TypeName+" "+d.Type+"（第 "+strconv.Itoa(d.Version)+" 版）"))
		p.row("颁发机构、地区", d.Authority+"　"+d.Issuer)
	}
	p.row("证照承诺（存证编号）", base64.RawURLEncoding.EncodeToString(d.Commitment[:]))
	if d.Agreement != "" {
		p.row("依据的互认协议", fmt.Sprintf("%s 第 %d 版", d.Agreement, d.Revision))
	}
	p.row("账本高度", fmt.Sprintf("%d（%d 省佐证至 %d）", d.Height, len(d.Agreeing), d.AgreedAt))
	p.row("回执编号", v.ID)
	p.row("签名密钥", key)
	anchored := "尚未上链"
	if len(r.Inclusion) > 0 {
		anchored = "已上链，存证回执在附件中"
	}
	p.row("回执存证", anchored)
}

var outcomes = map[attest.Outcome]string{attest.Passed: "通过", attest.Failed: "不通过", attest.Unknown: "不明", attest.Skipped: "未检查"}

func (p *page) checks(list []attest.Check) {
	p.heading("检查项", "Checks")
	for _, c := range list[:min(len(list), maxRows)] {
		zh, _ := attest.CheckText(c.Name)
		reason, _ := attest.Explain(c.Code)
		word := outcomes[c.Outcome]
		if c.Outcome != attest.Passed {
			word += "　" + reason
		}
		p.row(zh, word)
	}
}

func (p *page) howReceipt(code *qr.Code) {
	const edge = 30.0
	p.room(edge + 14)
	p.heading("核对", "How to check")
	y := p.pdf.GetY() + 1
	p.code(code, pageWidth-margin-edge, y, edge)
	p.pdf.SetY(y)
	for _, step := range []string{
		"1. 把这份 PDF 拖入「核验」页面，或运行 huzheng verify 文件.pdf：核对出具网关的签名和上链存证。",
		"2. 核对以 PDF 内附件（签名的回执）为准，页面上的文字只供阅读。",
		"3. 回执写明当时的结论及依据，不含证照内容；二维码为回执编号。",
		"The signed receipt attached to this PDF counts, and never the printed text.",
	} {
		p.text(margin, inner-edge-10, 9, ink, step)
		p.next(1.6)
	}
}
