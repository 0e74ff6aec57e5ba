package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/huzheng-ledger/huzheng/internal/session"
)

// pending is what has to be remembered of a sign-in under way.
type pending struct {
	State    string       `json:"s"`
	Nonce    string       `json:"n"`
	Verifier string       `json:"v"`
	As       session.Kind `json:"a"`
	Redirect string       `json:"r"`
	Back     string       `json:"b"`
	Began    int64        `json:"t"`
	MaxAge   int64        `json:"m"` // seconds before Began
}

// sealer encrypts what a browser carries for us. Its key lives as long as the process.
type sealer struct{ aead cipher.AEAD }

func newSealer() (*sealer, error) {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: it ends the process instead
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &sealer{aead}, err
}

// sealed says what is in there, so that nothing else that a key of ours may seal is taken for it.
func sealed() []byte { return []byte("huzheng/v1/sign-in") }

func (s *sealer) seal(p *pending) (string, error) {
	plain, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, sealed())), nil //nolint:gosec // the AEAD draws the nonce itself; the constant is what else it vouches for
}

func (s *sealer) open(cookie string) (*pending, error) {
	data, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || len(data) < s.aead.Overhead() {
		return nil, errors.New("no sign-in is under way")
	}
	plain, err := s.aead.Open(nil, nil, data, sealed())
	if err != nil {
		return nil, err
	}
	p := &pending{}
	return p, json.Unmarshal(plain, p)
}
