package paper

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"slices"
	"strconv"

	"github.com/huzheng-ledger/huzheng/attest"
)

// The forms in which our writer ends a file and embeds one, and did before it wrote for archives. Everything else is refused.
var (
	trailerForm = regexp.MustCompile(`trailer\n<<\n/Size (\d{1,6})\n/Root (\d{1,6}) 0 R\n/Info (\d{1,6}) 0 R\n(?:/ID \[<[0-9A-F]{32}> <[0-9A-F]{32}>\]\n)?>>\nstartxref\n(\d{1,9})\n%%EOF\n$`)
	entryForm   = regexp.MustCompile(`^(\d{10}) 00000 n \n$`)
	embedForm   = regexp.MustCompile(`^<< /Type /EmbeddedFile (?:/Subtype /application#2Fjson )?/Length (\d{1,7}) /Filter /FlateDecode ` +
		`/Params << (?:/ModDate \(D:\d{14}Z\) )?/CheckSum <[0-9a-f]{32}> /Size (\d{1,7}) >> >>\n\n`)
	specForm  = regexp.MustCompile(`(?s)^<< /Type /Filespec /F \((?:huzheng\.json)?\) /UF \(.{1,200}?\) (?:/AFRelationship /Source )?/EF << /F (\d{1,6}) 0 R >> /Desc \(.{0,400}?\)\n>>\nendobj\n$`)
	namesForm = regexp.MustCompile(`/EmbeddedFiles << /Names \[\n \((?:Attachement1|huzheng\.json)\) (\d{1,6}) 0 R  \n\] >>`)
	assocForm = regexp.MustCompile(`/AF \[(\d{1,6}) 0 R\]`)
)

const (
	embedMark = "/Type /EmbeddedFile"
	madeBy    = "(Huzheng paper "
	xrefHead  = "0000000000 65535 f \n"
	entrySize = 20
	maxTail   = 300 // bytes of the trailer, and a few before it
)

// IsPDF tells a PDF by its first bytes.
func IsPDF(data []byte) bool { return bytes.HasPrefix(data, []byte("%PDF-")) }

// Extract finds the evidence in a PDF that Printer wrote. Nothing of it was judged. It reads the one form that Printer writes:
// every byte belongs to an object that the cross-reference names, and one file is embedded. Errors: PDF_TOO_LARGE;
// PDF_ATTACHMENT_MISSING for a PDF of others; PDF_FORMAT for one of ours that is damaged, cut off or has been added to.
func Extract(data []byte) (*Attachment, error) {
	if len(data) > MaxPDF {
		return nil, attest.Errorf(attest.CodePDFTooLarge, "the PDF has %d bytes, the limit is %d", len(data), MaxPDF)
	}
	if !IsPDF(data) || !bytes.Contains(data, []byte(embedMark)) && !bytes.Contains(data, []byte(madeBy)) {
		return nil, attest.Errorf(attest.CodePDFAttachment, "the PDF was not written by this system, or has lost its attachment")
	}
	f, err := openFile(data)
	if err != nil {
		return nil, err
	}
	content, err := f.embedded()
	if err != nil {
		return nil, err
	}
	return parseAttachment(content)
}

// file is a PDF cut into its objects.
type file struct {
	objects [][]byte // by number, from 1: what stands between "n 0 obj" and the next object
	order   []int    // the numbers, as the objects follow one another
	root    int
	info    int
}

func damaged(what string) error {
	return attest.Errorf(attest.CodePDFFormat, "%s: the file is damaged, or was changed after it was written", what)
}

func openFile(data []byte) (*file, error) {
	end := trailerForm.FindSubmatchIndex(data[max(0, len(data)-maxTail):])
	if end == nil {
		return nil, damaged("the end")
	}
	tail := data[max(0, len(data)-maxTail):]
	number := func(i int) int {
		n, _ := strconv.Atoi(string(tail[end[2*i]:end[2*i+1]])) // digits, few of them
		return n
	}
	size, root, info, xref, trailer := number(1), number(2), number(3), number(4), len(data)-len(tail)+end[0]
	head := "xref\n0 " + strconv.Itoa(size) + "\n" + xrefHead
	if size < 2 || root < 1 || root >= size || info < 1 || info >= size || xref >= trailer || !bytes.HasPrefix(data[xref:], []byte(head)) ||
		trailer-xref != len(head)+entrySize*(size-1) {
		return nil, damaged("the cross-reference")
	}
	f := &file{root: root, info: info}
	return f, f.cut(data[:xref], data[xref+len(head):trailer])
}

// cut cuts body into the objects that table lists, and holds that nothing stands between them.
func (f *file) cut(body, table []byte) error {
	n := len(table) / entrySize
	offsets := make([]int, n+1)
	starts := map[int]int{} // offset → number
	for i := range n {
		m := entryForm.FindSubmatch(table[i*entrySize:][:entrySize])
		if m == nil {
			return damaged("the cross-reference")
		}
		offset, _ := strconv.Atoi(string(m[1]))
		if offset >= len(body) || starts[offset] != 0 {
			return damaged("the cross-reference")
		}
		offsets[i+1], starts[offset] = offset, i+1
	}
	f.objects = make([][]byte, n+1)
	for i := 1; i <= n; i++ {
		head := strconv.Itoa(i) + " 0 obj\n"
		rest, ok := bytes.CutPrefix(body[offsets[i]:], []byte(head))
		if !ok {
			return damaged("an object")
		}
		f.objects[i] = rest
	}
	return f.bound(body, offsets, starts)
}

// bound ends every object where the next one begins.
func (f *file) bound(body []byte, offsets []int, starts map[int]int) error {
	order := make([]int, 0, len(starts))
	for at := range starts {
		order = append(order, at)
	}
	slices.Sort(order)
	if len(order) == 0 || order[0] > 64 || bytes.Count(body[:order[0]], []byte("\n")) > 2 {
		return damaged("the beginning")
	}
	for i, at := range order {
		next := len(body)
		if i+1 < len(order) {
			next = order[i+1]
		}
		k := starts[at]
		head := offsets[k] + len(body[offsets[k]:]) - len(f.objects[k])
		if next < head || !bytes.HasSuffix(body[head:next], []byte("endobj\n")) {
			return damaged("an object")
		}
		f.objects[k] = body[head:next]
		f.order = append(f.order, k)
	}
	return nil
}

// embedded is the content of the one embedded file, which the catalogue names.
func (f *file) embedded() ([]byte, error) {
	stream, spec := f.only(embedForm), f.only(specForm)
	if stream == 0 || spec == 0 {
		return nil, damaged("not exactly one attachment")
	}
	if err := f.listed(strconv.Itoa(spec)); err != nil {
		return nil, err
	}
	if m := specForm.FindSubmatch(f.objects[spec]); string(m[1]) != strconv.Itoa(stream) {
		return nil, damaged("the attachment")
	}
	m := embedForm.FindSubmatch(f.objects[stream])
	length, _ := strconv.Atoi(string(m[1])) // digits, few of them
	size, _ := strconv.Atoi(string(m[2]))
	data, ok := bytes.CutPrefix(f.objects[stream][len(m[0]):], []byte("stream\n"))
	if !ok || len(data) < length || string(data[length:]) != "\nendstream\nendobj\n" || size > maxAttachment {
		return nil, damaged("the attachment")
	}
	return inflate(data[:length], size)
}

// listed holds that the catalogue names that file, and none else.
func (f *file) listed(spec string) error {
	names := namesForm.FindAllSubmatch(f.objects[f.root], -1)
	if len(names) != 1 || string(names[0][1]) != spec {
		return damaged("the list of attachments")
	}
	for _, m := range assocForm.FindAllSubmatch(f.objects[f.root], -1) {
		if string(m[1]) != spec {
			return damaged("the associated file")
		}
	}
	return nil
}

// only is the number of the one object of that form, or 0 where there is none or more than one.
func (f *file) only(form *regexp.Regexp) int {
	found := 0
	for i := 1; i < len(f.objects); i++ {
		if !form.Match(f.objects[i]) {
			continue
		}
		if found != 0 {
			return 0
		}
		found = i
	}
	return found
}

// inflate expands exactly size bytes.
func inflate(data []byte, size int) ([]byte, error) {
	source := bytes.NewReader(data)
	r, err := zlib.NewReader(source)
	if err != nil {
		return nil, damaged("the attachment")
	}
	content, err := io.ReadAll(io.LimitReader(r, int64(size)+1))
	if err != nil || len(content) != size || source.Len() > 0 {
		return nil, damaged("the attachment")
	}
	return content, nil
}
