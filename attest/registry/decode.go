package registry

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
)

// MaxCommand is the largest command in bytes. It leaves room for a type's schema and for status of a thousand.
const MaxCommand = 512 << 10

// Signed is a command as it was read: what it says, and who claims to say it. Parse checks the form alone; Apply checks
// the signature against the registered key.
type Signed struct {
	Key     string // kid: id of the registered key
	Network string
	Command Command
	Digest  [32]byte // SHA-256 of the command's bytes: identifies it in approvals and retries

	jws *attest.JWS
}

// Parse reads a command strictly: every member known, none twice, nothing behind it.
func Parse(command []byte) (*Signed, error) {
	if len(command) > MaxCommand {
		return nil, attest.Errorf(attest.CodeCommandTooLarge, "a command has at most %d bytes", MaxCommand)
	}
	j, f, err := parseSigned(command)
	if err != nil {
		return nil, err
	}
	version, network, name := f.Int64("v"), f.String("net"), f.String("cmd")
	if err := f.Err(); err != nil {
		return nil, err
	}
	if version != Version {
		return nil, attest.Errorf(attest.CodeCommandFormat, "version is not %d", Version)
	}
	c := decode(name, f)
	if c == nil {
		return nil, attest.Errorf(attest.CodeCommandUnknown, "no such command")
	}
	if err := f.Done(); err != nil {
		return nil, err
	}
	return &Signed{Key: j.KeyID, Network: network, Command: c, Digest: sha256.Sum256(command), jws: j}, nil
}

// parseSigned opens the payload of a command's JWS.
func parseSigned(command []byte) (*attest.JWS, *attest.Fields, error) {
	j, err := attest.ParseJWS(command)
	if err != nil {
		return nil, nil, err
	}
	if j.Type != Type || j.KeyID == "" || len(j.Header.Members()) != 3 {
		return nil, nil, attest.Errorf(attest.CodeCommandFormat, "header is not alg, kid and typ %s", Type)
	}
	payload, err := attest.ParseJSON(j.Payload, attest.Limits{Bytes: MaxCommand, Depth: 8, Members: 16384})
	if err != nil {
		return nil, nil, err
	}
	return j, payload.Fields(), nil
}

// decode reads the members of the named command; nil for a name that is none. Errors stay in f.
func decode(name string, f *attest.Fields) Command {
	switch name {
	case NameFound:
		return &Found{Signatures: f.Strings("signatures")}
	case NameProposeRegion:
		return &ProposeRegion{Founder: decodeFounder(f.Object("region"))}
	case NameApproveRegion:
		return &ApproveRegion{Region: f.String("region"), Digest: f.String("proposal")}
	case NameAnchor:
		return decodeAnchor(f)
	case NameSetStatus:
		return decodeSetStatus(f)
	case NameWitness:
		return &Witness{Height: height(f, "height"), Digest: hash32(f, "digest")}
	}
	if c := decodeKeyCommand(name, f); c != nil {
		return c
	}
	if c := decodeTrust(name, f); c != nil {
		return c
	}
	return decodeRecognition(name, f)
}

func decodeKeyCommand(name string, f *attest.Fields) Command {
	switch name {
	case NameRotateKey:
		c := &RotateKey{Op: f.String("op"), Owner: f.String("owner")}
		if add, ok := f.OptObject("add"); ok {
			k := decodeNewKey(add)
			c.Add = &k
		}
		c.Retire, _ = f.OptString("retire")
		return c
	case NameMarkCompromised:
		return &MarkCompromised{Op: f.String("op"), Key: f.String("key"), From: height(f, "from")}
	}
	return nil
}

func decodeTrust(name string, f *attest.Fields) Command {
	switch name {
	case NameRegisterAuthority:
		c := &RegisterAuthority{Authority: attest.Authority{Code: f.String("code"), Name: f.String("name"),
			Region: f.String("region"), Division: f.String("division"), Issuer: f.String("issuer"),
			Types: f.Strings("types"), State: attest.AuthorityActive}, Key: decodeNewKey(f.Object("key"))}
		c.Authority.Parent, _ = f.OptString("parent")
		return c
	case NameSetScope:
		return &SetScope{Op: f.String("op"), Code: f.String("authority"), Types: f.Strings("types")}
	case NameSetAuthorityState:
		return &SetAuthorityState{Op: f.String("op"), Code: f.String("authority"),
			State: attest.AuthorityState(f.String("state"))}
	case NameRegisterType:
		return &RegisterType{Type: attest.CertificateType{Code: f.String("code"), Version: int(f.Int64("version")),
			Name: f.String("name"), Schema: []byte(f.String("schema")), Grades: decodeGrades(f),
			Predicates: f.Strings("predicates")}}
	}
	return nil
}

func decodeRecognition(name string, f *attest.Fields) Command {
	switch name {
	case NameProposeAgreement:
		return &ProposeAgreement{Agreement: decodeAgreementTerms(f)}
	case NameApproveAgreement:
		return &ApproveAgreement{ID: f.String("id"), Version: int(f.Int64("version")), Digest: f.String("proposal")}
	case NameWithdrawAgreement:
		return &WithdrawAgreement{Op: f.String("op"), ID: f.String("id"), Version: int(f.Int64("version")),
			Ends: f.Int64("ends")}
	}
	return nil
}

func decodeAnchor(f *attest.Fields) Command {
	c := &Anchor{ID: f.String("id"), Kind: attest.Kind(f.String("kind")), Suite: attest.Suite(f.String("suite")),
		Root: hash32(f, "root"), Size: height(f, "size")}
	if types, ok := f.OptString("types"); ok {
		c.Types = strings.Split(types, ",")
	}
	return c
}

func decodeSetStatus(f *attest.Fields) Command {
	c := &SetStatus{Op: f.String("op"), Authority: f.String("authority")}
	for _, e := range f.Objects("entries") {
		entry := StatusEntry{List: number32(e, "list"), Index: number32(e, "idx"), State: e.String("state"),
			From: e.Int64("from"), Reason: e.String("reason")}
		entry.Successor, _ = e.OptString("successor")
		c.Entries = append(c.Entries, entry)
	}
	return c
}

func decodeFounder(f *attest.Fields) Founder {
	out := Founder{Region: decodeRegionFields(f)}
	for _, k := range f.Objects("keys") {
		out.Keys = append(out.Keys, decodeNewKey(k))
	}
	return out
}

func decodeRegionFields(f *attest.Fields) attest.Region {
	return attest.Region{Code: f.String("code"), Name: f.String("name"), MSP: f.String("msp"), URL: f.String("url")}
}

func decodeNewKey(f *attest.Fields) NewKey {
	k := NewKey{Name: f.String("name"), Use: attest.KeyUse(f.String("use"))}
	k.Public = decodeJWK(f)
	return k
}

func decodeJWK(f *attest.Fields) *attest.PublicKey {
	jwk := f.Value("jwk")
	if f.Err() != nil {
		return nil
	}
	key, err := attest.ParseJWK(jwk)
	if err != nil {
		f.Fail(attest.CodeOf(err), "jwk", "is not a public key of a known suite")
	}
	return key
}

func height(f *attest.Fields, name string) uint64 {
	n := f.Int64(name)
	if n < 0 {
		f.Fail(attest.CodeJSONNumber, name, "is not negative")
		return 0
	}
	return uint64(n)
}

func number32(f *attest.Fields, name string) uint32 {
	n := f.Int64(name)
	if n < 0 || n > 1<<32-1 {
		f.Fail(attest.CodeJSONNumber, name, "fits 32 bits")
		return 0
	}
	return uint32(n)
}

// hash32 reads 32 bytes in unpadded base64url, in their one canonical spelling.
func hash32(f *attest.Fields, name string) [32]byte {
	var out [32]byte
	s := f.String(name)
	if len(s) == 43 {
		if n, err := base64.RawURLEncoding.Strict().Decode(out[:], []byte(s)); err == nil && n == 32 {
			return out
		}
	}
	f.Fail(attest.CodeJSONType, name, "is not 32 bytes in base64url")
	return [32]byte{}
}
