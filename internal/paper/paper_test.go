package paper_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/attest/portable"
	"github.com/huzheng-ledger/huzheng/internal/paper"
	"github.com/huzheng-ledger/huzheng/internal/qr"
	"github.com/huzheng-ledger/huzheng/internal/sample"
	"github.com/huzheng-ledger/huzheng/internal/testkeys"
)

var printed = time.Date(2026, 7, 1, 2, 3, 4, 0, time.UTC)

func printer(t testing.TB) *paper.Printer {
	t.Helper()
	p, err := paper.NewPrinter("")
	if attest.CodeOf(err) == attest.CodeFontMissing {
		t.Skip("no Chinese TrueType font on this machine: install fonts-droid-fallback")
	}
	require.NoError(t, err)
	return p
}

// certificate is a sample certificate to print, with all its fields and those of more.
func certificate(t testing.TB, more ...attest.Field) *paper.Certificate {
	t.Helper()
	authorities, err := sample.Authorities("440000")
	require.NoError(t, err)
	g, err := sample.New(1, authorities[0].Code, authorities[0].Name, authorities[0].Division)
	require.NoError(t, err)
	record, err := g.Record(sample.TypeConstructor, 7)
	require.NoError(t, err)
	typ, err := sample.TypeOf(sample.TypeConstructor)
	require.NoError(t, err)
	c := &attest.Certificate{Issuer: "https://gw.440000.example/v1/authorities/" + string(authorities[0].Code),
		Type: string(sample.TypeConstructor), TypeVersion: 1, IssuedAt: 1767196800, NotBefore: 1767196800, Expires: 1924963200,
		StatusIndex: 70_001, Holder: testkeys.Signer(t, attest.SuiteStd, "holder").Public(), Fields: more}
	for name, value := range record.Values() {
		text, err := json.Marshal(value)
		require.NoError(t, err)
		c.Fields = append(c.Fields, attest.Field{Name: name, Value: text})
	}
	slices.SortFunc(c.Fields, func(a, b attest.Field) int { return strings.Compare(a.Name, b.Name) })
	sd, err := attest.SignCertificate(c, testkeys.Signer(t, attest.SuiteStd, string(authorities[0].Code)+"#k"), testkeys.Salts("paper"))
	require.NoError(t, err)
	leaves := make([][32]byte, 4096)
	leaves[77] = attest.CommitCertificate(attest.SuiteStd, sd.IssuerJWT())
	r, err := merkle.NewReceipt(attest.KindCertificate, attest.SuiteStd, "3q2-7wAAAAAAAAAAAAAAAA", merkle.NewTree(attest.SuiteStd, leaves), 77)
	require.NoError(t, err)
	return &paper.Certificate{ID: "6KJVt2n3JqXg5y0Yb8cZ9w2rQm4TtUuVvWwXxYyZz0A", Presentation: sd.Bytes(), Inclusion: r.JSON(),
		TypeName: typ.CertificateType().Name, Schema: typ.CertificateType().Schema, Authority: authorities[0].Name, Printed: printed}
}

func verification(t testing.TB) []byte {
	t.Helper()
	v := &attest.Verdict{Result: attest.Valid, Code: attest.CodeOK, Authority: "11440000MB2D01234X", Issuer: "440000",
		Type: string(sample.TypeConstructor), Version: 1, Agreement: "kstb-licence", Revision: 1, Height: 4321, AgreedAt: 4320,
		Agreeing: []string{"440000", "510000"}}
	for _, name := range []attest.CheckName{attest.CheckParse, attest.CheckSignature, attest.CheckInclusion, attest.CheckKey,
		attest.CheckAuthority, attest.CheckValidity, attest.CheckStatus, attest.CheckRecognition, attest.CheckFreshness, attest.CheckWitness} {
		v.Checks = append(v.Checks, attest.Check{Name: name, Outcome: attest.Passed, Code: attest.CodeOK})
	}
	v.Checks = append(v.Checks, attest.Check{Name: attest.CheckBinding, Outcome: attest.Skipped, Code: attest.CodeBindingNotAsked})
	jws, err := (&attest.VerificationReceipt{ID: "Q2w9nF3kT0yZb1VgYx7cHg", Network: "demo", Region: "510000", Verifier: "成都市政务服务中心",
		UseCause: "办理二级建造师执业资格认定", Scenario: "二级建造师执业资格认定", Time: printed.Unix(), Verdict: v}).
		Sign(testkeys.Signer(t, attest.SuiteStd, "510000#gw-1"))
	require.NoError(t, err)
	return jws
}

func TestACertificateIsPrintedWithItsEvidence(t *testing.T) {
	c := certificate(t)
	start := time.Now()
	pdf, err := printer(t).Certificate(c)
	require.NoError(t, err)
	t.Logf("%d bytes in %v, the font read", len(pdf), time.Since(start).Round(time.Millisecond))
	assert.Less(t, len(pdf), 256<<10)
	a, err := paper.Extract(pdf)
	require.NoError(t, err)
	assert.Equal(t, &paper.Attachment{Presentation: c.Presentation, Inclusion: c.Inclusion}, a)

	again, err := printer(t).Certificate(c)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(pdf, again), "the same certificate at the same time gives the same bytes")
	keep(t, "certificate.pdf", pdf)
}

func TestAReceiptIsPrintedWithItsEvidence(t *testing.T) {
	r := &paper.Receipt{JWS: verification(t), TypeName: "二级建造师注册证书", Printed: printed}
	pdf, err := printer(t).Receipt(r)
	require.NoError(t, err)
	a, err := paper.Extract(pdf)
	require.NoError(t, err)
	assert.Equal(t, &paper.Attachment{Verification: r.JWS}, a)
	keep(t, "receipt.pdf", pdf)
	assert.Contains(t, tool(t, pdf, "pdfinfo", "FILE"), "Pages:           1")
}

// keep leaves a file where somebody can look at it.
func keep(t *testing.T, name string, data []byte) {
	t.Helper()
	if dir := os.Getenv("HUZHENG_PICTURES"); dir != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
}

// tool runs another program on a PDF: one of poppler's, or qpdf.
func tool(t *testing.T, pdf []byte, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name + " is not here: install poppler-utils and qpdf")
	}
	file := filepath.Join(t.TempDir(), "a.pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "FILE", file)
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// TestOthersReadIt reads the pages with another reader: text, pages, attachment.
func TestOthersReadIt(t *testing.T) {
	c := certificate(t)
	pdf, err := printer(t).Certificate(c)
	require.NoError(t, err)
	text := tool(t, pdf, "pdftotext", "-layout", "FILE", "-")
	for _, word := range []string{"二级建造师注册证书", c.Authority, "证照编号", "持证主体代码", "注册专业", "有效期", "huzheng verify", c.ID, "页 1/1"} {
		assert.Contains(t, text, word)
	}
	assert.Contains(t, tool(t, pdf, "pdfinfo", "FILE"), "Pages:           1")
	assert.Contains(t, tool(t, pdf, "pdfdetach", "-list", "FILE"), paper.AttachmentName)
}

// TestTheCodeOnPaperIsRead scans the printed page at the resolution of an office's scanner.
func TestTheCodeOnPaperIsRead(t *testing.T) {
	c := certificate(t)
	pdf, err := printer(t).Certificate(c)
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "page")
	tool(t, pdf, "pdftoppm", "-r", "200", "-png", "-gray", "-singlefile", "FILE", out)
	picture, err := os.ReadFile(out + ".png")
	require.NoError(t, err)
	text, err := qr.NewReader(1).Read(t.Context(), picture)
	require.NoError(t, err)
	p, err := portable.Decode([]byte(text))
	require.NoError(t, err)
	assert.Equal(t, c.Presentation, p.SDJWT)
	assert.Equal(t, c.Inclusion, p.Receipt)
}

// TestTheCodesOnPaperAreRead scans the pages of a certificate that no single code holds, and joins what is read.
func TestTheCodesOnPaperAreRead(t *testing.T) {
	var more []attest.Field
	random := rand.New(rand.NewPCG(7, 7))
	for i := range 40 {
		more = append(more, attest.Field{Name: "extra" + strconv.Itoa(i), Value: fmt.Appendf(nil, `"%x"`, random.Uint64())})
	}
	c := certificate(t, more...)
	pdf, err := printer(t).Certificate(c)
	require.NoError(t, err)
	keep(t, "parts.pdf", pdf)
	out := filepath.Join(t.TempDir(), "page")
	tool(t, pdf, "pdftoppm", "-r", "150", "-png", "-gray", "FILE", out)
	pages, err := filepath.Glob(out + "*.png")
	require.NoError(t, err)
	var parts portable.Parts
	reader := qr.NewReader(1)
	for _, name := range pages {
		picture, err := os.ReadFile(name)
		require.NoError(t, err)
		texts, err := reader.ReadAll(t.Context(), picture, qr.PortableEnough)
		if attest.CodeOf(err) == attest.CodeQRMissing {
			continue // a page of text
		}
		require.NoError(t, err)
		for _, text := range texts {
			require.NoError(t, parts.Add([]byte(text)))
		}
	}
	text, err := parts.Join()
	require.NoError(t, err)
	p, err := portable.Decode([]byte(text))
	require.NoError(t, err)
	assert.Equal(t, c.Presentation, p.SDJWT)
	assert.Equal(t, c.Inclusion, p.Receipt)
	t.Logf("%d characters in %d codes, read from %d pages", len(text), parts.Count(), len(pages))
	require.Greater(t, parts.Count(), 2)
}

// TestTheLongestPaperEnds prints what nobody would issue.
func TestTheLongestPaperEnds(t *testing.T) {
	var more []attest.Field
	for i := range 150 {
		value, err := json.Marshal(strings.Repeat("很长的值 with words ", 60) + "𠮷\u202e\x07\n")
		require.NoError(t, err)
		more = append(more, attest.Field{Name: "field" + strconv.Itoa(i), Value: value})
	}
	c := certificate(t, more...)
	pdf, err := printer(t).Certificate(c)
	require.NoError(t, err)
	assert.LessOrEqual(t, len(pdf), paper.MaxPDF)
	info := tool(t, pdf, "pdfinfo", "FILE")
	pages := strings.Fields(info[strings.Index(info, "Pages:"):])[1]
	n, err := strconv.Atoi(pages)
	require.NoError(t, err)
	assert.LessOrEqual(t, n, paper.MaxPages)
	a, err := paper.Extract(pdf)
	require.NoError(t, err)
	assert.Equal(t, c.Presentation, a.Presentation)
	t.Logf("%d pages, %d bytes", n, len(pdf))
}

func TestAMissingFontSaysWhatToInstall(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "a.ttf")
	require.NoError(t, os.WriteFile(broken, append([]byte{0, 1, 0, 0}, bytes.Repeat([]byte{0xff}, 200)...), 0o600))
	p, err := paper.NewPrinter(broken)
	require.NoError(t, err)
	_, err = p.Receipt(&paper.Receipt{JWS: verification(t), Printed: printed})
	assert.Equal(t, attest.CodeFontMissing, attest.CodeOf(err))

	collection := filepath.Join(t.TempDir(), "a.ttc")
	require.NoError(t, os.WriteFile(collection, []byte("ttcf\x00\x01\x00\x00"), 0o600))
	for _, name := range []string{collection, collection + ".not"} {
		_, err := paper.NewPrinter(name)
		assert.Equal(t, attest.CodeFontMissing, attest.CodeOf(err), name)
	}
	zh, en := attest.Explain(attest.CodeFontMissing)
	assert.Contains(t, zh, "fonts-droid-fallback")
	assert.Contains(t, en, "fonts-droid-fallback")
}

func TestAnAlteredFileHasAClearOutcome(t *testing.T) {
	c := certificate(t)
	pdf, err := printer(t).Certificate(c)
	require.NoError(t, err)
	replace := func(old, with string) []byte {
		require.True(t, bytes.Contains(pdf, []byte(old)), old)
		return bytes.Replace(pdf, []byte(old), []byte(with), 1)
	}
	stream := bytes.Index(pdf, []byte("/Type /EmbeddedFile"))
	flipped := bytes.Clone(pdf)
	flipped[stream+400] ^= 0x40
	two := replace("(huzheng.json) 4 0 R  \n] >>", "(huzheng.json) 4 0 R  \n(another.json) 4 0 R  \n] >>")
	cases := map[string]struct {
		data []byte
		code attest.Code
	}{
		"cut off":                 {pdf[:len(pdf)-100], attest.CodePDFFormat},
		"half":                    {pdf[:len(pdf)/2], attest.CodePDFFormat},
		"only the beginning":      {pdf[:200], attest.CodePDFFormat},
		"something added":         {append(bytes.Clone(pdf), "\n9 0 obj\n<<>>\nendobj\n"...), attest.CodePDFFormat},
		"an incremental update":   {append(bytes.Clone(pdf), pdf[bytes.LastIndex(pdf, []byte("trailer")):]...), attest.CodePDFFormat},
		"attachment damaged":      {flipped, attest.CodePDFFormat},
		"attachment renamed":      {replace("/Type /EmbeddedFile", "/Type /EmbeddedFilf"), attest.CodePDFFormat},
		"two attachments listed":  {two, attest.CodePDFFormat},
		"listed under other name": {replace("(huzheng.json) 4 0", "(huzheng.jsoN) 4 0"), attest.CodePDFFormat},
		"another is associated":   {replace("/AF [4 0 R]", "/AF [5 0 R]"), attest.CodePDFFormat},
		"another file is meant":   {replace("/EF << /F 3 0 R", "/EF << /F 5 0 R"), attest.CodePDFFormat},
		"of somebody else":        {[]byte("%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"), attest.CodePDFAttachment},
		"no PDF":                  {[]byte("HZP1:"), attest.CodePDFAttachment},
		"too large":               {append(bytes.Clone(pdf), make([]byte, paper.MaxPDF)...), attest.CodePDFTooLarge},
	}
	for name, c := range cases {
		_, err := paper.Extract(c.data)
		assert.Equal(t, c.code, attest.CodeOf(err), "%s: %v", name, err)
	}
	t.Logf("%d ways to alter a file", len(cases))
}

// TestChangedWordsDoNotCount puts another certificate's evidence under a page: what Extract gives is the evidence.
func TestChangedWordsDoNotCount(t *testing.T) {
	other := certificate(t, attest.Field{Name: "x", Value: []byte(`"another"`)})
	claimed := certificate(t)
	claimed.TypeName, claimed.Authority = "伪造的证书", "伪造的机构"
	claimed.Presentation = other.Presentation // who forges the page still has to attach something
	pdf, err := printer(t).Certificate(claimed)
	require.NoError(t, err)
	a, err := paper.Extract(pdf)
	require.NoError(t, err)
	assert.Equal(t, other.Presentation, a.Presentation)
}

// TestEveryByteIsBound changes one byte after the other of a small file, at steps: the evidence comes out as it was, or not
// at all.
func TestEveryByteIsBound(t *testing.T) {
	c := certificate(t)
	pdf, err := printer(t).Certificate(c)
	require.NoError(t, err)
	same, refused := 0, 0
	for i := 0; i < len(pdf); i += 1 + len(pdf)/3000 {
		changed := bytes.Clone(pdf)
		changed[i] ^= 1 << (i % 8)
		a, err := paper.Extract(changed)
		if err != nil {
			refused++
			continue
		}
		same++
		require.Equal(t, c.Presentation, a.Presentation, "byte %d", i)
		require.Equal(t, c.Inclusion, a.Inclusion, "byte %d", i)
	}
	t.Logf("%d changes left the evidence alone, %d were refused", same, refused)
	assert.Positive(t, same)
	assert.Positive(t, refused)
}

func FuzzExtract(f *testing.F) {
	pdf, err := printer(f).Receipt(&paper.Receipt{JWS: verification(f), Printed: printed})
	require.NoError(f, err)
	f.Add(pdf)
	f.Add([]byte("%PDF-1.3\n/Type /EmbeddedFile\ntrailer\n<<\n/Size 2\n/Root 1 0 R\n/Info 1 0 R\n>>\nstartxref\n9\n%%EOF\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := paper.Extract(data)
		switch attest.CodeOf(err) {
		case "", attest.CodePDFFormat, attest.CodePDFAttachment, attest.CodePDFTooLarge:
		default:
			t.Fatal(err)
		}
	})
}
