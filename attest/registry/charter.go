package registry

import (
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
)

// TypeCharter is the JWS typ of a charter's signatures.
const TypeCharter = "huzheng-charter+jwt"

// SignCharter signs a charter for one of its founders, with that founder's governance key. Every founder must be given
// an equal Charter: the bytes that they sign have to be the same.
func SignCharter(ch Charter, s attest.Signer) (string, error) {
	jws, err := attest.SignJWS(s, TypeCharter, ch.Encode())
	return string(jws), err
}

// Encode gives the bytes that the founders sign; equal charters give equal bytes.
func (ch *Charter) Encode() []byte {
	w := attest.NewObjectWriter(make([]byte, 0, 2048))
	w.Int64("v", Version)
	w.String("net", ch.Network)
	w.String("suite", string(ch.Suite))
	w.Objects("founders", len(ch.Founders), func(i int, w *attest.ObjectWriter) { encodeFounder(w, &ch.Founders[i]) })
	return w.Close()
}

// DecodeCharter reads what Encode writes.
func DecodeCharter(payload []byte) (*Charter, error) {
	v, err := attest.ParseJSON(payload, attest.Limits{Bytes: MaxCommand, Depth: 8, Members: 16384})
	if err != nil {
		return nil, err
	}
	f := v.Fields()
	if f.Int64("v") != Version && f.Err() == nil {
		return nil, attest.Errorf(attest.CodeCharter, "version is not %d", Version)
	}
	ch := &Charter{Network: f.String("net"), Suite: attest.Suite(f.String("suite"))}
	for _, founder := range f.Objects("founders") {
		ch.Founders = append(ch.Founders, decodeFounder(founder))
	}
	return ch, f.Done()
}

// Check demands what the rules demand of a charter, whoever has signed it.
func (ch *Charter) Check() error {
	if err := checkText("net", ch.Network, 4, 64); err != nil {
		return err
	}
	if !ch.Suite.Valid() {
		return attest.Errorf(attest.CodeCharter, "suite is not known")
	}
	codes, msps := make([]string, 0, len(ch.Founders)), make([]string, 0, len(ch.Founders))
	for i := range ch.Founders {
		if err := checkFounder(&ch.Founders[i]); err != nil {
			return err
		}
		codes, msps = append(codes, ch.Founders[i].Region.Code), append(msps, ch.Founders[i].Region.MSP)
	}
	if err := checkSorted("founders", codes, 34); err != nil {
		return err
	}
	slices.Sort(msps)
	return checkSorted("msp", msps, 34)
}

// SignedBy finds the founder whose signature of this very charter a text is; its place in Founders.
func (ch *Charter) SignedBy(signature string) (founder int, err error) {
	jws, err := parseSignatures([]string{signature})
	if err != nil {
		return 0, err
	}
	if string(jws[0].Payload) != string(ch.Encode()) {
		return 0, attest.Errorf(attest.CodeCharter, "the signature is over another charter")
	}
	for i := range ch.Founders {
		if err = verifyBy(&ch.Founders[i], jws[0]); err == nil {
			return i, nil
		}
	}
	return 0, attest.Errorf(attest.CodeCharter, "the signature is by no governance key of a founder")
}

// EncodeFounder gives what a region brings to a charter or an admission as JSON; equal founders give equal bytes.
func EncodeFounder(f *Founder) []byte {
	return encodeRecord(func(w *attest.ObjectWriter) { encodeFounder(w, f) })
}

// DecodeFounder reads what EncodeFounder writes, and demands of it what the rules do.
func DecodeFounder(data []byte) (*Founder, error) {
	f, err := decodeRecord(data, decodeFounder)
	if err != nil {
		return nil, err
	}
	return f, checkFounder(f)
}

// Equal reports whether both are the same region with the same keys.
func (f *Founder) Equal(other *Founder) bool {
	return string(EncodeFounder(f)) == string(EncodeFounder(other))
}

// readCharter checks that every signature carries the same charter, and reads it.
func readCharter(signatures []string) (*Charter, []*attest.JWS, error) {
	jws, err := parseSignatures(signatures)
	if err != nil {
		return nil, nil, err
	}
	ch, err := DecodeCharter(jws[0].Payload)
	return ch, jws, err
}

func parseSignatures(signatures []string) ([]*attest.JWS, error) {
	if len(signatures) == 0 {
		return nil, attest.Errorf(attest.CodeCharter, "no founder has signed")
	}
	jws := make([]*attest.JWS, 0, len(signatures))
	for _, s := range signatures {
		j, err := attest.ParseJWS([]byte(s))
		if err != nil {
			return nil, err
		}
		if j.Type != TypeCharter || len(jws) > 0 && string(j.Payload) != string(jws[0].Payload) {
			return nil, attest.Errorf(attest.CodeCharter, "the signatures are not over one charter")
		}
		jws = append(jws, j)
	}
	return jws, nil
}
