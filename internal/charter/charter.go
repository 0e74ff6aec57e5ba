package charter

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
)

// Entry is what a region hands to the others, for a charter or for its admission later.
type Entry struct {
	Network string // id of the consortium that it is meant for
	Suite   attest.Suite
	Founder registry.Founder
}

// Encode gives an entry as one line of JSON; equal entries give equal bytes.
func (e *Entry) Encode() []byte {
	w := attest.NewObjectWriter(make([]byte, 0, 1024))
	w.String("network", e.Network)
	w.String("suite", string(e.Suite))
	w.Raw("founder", registry.EncodeFounder(&e.Founder))
	return append(w.Close(), '\n')
}

// DecodeEntry reads what Encode writes. Codes: JSON codes, and those of the rules where the founder does not keep them.
func DecodeEntry(data []byte) (*Entry, error) {
	var in struct {
		Network string          `json:"network"`
		Suite   attest.Suite    `json:"suite"`
		Founder json.RawMessage `json:"founder"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, attest.Errorf(attest.CodeCharter, "not what huzheng init writes for a region: %v", err)
	}
	founder, err := registry.DecodeFounder(in.Founder)
	if err != nil {
		return nil, err
	}
	e := &Entry{Network: in.Network, Suite: in.Suite, Founder: *founder}
	for _, k := range founder.Keys {
		if k.Public.Suite() != e.Suite {
			return nil, attest.Errorf(attest.CodeCharter, "region %s: key %s is not of the suite %s", founder.Region.Code, k.Name, e.Suite)
		}
	}
	return e, nil
}

// Make puts a charter together, the founders in the order of their codes, in whatever order they come.
func Make(network string, suite attest.Suite, entries []*Entry) (*registry.Charter, error) {
	ch := &registry.Charter{Network: network, Suite: suite}
	for _, e := range entries {
		code := e.Founder.Region.Code
		if e.Network != network {
			return nil, attest.Errorf(attest.CodeNetworkMismatch, "region %s was made for the consortium %s, not %s", code, e.Network, network)
		}
		if e.Suite != suite {
			return nil, attest.Errorf(attest.CodeCharter, "region %s has keys of the suite %s, not %s", code, e.Suite, suite)
		}
		ch.Founders = append(ch.Founders, e.Founder)
	}
	slices.SortFunc(ch.Founders, func(a, b registry.Founder) int { return strings.Compare(a.Region.Code, b.Region.Code) })
	return ch, ch.Check()
}

// Encode gives a charter as the one line that its file holds: what is signed, and a line end.
func Encode(ch *registry.Charter) []byte { return append(ch.Encode(), '\n') }

// Decode reads a charter's file. One that was changed by hand so that it is no longer what Encode writes is refused, as its
// signatures would be over something else than what people read.
func Decode(data []byte) (*registry.Charter, error) {
	ch, err := registry.DecodeCharter(bytes.TrimSuffix(data, []byte("\n")))
	if err != nil {
		return nil, err
	}
	if err := ch.Check(); err != nil {
		return nil, err
	}
	if !bytes.Equal(Encode(ch), data) {
		return nil, attest.Errorf(attest.CodeCharter, "the file is not as it was made; take the one that charter make wrote")
	}
	return ch, nil
}

// Keys holds a region's signing keys.
type Keys interface {
	Signer(id string) (attest.Signer, error)
}

// Own is the founder in a charter that a region is: CHARTER_INVALID where the region is not in it, or stands there otherwise
// than it is here and with other keys than it holds.
func Own(ch *registry.Charter, network string, region attest.Region, keys Keys) (*registry.Founder, error) {
	if ch.Network != network {
		return nil, attest.Errorf(attest.CodeNetworkMismatch, "the charter founds %s, this gateway is of %s", ch.Network, network)
	}
	i := slices.IndexFunc(ch.Founders, func(f registry.Founder) bool { return f.Region.Code == region.Code })
	if i < 0 {
		return nil, attest.Errorf(attest.CodeCharter, "region %s is not in the charter", region.Code)
	}
	f := &ch.Founders[i]
	if f.Region != region {
		return nil, attest.Errorf(attest.CodeCharter, "the charter names region %s with another name, organisation or address than this gateway has", region.Code)
	}
	for _, k := range f.Keys {
		signer, err := keys.Signer(registry.KeyID(region.Code, k.Name))
		if err != nil && attest.CodeOf(err) != attest.CodeKeyMissing {
			return nil, err
		}
		if err != nil || !signer.Public().Equal(k.Public) {
			return nil, attest.Errorf(attest.CodeCharter, "the charter's key %s of region %s is not this gateway's", k.Name, region.Code)
		}
	}
	return f, nil
}

// Sign signs a charter with the governance key of one of its founders, which Own gave.
func Sign(ch *registry.Charter, own *registry.Founder, keys Keys) (string, error) {
	signer, err := governing(own, keys)
	if err != nil {
		return "", err
	}
	return registry.SignCharter(*ch, signer)
}

func governing(f *registry.Founder, keys Keys) (attest.Signer, error) {
	for _, k := range f.Keys {
		if k.Use == attest.UseGovern {
			return keys.Signer(registry.KeyID(f.Region.Code, k.Name))
		}
	}
	return nil, attest.Errorf(attest.CodeCharter, "region %s has no key to govern", f.Region.Code)
}

// Found makes the founding command of a charter, to be submitted by its first founder, and signed by own, who must be that.
// CHARTER_INVALID says whose signature is missing or not good. Signatures may come in any order, and twice.
func Found(ch *registry.Charter, signatures []string, own *registry.Founder, keys Keys) ([]byte, error) {
	if first := &ch.Founders[0].Region; own.Region.Code != first.Code {
		return nil, attest.Errorf(attest.CodeCharter, "the first founder, %s, puts the charter on the ledger: send its operator the signatures; "+
			"this is region %s", Name(first), own.Region.Code)
	}
	ordered := make([]string, len(ch.Founders))
	for n, s := range signatures {
		i, err := ch.SignedBy(strings.TrimSpace(s))
		if err != nil {
			return nil, attest.Errorf(attest.CodeCharter, "signature %d of those given: %v", n+1, err)
		}
		ordered[i] = strings.TrimSpace(s)
	}
	var missing []string
	for i, s := range ordered {
		if s == "" {
			missing = append(missing, Name(&ch.Founders[i].Region))
		}
	}
	if len(missing) > 0 {
		return nil, attest.Errorf(attest.CodeCharter, "the signature of %s is missing", strings.Join(missing, ", "))
	}
	signer, err := governing(own, keys)
	if err != nil {
		return nil, err
	}
	return registry.Sign(ch.Network, &registry.Found{Signatures: ordered}, signer)
}

// Name is how people are told of a region.
func Name(r *attest.Region) string { return r.Code + " " + r.Name }

// Fingerprint is a key's thumbprint (RFC 7638 with SHA-256), in a form to be read out and compared.
func Fingerprint(k *attest.PublicKey) string { return spoken(k.JWK()) }

// Digest is a charter's hash, in a form to be read out and compared.
func Digest(ch *registry.Charter) string { return spoken(ch.Encode()) }

// spoken is a SHA-256 in groups of four hexadecimal digits.
func spoken(data []byte) string {
	sum := attest.SuiteStd.Sum(data)
	text := hex.EncodeToString(sum[:])
	groups := make([]string, 0, len(text)/4)
	for ; len(text) > 0; text = text[4:] {
		groups = append(groups, text[:4])
	}
	return strings.Join(groups, " ")
}
