package paper

import (
	"fmt"

	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/qr"
)

// Codes on paper, in millimetres.
const (
	edge       = 62.0 // of a code
	pitch      = edge + 14
	codesInRow = 2
	rowsOnPage = 3
)

// how says how to verify, beside the code, or above the codes of all parts.
func (p *page) how(c *Certificate) {
	p.heading("核验", "How to verify")
	codes := selfContained(c)
	rows := (len(codes) + codesInRow - 1) / codesInRow
	if len(codes) > 1 && p.pdf.PageNo()+1+rows/rowsOnPage > MaxPages {
		codes = nil // all or none
	}
	if len(codes) == 1 {
		p.howBeside(codes[0])
		return
	}
	for _, step := range howCertificate(len(codes)) {
		p.text(margin, inner, 9, ink, step)
		p.next(1.6)
	}
	p.grid(codes)
}

// howBeside writes to the left of one code.
func (p *page) howBeside(code *qr.Code) {
	p.room(edge + 8)
	number, y := p.pdf.PageNo(), p.pdf.GetY()+1
	p.code(code, pageWidth-margin-edge, y, edge)
	p.pdf.SetY(y)
	for _, step := range howCertificate(1) {
		p.text(margin, inner-edge-10, 9, ink, step)
		p.next(1.6)
	}
	if p.pdf.PageNo() == number && p.pdf.GetY() < y+edge {
		p.pdf.SetY(y + edge)
	}
}

// grid draws the codes of all parts, numbered, in rows.
func (p *page) grid(codes []*qr.Code) {
	for i, code := range codes {
		if i%codesInRow == 0 {
			if i > 0 {
				p.next(pitch)
			}
			p.room(pitch)
		}
		x := margin + float64(i%codesInRow)*(inner-edge)
		p.style(9, faint)
		p.put(x, p.pdf.GetY()+1, 5, fmt.Sprintf("二维码 %d / %d", i+1, len(codes)))
		p.code(code, x, p.pdf.GetY()+7, edge)
	}
}

func howCertificate(codes int) []string {
	steps := []string{
		"1. 有电子文件的：把这份 PDF 拖入任一省网关的「核验」页面，或运行 huzheng verify 文件.pdf。",
		"2. 核验以 PDF 内附件为准，纸面和页面上的文字只供阅读：请核对核验结果中列出的字段，与本页不一致的，以核验结果为准。",
	}
	switch codes {
	case 0:
		steps = append(steps, "3. 内容较多，二维码放不下：请使用电子文件核验，或少选几个字段重新打印。")
	case 1:
		steps = append(steps, "3. 只有纸件的：在「核验」页面扫描或拍摄右侧二维码。二维码含证照出示和存证回执，不须联系颁发地。")
	default:
		steps = append(steps, fmt.Sprintf("3. 只有纸件的：后附的 %d 个二维码合为一份出示，含存证回执，不须联系颁发地。把它们全部拍下（可拍成几张，次序不限），"+
			"在「核验」页面一起选取。", codes))
	}
	return append(steps,
		"4. 打印件不证明持有人就是持证人，也不反映打印之后的暂扣、吊销；是否有效以核验当时的结论为准。",
		"What counts is the file attached to this PDF, or all of the QR codes, and never the printed text. Compare what the verifier shows with this page.")
}

// selfContained is the presentation's code, or the codes of its parts, or none where it does not fit: the file has it all.
func selfContained(c *Certificate) []*qr.Code {
	text, err := portable.Encode(&portable.Presentation{SDJWT: c.Presentation, Receipt: c.Inclusion})
	if err != nil {
		return nil
	}
	codes, err := qr.Portable(text, qr.Low)
	if err != nil {
		return nil
	}
	return codes
}
