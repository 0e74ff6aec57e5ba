package portable

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Prefix begins every text and names its version.
const Prefix = "HZP1:"

// Bounds of what is read and written.
const (
	MaxText     = 96 << 10 // characters, prefix included
	MaxExpanded = 96 << 10 // bytes of presentation and receipt together
	maxPacked   = 96 << 10 // bytes of the packed text
	maxReceipt  = 8 << 10
)

// What a self-contained presentation's key binding is addressed to. A verifier that showed a nonce expects that one;
// NonceNone says that the presentation is bound to minutes alone, by iat.
const (
	Audience  = "urn:huzheng:self-contained"
	NonceNone = "none"
)

// Presentation is what a text carries.
type Presentation struct {
	SDJWT   []byte // with or without key binding
	Receipt []byte // inclusion receipt; empty: none
}

// Bound reports whether the holder signed the presentation for an occasion. One that is not is like paper: it proves the
// certificate, not who shows it.
func (p *Presentation) Bound() bool { return len(p.SDJWT) > 0 && p.SDJWT[len(p.SDJWT)-1] != '~' }

// Expect completes a request for judging a self-contained presentation: what its key binding must be addressed to. A nonce
// that the verifier showed stands in the request; without one, a binding must be of these minutes (Policy.MaxBindingAge).
func (p *Presentation) Expect(r *attest.Request) {
	if !r.WantsBinding() && !p.Bound() {
		return
	}
	if r.Audience == "" {
		r.Audience = Audience
	}
	if r.Nonce == "" {
		r.Nonce = NonceNone
	}
}

// Frame's first byte: the suite that its digests are of.
var suites = map[byte]attest.Suite{1: attest.SuiteStd, 2: attest.SuiteGM}

// Encode writes a presentation as text. Errors: those of attest.ParseSDJWT; PORTABLE_TOO_LARGE; PORTABLE_FORMAT for a text
// with control characters.
func Encode(p *Presentation) (string, error) {
	sd, err := attest.ParseSDJWT(p.SDJWT, attest.Limits{Bytes: MaxExpanded})
	if err != nil {
		return "", err
	}
	if len(p.Receipt) > maxReceipt || len(p.SDJWT)+len(p.Receipt) > MaxExpanded {
		return "", attest.Errorf(attest.CodePortableTooLarge, "presentation and receipt together have %d bytes, the limit is %d",
			len(p.SDJWT)+len(p.Receipt), MaxExpanded)
	}
	suite, err := sd.Suite()
	if err != nil {
		return "", err
	}
	pk := &packer{refs: map[string][]byte{}}
	if err := pk.presentation(sd, suite, p); err != nil {
		return "", err
	}
	frame, err := pk.frame(suite)
	if err != nil {
		return "", err
	}
	text := string(appendBase45([]byte(Prefix), frame))
	if len(text) > MaxText {
		return "", attest.Errorf(attest.CodePortableTooLarge, "the text has %d characters, the limit is %d", len(text), MaxText)
	}
	return text, nil
}

// presentation packs in the order in which each part is needed: the payload refers to the disclosures, the key binding to
// all before it.
func (p *packer) presentation(sd *attest.SDJWT, suite attest.Suite, in *Presentation) error {
	segments := [][]byte{in.Receipt}
	for i := range sd.Disclosures {
		segments = append(segments, sd.Disclosures[i].Encoded)
	}
	segments = append(segments, sd.IssuerJWT())
	for _, s := range segments[:len(segments)-1] {
		if err := p.segment(s); err != nil {
			return err
		}
		p.text = append(p.text, tokenSeparator)
	}
	for i := range min(len(sd.Disclosures), maxDigests) {
		p.refs[digest(suite, sd.Disclosures[i].Encoded)] = []byte{tokenDigest, byte(firstDigest + i)}
	}
	if err := p.segment(sd.IssuerJWT()); err != nil {
		return err
	}
	p.text = append(p.text, tokenSeparator)
	end := bytes.LastIndexByte(in.SDJWT, '~') + 1
	p.refs[digest(suite, in.SDJWT[:end])] = []byte{tokenWhole}
	return p.segment(in.SDJWT[end:])
}

func digest(suite attest.Suite, data []byte) string {
	sum := suite.Sum(data)
	return b64.EncodeToString(sum[:])
}

// frame is: suite, length of the compressed text as a varint, the text by DEFLATE (RFC 1951), the raw bytes.
func (p *packer) frame(suite attest.Suite) ([]byte, error) {
	var small bytes.Buffer
	w, err := flate.NewWriterDict(&small, flate.BestCompression, []byte(dictionary))
	if err == nil {
		_, err = w.Write(p.text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, err
	}
	var out []byte
	for id, s := range suites {
		if s == suite {
			out = append(out, id)
		}
	}
	out = binary.AppendUvarint(out, uint64(small.Len())) //nolint:gosec // a length
	return append(append(out, small.Bytes()...), p.raw...), nil
}

// Decode reads a text; white space around it is passed over. What it returns was not judged. Errors: PORTABLE_FORMAT,
// PORTABLE_TOO_LARGE.
func Decode(text []byte) (*Presentation, error) {
	frame, err := frameOf(text)
	if err != nil {
		return nil, err
	}
	return readFrame(frame)
}

// space is what a scanner, an editor or a mail puts around a text.
const space = " \t\r\n"

func frameOf(text []byte) ([]byte, error) {
	text = bytes.Trim(text, space)
	if len(text) > MaxText {
		return nil, attest.Errorf(attest.CodePortableTooLarge, "the text has %d characters, the limit is %d", len(text), MaxText)
	}
	coded, ok := bytes.CutPrefix(text, []byte(Prefix))
	if !ok {
		return nil, broken("it does not begin with " + Prefix)
	}
	return decodeBase45(coded)
}

func readFrame(frame []byte) (*Presentation, error) {
	if len(frame) == 0 || suites[frame[0]] == "" {
		return nil, broken("the suite is not known")
	}
	size, n := binary.Uvarint(frame[1:])
	if n <= 0 || size > MaxText || 1+n+int(size) > len(frame) || len(binary.AppendUvarint(nil, size)) != n {
		return nil, broken("the length of the compressed part is wrong")
	}
	small, raw := frame[1+n:][:size], frame[1+n:][size:]
	packed, err := inflate(small)
	if err != nil {
		return nil, err
	}
	u := &unpacker{raw: raw, room: MaxExpanded}
	return u.presentation(suites[frame[0]], bytes.Split(packed, []byte{tokenSeparator}))
}

// inflate reads all of small, to its last byte and not beyond the bound.
func inflate(small []byte) ([]byte, error) {
	source := bytes.NewReader(small)
	out, err := io.ReadAll(io.LimitReader(flate.NewReaderDict(source, []byte(dictionary)), maxPacked+1))
	switch {
	case len(out) > maxPacked:
		return nil, attest.Errorf(attest.CodePortableTooLarge, "it inflates to more than %d bytes", maxPacked)
	case errors.Is(err, io.ErrUnexpectedEOF), err == nil && source.Len() > 0, err != nil:
		return nil, broken("the compressed part is damaged")
	}
	return out, nil
}

// presentation expands the segments: receipt, disclosures, issuer-signed JWT, key binding.
func (u *unpacker) presentation(suite attest.Suite, segments [][]byte) (*Presentation, error) {
	if len(segments) < 3 {
		return nil, broken("parts are missing")
	}
	receipt, err := u.segment(segments[0])
	if err != nil {
		return nil, err
	}
	if len(receipt) > maxReceipt {
		return nil, attest.Errorf(attest.CodePortableTooLarge, "the receipt has more than %d bytes", maxReceipt)
	}
	var disclosures []byte
	var digests [][]byte
	for _, s := range segments[1 : len(segments)-2] {
		d, err := u.segment(s)
		if err != nil {
			return nil, err
		}
		disclosures = append(append(disclosures, d...), '~')
		if len(digests) < maxDigests {
			digests = append(digests, []byte(digest(suite, d)))
		}
	}
	u.digests = digests
	out, err := u.segment(segments[len(segments)-2])
	if err != nil {
		return nil, err
	}
	out = append(append(out, '~'), disclosures...)
	u.whole = []byte(digest(suite, out))
	binding, err := u.segment(segments[len(segments)-1])
	if err != nil {
		return nil, err
	}
	if len(u.raw) > 0 {
		return nil, broken("bytes are left over")
	}
	return &Presentation{SDJWT: append(out, binding...), Receipt: receipt}, nil
}
