package offline

import (
	"bytes"
	"io"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/index"
)

// TypeSnapshot is the JWS typ of the signature in a trust snapshot; its payload is the snapshot's header.
const TypeSnapshot = "huzheng-snapshot+jwt"

// DefaultMaxAge is how old a snapshot may be where the verifier says nothing else.
const DefaultMaxAge = 24 * time.Hour

// Trust is a snapshot that a pinned key answers for. Safe for concurrent use.
type Trust struct {
	Network  string
	Region   string // whose gateway exported it
	KeyID    string // of the key that signed it
	Height   uint64
	AsOf     time.Time // when the exporting gateway last heard of the ledger
	snapshot *index.Snapshot
}

// Open reads a trust snapshot and checks that the holder of pinned signed it, as the gateway that the snapshot itself
// registers with that key.
//
// Errors: SNAPSHOT_FORMAT, SNAPSHOT_DIGEST; SIGNATURE_INVALID, ALG_MISMATCH where another key signed it; KEY_MISMATCH
// where the snapshot does not know that key as a gateway's; KEY_COMPROMISED.
func Open(r io.Reader, pinned *attest.PublicKey) (*Trust, error) {
	s, err := index.OpenSnapshot(r)
	if err != nil {
		return nil, err
	}
	if len(s.Signature()) == 0 {
		return nil, attest.Errorf(attest.CodeSnapshotFormat, "the snapshot is not signed")
	}
	j, err := attest.ParseJWS(s.Signature())
	if err != nil {
		return nil, err
	}
	if j.Type != TypeSnapshot || !bytes.Equal(j.Payload, s.HeaderBytes()) {
		return nil, attest.Errorf(attest.CodeSnapshotFormat, "the signature is not over this snapshot's header")
	}
	if err := j.Verify(pinned); err != nil {
		return nil, err
	}
	region, err := exporter(s, j.KeyID, pinned)
	if err != nil {
		return nil, err
	}
	h := s.Header()
	return &Trust{Network: h.Network, Region: region, KeyID: j.KeyID, Height: h.Height, AsOf: time.Unix(h.Heard, 0).UTC(),
		snapshot: s}, nil
}

// Exporter is the key that a snapshot names as the one that signed it, which it did: for those who have the snapshot from a
// gateway that they trust and pin the key for what comes later. Errors: as Open.
func Exporter(r io.Reader) (*attest.PublicKey, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	s, err := index.OpenSnapshot(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	j, err := attest.ParseJWS(s.Signature())
	if err != nil {
		return nil, err
	}
	key, err := s.Key(j.KeyID)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, attest.Errorf(attest.CodeKeyMismatch, "the snapshot does not register the key that signed it")
	}
	_, err = Open(bytes.NewReader(data), key.Public)
	return key.Public, err
}

// exporter is the region whose gateway key signed: the consortium must know the key as what it claims to be.
func exporter(view registry.View, id string, pinned *attest.PublicKey) (string, error) {
	key, err := view.Key(id)
	switch {
	case err != nil:
		return "", err
	case key == nil || key.Use != attest.UseGateway || !key.Public.Equal(pinned):
		return "", attest.Errorf(attest.CodeKeyMismatch, "the snapshot does not register the pinned key as a gateway's")
	case key.CompromisedFrom != 0:
		return "", attest.Errorf(attest.CodeKeyCompromised, "the snapshot itself marks the key that signed it as compromised")
	}
	region, _, _ := strings.Cut(id, "#")
	return region, nil
}

// View is the snapshot's records.
func (t *Trust) View() registry.View { return t.snapshot }

// ParseKey reads the key to pin: a JWK, or a JWK Set of one key.
func ParseKey(data []byte) (*attest.PublicKey, error) {
	v, err := attest.ParseJSON(bytes.TrimSpace(data), attest.Limits{Bytes: 16 << 10})
	if err != nil {
		return nil, err
	}
	if keys, ok := v.Get("keys"); ok {
		if len(keys.Elems()) != 1 {
			return nil, attest.Errorf(attest.CodeKeyFormat, "the key set does not hold exactly one key")
		}
		v = keys.Elems()[0]
	}
	return attest.ParseJWK(v)
}
