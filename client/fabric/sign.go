package fabric

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

// signer signs as Fabric wants it.
type signer struct {
	identity Identity
	creator  []byte // the serialised identity
	half     *big.Int
}

func newSigner(id Identity) (*signer, error) {
	creator, err := proto.Marshal(&msp.SerializedIdentity{Mspid: id.MSPID, IdBytes: id.Certificate})
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	public, ok := id.Key.Public().(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("identity: the key is not ECDSA")
	}
	return &signer{identity: id, creator: creator, half: new(big.Int).Rsh(public.Params().N, 1)}, nil
}

// MspID implements identity.Identity.
func (s *signer) MspID() string { return s.identity.MSPID }

// Credentials implements identity.Identity.
func (s *signer) Credentials() []byte { return s.identity.Certificate }

// digest signs a SHA-256 digest. Of the two signatures (r, s) and (r, n−s), Fabric takes only the one with the lower s.
func (s *signer) digest(sum []byte) ([]byte, error) {
	der, err := s.identity.Key.Sign(rand.Reader, sum, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	var signature struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &signature); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if signature.S.Cmp(s.half) > 0 {
		n := s.identity.Key.Public().(*ecdsa.PublicKey).Params().N //nolint:forcetypeassert // newSigner has seen to it
		signature.S.Sub(n, signature.S)
	}
	return asn1.Marshal(signature)
}

// message signs a message.
func (s *signer) message(m []byte) ([]byte, error) {
	sum := sha256.Sum256(m)
	return s.digest(sum[:])
}
