package paper

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// What an archive asks of a PDF beyond what a reader needs, as PDF/A-3 (ISO 19005-3) has it: metadata that is open to any
// program, a device-independent meaning of colours, all fonts within, an identifier, and attached files that say what they are
// to the document (6.8; ISO 32000-2, 7.11.3 and 14.13).

// packet is the metadata of a document (ISO 16684-1): that of the information dictionary, and no more.
const packet = "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
	`<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<dc:format>application/pdf</dc:format>
<dc:language><rdf:Bag><rdf:li>%[4]s</rdf:li></rdf:Bag></dc:language>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%[1]s</rdf:li></rdf:Alt></dc:title>
<pdf:Producer>%[2]s</pdf:Producer>
<xmp:CreateDate>%[3]s</xmp:CreateDate>
<xmp:ModifyDate>%[3]s</xmp:ModifyDate>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>`

// language is that of the printed words.
const language = "zh-CN"

// describe gives a document its metadata and the meaning of its colours.
func describe(pdf *fpdf.Fpdf, title string, at time.Time) {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(title)) // a builder takes everything
	pdf.SetXmpMetadata(fmt.Appendf(nil, packet, escaped.String(), producer, at.UTC().Format(time.RFC3339), language))
	pdf.AddOutputIntent(fpdf.OutputIntentType{SubtypeIdent: fpdf.OutputIntent_GTS_PDFA1, OutputConditionIdentifier: "sRGB",
		Info: "sRGB IEC61966-2.1", ICCProfile: colourProfile()})
}

// What finish puts in the place of what the library writes. Extract reads both.
const (
	pdfDate      = "20060102150405Z"
	relationship = "/Source" // the page was made from it
	mediaType    = "/application#2Fjson"
)

var infoDate = regexp.MustCompile(`\(D:(\d{14})\)`)

// finish writes a document of the library anew: the attached file gets its name for every reader, media type, time and
// relationship, the document names it as associated, dates their zone, and the whole an identifier.
func finish(pdf []byte, at time.Time) ([]byte, error) {
	f, err := openFile(pdf)
	if err != nil {
		return nil, err
	}
	stream, spec := f.only(embedForm), f.only(specForm)
	if stream == 0 || spec == 0 {
		return nil, fmt.Errorf("paper: the library embedded no file, or in another form")
	}
	number := strconv.Itoa(spec)
	for _, change := range []struct {
		object    int
		old, with string
	}{
		{stream, "/Type /EmbeddedFile ", "/Type /EmbeddedFile /Subtype " + mediaType + " "},
		{stream, "/Params << ", "/Params << /ModDate (D:" + at.UTC().Format(pdfDate) + ") "},
		{spec, "/F () ", "/F (" + AttachmentName + ") "},
		{spec, "/EF ", "/AFRelationship " + relationship + " /EF "},
		{f.root, "/Type /Catalog\n", "/Type /Catalog\n/AF [" + number + " 0 R]\n"},
		{f.root, "(Attachement1)", "(" + AttachmentName + ")"},
	} {
		if !bytes.Contains(f.objects[change.object], []byte(change.old)) {
			return nil, fmt.Errorf("paper: the library writes %q no longer", change.old)
		}
		f.objects[change.object] = bytes.Replace(f.objects[change.object], []byte(change.old), []byte(change.with), 1)
	}
	f.info-- // the library counts without the profile's object, which stands between
	if !bytes.HasPrefix(f.objects[f.info], []byte("<<\n/Producer ")) {
		return nil, fmt.Errorf("paper: the library writes its information elsewhere")
	}
	f.objects[f.info] = infoDate.ReplaceAll(f.objects[f.info], []byte("(D:${1}Z)"))
	return f.write(), nil
}

// write is the file with its objects in the order in which they stood.
func (f *file) write() []byte {
	var out, table bytes.Buffer
	out.WriteString("%PDF-1.7\n%µ¶\n") // four bytes above 127: not text
	offsets := make([]int, len(f.objects))
	for _, k := range f.order {
		offsets[k] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n", k)
		out.Write(f.objects[k])
	}
	for _, offset := range offsets[1:] {
		fmt.Fprintf(&table, "%010d 00000 n \n", offset)
	}
	xref, sum := out.Len(), sha256.Sum256(out.Bytes())
	fmt.Fprintf(&out, "xref\n0 %d\n%s%s", len(f.objects), xrefHead, table.Bytes())
	fmt.Fprintf(&out, "trailer\n<<\n/Size %d\n/Root %d 0 R\n/Info %d 0 R\n/ID [<%X> <%X>]\n>>\nstartxref\n%d\n%%%%EOF\n",
		len(f.objects), f.root, f.info, sum[:16], sum[:16], xref)
	return out.Bytes()
}
