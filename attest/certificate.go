package attest

import (
	"io"
	"strconv"
	"strings"
)

// TypeCertificate is the JWS typ of a certificate (draft-ietf-oauth-sd-jwt-vc, 3.2.1).
const TypeCertificate = "dc+sd-jwt"

// typeURN begins the vct of every certificate: "urn:huzheng:type:<code>:<version>".
const typeURN = "urn:huzheng:type:"

// Field is one business field of a certificate, selectively disclosable under its own salt.
type Field struct {
	Name  string // a name of GB/T 36903 where it has one, or as the type's schema names it
	Value []byte // JSON
}

// Certificate is what an issuing authority states. Everything but Fields is visible to whoever sees a presentation.
type Certificate struct {
	Issuer      string // iss: https URL, "<gateway>/v1/authorities/<USCC>"
	Type        string // certificate type code
	TypeVersion int
	IssuedAt    int64      // iat, Unix seconds
	NotBefore   int64      // nbf, Unix seconds; zero: from iat on
	Expires     int64      // exp, Unix seconds, exclusive; zero: without end
	Holder      *PublicKey // cnf; nil: a certificate that no holder key is bound to
	StatusList  uint32
	StatusIndex uint32 // below StatusListSize
	Fields      []Field
}

// IssuerURL is the iss of an authority's certificates under the base URL of its region's gateway.
func IssuerURL(gateway, authority string) string { return gateway + "/v1/authorities/" + authority }

// StatusListURL is the uri of an issuer's status list.
func StatusListURL(issuer string, list uint32) string {
	return issuer + statusPath + strconv.FormatUint(uint64(list), 10)
}

const statusPath = "/status-lists/"

// SignCertificate issues the certificate as an SD-JWT VC: every field hidden under a salt read from salts, one decoy at
// the top so that the number of fields is not told either. The signer's key id must be a registered key of the issuer.
func SignCertificate(c *Certificate, s Signer, salts io.Reader) (*SDJWT, error) {
	raw, _, err := IssueCertificate(c, s, salts)
	if err != nil {
		return nil, err
	}
	return ParseSDJWT(raw, Limits{})
}

// IssueCertificate is SignCertificate for who only keeps the certificate and commits to it: sdjwt is the whole, with
// every disclosure and the tilde at its end, jwt the issuer-signed JWT, a part of it.
func IssueCertificate(c *Certificate, s Signer, salts io.Reader) (sdjwt, jwt []byte, err error) {
	if err := c.validate(); err != nil {
		return nil, nil, err
	}
	nodes := make([]Node, 0, len(c.Fields)+7)
	visible := func(name string, json []byte) { nodes = append(nodes, Node{Name: name, Value: json}) }
	visible("iss", AppendString(nil, c.Issuer))
	visible("vct", AppendString(nil, typeURN+c.Type+":"+strconv.Itoa(c.TypeVersion)))
	visible("iat", strconv.AppendInt(nil, c.IssuedAt, 10))
	if c.NotBefore != 0 {
		visible("nbf", strconv.AppendInt(nil, c.NotBefore, 10))
	}
	if c.Expires != 0 {
		visible("exp", strconv.AppendInt(nil, c.Expires, 10))
	}
	if c.Holder != nil {
		visible("cnf", append(append([]byte(`{"jwk":`), c.Holder.JWK()...), '}'))
	}
	visible("status", c.statusClaim())
	for _, f := range c.Fields {
		nodes = append(nodes, Node{Name: f.Name, Hidden: true, Value: f.Value})
	}
	return issueSDJWT(s, TypeCertificate, nodes, 1, salts)
}

func (c *Certificate) statusClaim() []byte {
	w := NewObjectWriter(nil)
	w.Object("status_list", func(w *ObjectWriter) {
		w.Int64("idx", int64(c.StatusIndex))
		w.String("uri", StatusListURL(c.Issuer, c.StatusList))
	})
	return w.Close()
}

func (c *Certificate) validate() error {
	switch {
	case c.StatusIndex >= StatusListSize:
		return Errorf(CodeStatusIndexRange, "status index is not below %d", StatusListSize)
	case c.Expires != 0 && c.Expires <= max(c.NotBefore, c.IssuedAt):
		return Errorf(CodeDatesReversed, "the certificate would end before it begins")
	case len(c.Fields) == 0:
		return Errorf(CodeProfile, "a certificate has at least one field")
	}
	for _, f := range c.Fields {
		if ReservedField(f.Name) {
			return Errorf(CodeClaimReserved, "a field has the name of a visible or reserved claim")
		}
	}
	return nil
}

// ReservedField reports whether a field of a certificate type cannot have that name: a visible claim has it, or RFC 9901
// keeps it for itself.
func ReservedField(name string) bool { return visibleClaims[name] || isReservedClaim(name) }

// visibleClaims are all that a certificate of this profile may show undisclosed.
var visibleClaims = map[string]bool{
	"iss": true, "vct": true, "iat": true, "nbf": true, "exp": true, "cnf": true, "status": true,
}

// Profile is what a certificate shows of itself, read from the signed payload before any disclosure is applied, so that
// none of it can come out of a disclosure.
type Profile struct {
	Issuer      string
	Authority   string // USCC, the last segment of the issuer's URL
	KeyID       string // kid of the header: "<USCC>#<name>"
	Type        string
	TypeVersion int
	IssuedAt    int64
	NotBefore   int64
	Expires     int64
	Holder      *PublicKey
	HasStatus   bool
	StatusList  uint32
	StatusIndex uint32
}

// ReadProfile reads the visible claims of a certificate, CERTIFICATE_PROFILE or a more particular code where they do not
// have the form that SignCertificate gives them. It checks no signature.
func ReadProfile(p *SDJWT) (*Profile, error) {
	if p.Issuer.Type != TypeCertificate {
		return nil, Errorf(CodeSDJWTType, "typ is not %s", TypeCertificate)
	}
	if err := checkNames(p); err != nil {
		return nil, err
	}
	f := p.Payload.Fields()
	out := &Profile{Issuer: f.String("iss"), KeyID: p.Issuer.KeyID}
	vct := f.String("vct")
	if err := out.readTimes(f); err != nil {
		return nil, err
	}
	if err := out.readIssuerAndType(vct); err != nil {
		return nil, err
	}
	if err := out.readStatus(f); err != nil {
		return nil, err
	}
	return out, out.readHolder(f)
}

// checkNames refuses what this profile shows to nobody, and what it never hides.
func checkNames(p *SDJWT) error {
	for name := range p.Payload.pairs {
		if claim := name.Str(); !visibleClaims[claim] && claim != claimDigests && claim != claimHash {
			return Errorf(CodeClaimUnknown, "the certificate shows a claim that this profile does not know")
		}
	}
	for i := range p.Disclosures {
		if !p.Disclosures[i].IsArray && visibleClaims[p.Disclosures[i].Name] {
			return Errorf(CodeClaimReserved, "a disclosure has the name of a visible claim")
		}
	}
	return nil
}

// readTimes reads iat, nbf and exp, and is the first error of f so far.
func (p *Profile) readTimes(f *Fields) error {
	var ends bool
	p.IssuedAt = f.Int64("iat")
	p.NotBefore, _ = f.OptInt64("nbf")
	p.Expires, ends = f.OptInt64("exp")
	if err := f.Err(); err != nil {
		return err
	}
	if p.IssuedAt <= 0 || p.NotBefore < 0 || ends && p.Expires <= 0 { // zero would read as without end
		return Errorf(CodeProfile, "iat, nbf or exp is not a time after 1970")
	}
	return nil
}

func (p *Profile) readIssuerAndType(vct string) error {
	slash := strings.LastIndexByte(p.Issuer, '/')
	rest, ok := strings.CutPrefix(vct, typeURN)
	code, version, ok2 := strings.Cut(rest, ":")
	n, err := strconv.Atoi(version)
	if slash < 0 || !ok || !ok2 || err != nil || n < 1 || strconv.Itoa(n) != version {
		return Errorf(CodeProfile, "iss or vct does not have the form of this profile")
	}
	p.Authority, p.Type, p.TypeVersion = p.Issuer[slash+1:], code, n
	if !isCode(p.Authority, 18) || !isCode(p.Type, 21) {
		return Errorf(CodeProfile, "iss or vct does not name an authority or a type by its code")
	}
	return nil
}

// isCode reports whether s has the form of a USCC or a type code. Both are repeated in verdicts and receipts: a forger's
// free text must not get there.
func isCode(s string, length int) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return len(s) == length
}

func (p *Profile) readStatus(f *Fields) error {
	status, ok := f.OptObject("status")
	if !ok {
		return f.Err()
	}
	list := status.Object("status_list")
	index, uri := list.Int64("idx"), list.String("uri")
	if err := known(f, status); err != nil {
		return err
	}
	number, ok := strings.CutPrefix(uri, p.Issuer+statusPath)
	n, err := strconv.ParseUint(number, 10, 32)
	if !ok || err != nil || strconv.FormatUint(n, 10) != number {
		return Errorf(CodeProfile, "status list is not one of the issuer's")
	}
	if index < 0 || index >= StatusListSize {
		return Errorf(CodeStatusIndexRange, "status index is not below %d", StatusListSize)
	}
	p.HasStatus, p.StatusList, p.StatusIndex = true, uint32(n), uint32(index)
	return nil
}

// known is the first error of f, or CLAIM_UNKNOWN where claim, one of its members, says more than this profile reads:
// another way to learn the status, another way to name the holder.
func known(f, claim *Fields) error {
	if err := f.Err(); err != nil {
		return err
	}
	if claim.Done() != nil {
		return Errorf(CodeClaimUnknown, "status or cnf has a member that this profile does not know")
	}
	return nil
}

func (p *Profile) readHolder(f *Fields) error {
	cnf, ok := f.OptObject("cnf")
	if !ok {
		return f.Err()
	}
	jwk := cnf.Value("jwk")
	if err := known(f, cnf); err != nil {
		return err
	}
	key, err := ParseJWK(jwk)
	p.Holder = key
	return err
}
