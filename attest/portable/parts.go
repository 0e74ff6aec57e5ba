package portable

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// PartPrefix begins every part and names its version.
const PartPrefix = "HZPP1:"

// Bounds of parts.
const (
	MaxParts = 16
	// PartText is how many characters Split gives a part: what a QR code of version 24 holds at the lowest level, which an
	// ordinary camera reads with ease.
	PartText = 1_700

	maxPartText = 4 << 10 // characters of a part that is read; no QR code holds more
	idSize      = 12      // bytes of the digest that names the whole
	partHead    = idSize + 2
	// partBytes fill PartText: two bytes are three characters.
	partBytes = (PartText-len(PartPrefix))/3*2 - partHead
)

// wholeDomain separates the digest that names a whole from every other one.
const wholeDomain = "huzheng/v1/portable-part\x00"

// identify is what a frame's parts name it by. It tells two presentations apart; it authenticates nothing: signatures do.
func identify(frame []byte) (id [idSize]byte) {
	sum := sha256.Sum256(append([]byte(wholeDomain), frame...))
	copy(id[:], sum[:])
	return id
}

// Split cuts a text of Encode into as few parts as PartText asks for, of about the same length; into two at least. Errors:
// PORTABLE_FORMAT; PORTABLE_TOO_LARGE for one that would need more than MaxParts.
func Split(text string) ([]string, error) {
	frame, err := frameOf([]byte(text))
	if err != nil {
		return nil, err
	}
	return split(frame, max(2, (len(frame)+partBytes-1)/partBytes))
}

// split cuts a frame into n parts.
func split(frame []byte, n int) ([]string, error) {
	switch {
	case n > MaxParts:
		return nil, attest.Errorf(attest.CodePortableTooLarge, "it would take %d parts, the limit is %d", n, MaxParts)
	case n < 2 || len(frame) < n:
		return nil, attest.Errorf(attest.CodePortableFormat, "%d bytes are not cut into %d parts", len(frame), n)
	}
	id := identify(frame)
	parts := make([]string, n)
	for i := range n {
		head := append(bytes.Clone(id[:]), byte(i), byte(n))
		chunk := frame[len(frame)*i/n : len(frame)*(i+1)/n]
		parts[i] = string(appendBase45([]byte(PartPrefix), append(head, chunk...)))
	}
	return parts, nil
}

// IsPart tells a part from a whole, by its first characters.
func IsPart(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(text, space), []byte(PartPrefix))
}

// Parts collects the parts of one presentation, in any order; the zero value has none. Not safe for concurrent use.
//
//	scan ─Add─▶ Parts ─Missing─▶ "2 of 3 is missing" … ─Join─▶ text ─Decode─▶ presentation
type Parts struct {
	id     [idSize]byte
	chunks [][]byte // by index; nil: missing
}

// Add takes one part. One that is there already changes nothing. Errors, which leave the collection as it was:
// PORTABLE_FORMAT for what is no part, or contradicts what is there; PORTABLE_PARTS_MIXED for a part of another presentation.
func (p *Parts) Add(text []byte) error {
	text = bytes.Trim(text, space)
	if len(text) > maxPartText {
		return attest.Errorf(attest.CodePortableTooLarge, "the part has %d characters, the limit is %d", len(text), maxPartText)
	}
	rest, ok := bytes.CutPrefix(text, []byte(PartPrefix))
	if !ok {
		return broken("it does not begin with " + PartPrefix)
	}
	data, err := decodeBase45(rest)
	if err != nil {
		return err
	}
	if len(data) <= partHead {
		return broken("the part is cut off")
	}
	index, count, chunk := int(data[idSize]), int(data[idSize+1]), data[partHead:]
	if count < 2 || count > MaxParts || index >= count {
		return broken("the part is of no number")
	}
	return p.put([idSize]byte(data), index, count, chunk)
}

func (p *Parts) put(id [idSize]byte, index, count int, chunk []byte) error {
	switch {
	case p.chunks == nil:
		p.id, p.chunks = id, make([][]byte, count)
	case p.id != id:
		return attest.Errorf(attest.CodePortableMixed, "the parts are of different presentations")
	case len(p.chunks) != count, p.chunks[index] != nil && !bytes.Equal(p.chunks[index], chunk):
		return broken("two parts contradict each other")
	}
	p.chunks[index] = chunk
	return nil
}

// Count is the number of parts of the whole; 0 while there is none.
func (p *Parts) Count() int { return len(p.chunks) }

// Missing are the numbers, from 1, of the parts that are not there.
func (p *Parts) Missing() []int {
	var out []int
	for i, c := range p.chunks {
		if c == nil {
			out = append(out, i+1)
		}
	}
	return out
}

// Whole reports whether every part is there.
func (p *Parts) Whole() bool { return len(p.chunks) > 0 && len(p.Missing()) == 0 }

// Lacking writes the numbers of the missing parts, as in "1, 3 / 4".
func (p *Parts) Lacking() string {
	var numbers []string
	for _, n := range p.Missing() {
		numbers = append(numbers, strconv.Itoa(n))
	}
	return strings.Join(numbers, ", ") + " / " + strconv.Itoa(p.Count())
}

// Join is the text that was split. Errors: PORTABLE_PARTS_MISSING, which names them; PORTABLE_FORMAT where the parts are not
// those of what they name.
func (p *Parts) Join() (string, error) {
	if !p.Whole() {
		return "", attest.Errorf(attest.CodePortableMissing, "missing parts: %s", p.Lacking())
	}
	frame := slices.Concat(p.chunks...)
	if identify(frame) != p.id {
		return "", broken("the parts do not make the whole that they name")
	}
	return string(appendBase45([]byte(Prefix), frame)), nil
}
