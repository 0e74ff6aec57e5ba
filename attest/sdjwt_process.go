package attest

import (
	"slices"
	"strconv"
)

// Claims is what an SD-JWT says once its disclosures stand in their places and its digests are gone (RFC 9901, 7.1). It
// is read-only and safe for concurrent use.
type Claims struct {
	root   Value
	places []sdPlace
}

// sdPlace is where one disclosure was put.
type sdPlace struct {
	path   string
	parent int // the disclosure that it came in, or -1 for the payload itself
}

// Root is the processed payload.
func (c *Claims) Root() Value { return c.root }

// Get finds a claim of the processed payload.
func (c *Claims) Get(name string) (Value, bool) { return c.root.Get(name) }

// JSON is the processed payload as compact JSON.
func (c *Claims) JSON() []byte { return c.root.Raw() }

// Disclosed tells what was disclosed, in the order of the disclosures: the claim's name, or where it is nested the names
// and, in arrays, positions on the way to it, separated by "/" (in names "~" is written ~0 and "/" ~1, RFC 6901, 3).
// Positions count what is left of an array in these claims.
func (c *Claims) Disclosed() []string {
	paths := make([]string, len(c.places))
	for i := range c.places {
		paths[i] = c.places[i].path
	}
	return paths
}

func (c *Claims) find(path string) int {
	return slices.IndexFunc(c.places, func(p sdPlace) bool { return p.path == path })
}

// Process puts the disclosures where their digests are and removes digests and decoys (RFC 9901, 7.1, steps 3 to 5). It
// verifies no signature. Visible claims come first, disclosed ones after them in the order of the disclosures. The result
// was read by ParseJSON like everything else, with p's own limits.
//
// Errors: HASH_UNKNOWN; DISCLOSURE_REPEATED and DISCLOSURE_UNREFERENCED, as every disclosure must have exactly one place;
// DISCLOSURE_FORMAT for a claim's disclosure at an array's digest or the other way round; DIGEST_REPEATED;
// CLAIM_RESERVED; CLAIM_CONFLICT; SDJWT_FORMAT; JSON_TOO_DEEP.
func (p *SDJWT) Process() (*Claims, error) {
	suite, err := p.Suite()
	if err != nil {
		return nil, err
	}
	s := sdProcess{
		disclosures: p.Disclosures,
		used:        make([]bool, len(p.Disclosures)),
		places:      make([]sdPlace, len(p.Disclosures)),
		out:         make([]byte, 0, len(p.Issuer.Payload)),
	}
	if err := s.digest(suite); err != nil {
		return nil, err
	}
	if err := s.object(p.Payload, sdPosition{depth: p.lim.Depth - 1, disclosure: -1}); err != nil {
		return nil, err
	}
	if hasDuplicate(s.seen) {
		return nil, Errorf(CodeDigestTwice, "a digest occurs twice")
	}
	if i := slices.Index(s.used, false); i >= 0 {
		return nil, Errorf(CodeDisclosureExtra, "disclosure %d has no digest in the SD-JWT", i)
	}
	root, err := ParseJSON(s.out, p.lim)
	if err != nil {
		return nil, within("the processed payload", err)
	}
	return &Claims{root: root, places: s.places}, nil
}

// sdProcess is one run of Process: it goes through the payload once and writes what remains.
type sdProcess struct {
	disclosures []Disclosure
	digests     []string       // by disclosure
	byDigest    map[string]int // nil for few disclosures, where a scan is quicker
	used        []bool         // by disclosure: its digest was met
	places      []sdPlace      // by disclosure
	seen        []string       // every digest met, decoys too
	out         []byte
}

// sdPosition is the container that the processor stands in.
type sdPosition struct {
	path       string // empty for the payload
	nested     bool   // not the payload itself
	depth      int    // levels that may still open in it
	disclosure int    // the disclosure that it came in, or -1
}

// inside is the position at step of p.
func (p sdPosition) inside(step string) sdPosition {
	if p.nested {
		step = p.path + "/" + step
	}
	return sdPosition{path: step, nested: true, depth: p.depth - 1, disclosure: p.disclosure}
}

// digest computes the digest of every disclosure over its bytes as received.
func (s *sdProcess) digest(suite Suite) error {
	const few = 16
	texts := make([]byte, 0, digestSize*len(s.disclosures))
	for i := range s.disclosures {
		sum := suite.Sum(s.disclosures[i].Encoded)
		texts = appendBase64(texts, sum[:])
	}
	all := string(texts) // one piece of memory that the digests are parts of
	s.digests = make([]string, len(s.disclosures))
	for i := range s.digests {
		s.digests[i] = all[i*digestSize : (i+1)*digestSize]
	}
	if hasDuplicate(s.digests) {
		return Errorf(CodeDisclosureTwice, "a disclosure occurs twice")
	}
	if len(s.digests) > few {
		s.byDigest = make(map[string]int, len(s.digests))
		for i, d := range s.digests {
			s.byDigest[d] = i
		}
	}
	return nil
}

// digestSize is the length of a digest of either suite in base64url.
const digestSize = 43

func digestText(suite Suite, data []byte) string {
	var text [digestSize]byte
	sum := suite.Sum(data)
	b64.Encode(text[:], sum[:])
	return string(text[:])
}

// meet notes a digest of the payload and finds its disclosure, or -1 where it is a decoy or was not disclosed.
func (s *sdProcess) meet(digest string) (int, error) {
	s.seen = append(s.seen, digest)
	i := -1
	if s.byDigest == nil {
		i = slices.Index(s.digests, digest)
	} else if found, ok := s.byDigest[digest]; ok {
		i = found
	}
	if i < 0 {
		return -1, nil
	}
	if s.used[i] {
		return -1, Errorf(CodeDigestTwice, "the digest of disclosure %d occurs twice", i)
	}
	s.used[i] = true
	return i, nil
}

// value writes v, which lies at step of at, without digests and with what is disclosed in it.
func (s *sdProcess) value(v Value, at sdPosition, step string) error {
	kind := v.Kind()
	if kind != JSONObject && kind != JSONArray {
		s.out = append(s.out, v.Raw()...)
		return nil
	}
	if at.depth == 0 {
		return Errorf(CodeJSONDepth, "too many levels once the disclosures are in place")
	}
	if kind == JSONObject {
		return s.object(v, at.inside(step))
	}
	return s.array(v, at.inside(step))
}

// disclose writes the value of disclosure i, whose digest lies at step of at.
func (s *sdProcess) disclose(i int, at sdPosition, step string) error {
	s.places[i] = sdPlace{path: at.inside(step).path, parent: at.disclosure}
	at.disclosure = i
	return s.value(s.disclosures[i].Value, at, step)
}

func (s *sdProcess) object(v Value, at sdPosition) error {
	var digests Value
	start := len(s.out)
	s.out = append(s.out, '{')
	for name, value := range v.pairs {
		switch claim := name.Str(); {
		case claim == claimDigests:
			digests = value
		case claim == claimHash && !at.nested:
			continue
		case isReservedClaim(claim):
			return Errorf(CodeClaimReserved, "a reserved name stands where it means nothing")
		default:
			s.comma(start)
			s.out = append(append(s.out, name.Raw()...), ':')
			if err := s.value(value, at, escapePath(claim)); err != nil {
				return err
			}
		}
	}
	if digests.Kind() != JSONInvalid {
		if err := s.claims(v, digests, at, start); err != nil {
			return err
		}
	}
	s.out = append(s.out, '}')
	return nil
}

// comma separates what comes next from what the container that began at start holds already.
func (s *sdProcess) comma(start int) {
	if len(s.out) > start+1 {
		s.out = append(s.out, ',')
	}
}

// claims writes the disclosed claims of an object's _sd, in the order of the disclosures.
func (s *sdProcess) claims(object, digests Value, at sdPosition, start int) error {
	found, err := s.found(digests)
	if err != nil {
		return err
	}
	for n, i := range found {
		d := &s.disclosures[i]
		if err := s.claimFits(i, object, found[:n]); err != nil {
			return err
		}
		s.comma(start)
		s.out = append(AppendString(s.out, d.Name), ':')
		if err := s.disclose(i, at, escapePath(d.Name)); err != nil {
			return err
		}
	}
	return nil
}

// found is the disclosures that an _sd names, in ascending order.
func (s *sdProcess) found(digests Value) ([]int, error) {
	if digests.Kind() != JSONArray {
		return nil, Errorf(CodeSDJWTFormat, "%s is not an array", claimDigests)
	}
	n := digests.count()
	s.seen = slices.Grow(s.seen, n)
	found := make([]int, 0, min(n, len(s.disclosures)))
	for digest := range digests.each {
		if digest.Kind() != JSONString {
			return nil, Errorf(CodeSDJWTFormat, "%s has an element that is not a string", claimDigests)
		}
		i, err := s.meet(digest.Str())
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			found = append(found, i)
		}
	}
	slices.Sort(found)
	return found, nil
}

// claimFits checks disclosure i before it becomes a member of object, beside those disclosed before it.
func (s *sdProcess) claimFits(i int, object Value, before []int) error {
	d := &s.disclosures[i]
	if d.IsArray {
		return Errorf(CodeDisclosure, "disclosure %d has no name, but its digest stands in an object", i)
	}
	if isReservedClaim(d.Name) {
		return Errorf(CodeClaimReserved, "disclosure %d has a reserved name", i)
	}
	_, visible := object.Get(d.Name)
	if visible || slices.ContainsFunc(before, func(j int) bool { return s.disclosures[j].Name == d.Name }) {
		return Errorf(CodeClaimConflict, "disclosure %d names a claim that is there already", i)
	}
	return nil
}

func (s *sdProcess) array(v Value, at sdPosition) error {
	start := len(s.out)
	s.out = append(s.out, '[')
	kept := 0
	for e := range v.each {
		digest, ok := elementDigest(e)
		i := -1
		if ok {
			var err error
			if i, err = s.element(digest); err != nil {
				return err
			}
			if i < 0 {
				continue
			}
		}
		s.comma(start)
		step := strconv.Itoa(kept)
		kept++
		if err := s.item(e, i, at, step); err != nil {
			return err
		}
	}
	s.out = append(s.out, ']')
	return nil
}

// item writes one element that stays: e itself, or the disclosure i that takes its place.
func (s *sdProcess) item(e Value, i int, at sdPosition, step string) error {
	if i < 0 {
		return s.value(e, at, step)
	}
	return s.disclose(i, at, step)
}

// elementDigest is the digest of an element that is an object with the one member "...".
func elementDigest(e Value) (digest Value, ok bool) {
	members := 0
	for name, value := range e.pairs {
		members++
		digest, ok = value, name.Str() == claimElement
	}
	return digest, ok && members == 1
}

// element finds the disclosure of an array's element, or -1.
func (s *sdProcess) element(digest Value) (int, error) {
	if digest.Kind() != JSONString {
		return -1, Errorf(CodeSDJWTFormat, "the digest of an array's element is not a string")
	}
	i, err := s.meet(digest.Str())
	if err == nil && i >= 0 && !s.disclosures[i].IsArray {
		err = Errorf(CodeDisclosure, "disclosure %d has a name, but its digest stands in an array", i)
	}
	return i, err
}

// isReservedClaim reports whether RFC 9901, 4.1 keeps the name for itself. _sd_alg stands at the top of the payload only.
func isReservedClaim(name string) bool {
	return name == claimDigests || name == claimElement || name == claimHash
}
