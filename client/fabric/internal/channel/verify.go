package channel

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Orderer is what the orderers sign beside a block's header: the number of the last configuration block up to it, itself
// included.
type Orderer struct{ LastConfig uint64 }

// Read reads what a block's metadata say, verified or not, with the signatures over it.
func Read(metadata *common.BlockMetadata) (Orderer, *common.Metadata, error) {
	list := metadata.GetMetadata()
	if len(list) <= int(common.BlockMetadataIndex_SIGNATURES) {
		return Orderer{}, nil, refused("a block without signatures")
	}
	var signed common.Metadata
	if err := proto.Unmarshal(list[common.BlockMetadataIndex_SIGNATURES], &signed); err != nil {
		return Orderer{}, nil, refused("signatures: %v", err)
	}
	var by common.OrdererBlockMetadata
	if err := proto.Unmarshal(signed.GetValue(), &by); err != nil {
		return Orderer{}, nil, refused("signed metadata: %v", err)
	}
	return Orderer{LastConfig: by.GetLastConfig().GetIndex()}, &signed, nil
}

// Verify holds a block's signatures against the block validation policy of this configuration, which is the one in force
// before the block. header is the DER of the block's header, over which they are made. SIGNATURE_INVALID: the signers do not
// satisfy the policy. What the orderers say beside the header is returned, signed by them.
func (c *Config) Verify(header []byte, metadata *common.BlockMetadata) (Orderer, error) {
	said, signed, err := Read(metadata)
	if err != nil {
		return Orderer{}, err
	}
	var by []*identity
	for _, s := range signed.GetSignatures() {
		id, message, ok := c.signer(s)
		if !ok || slices.ContainsFunc(by, id.same) {
			continue
		}
		if id.verify(slices.Concat(signed.GetValue(), message, header), s.GetSignature()) {
			by = append(by, id)
		}
	}
	if !c.validation.satisfied(by) {
		return Orderer{}, attest.Errorf(attest.CodeSignature,
			"%d of %d signatures are by known orderers, which does not satisfy the block validation policy", len(by), len(signed.GetSignatures()))
	}
	return said, nil
}

// signer is who made the signature and which header of the signature it covers. SmartBFT names a consenter by its number, all
// else the certificate itself.
func (c *Config) signer(s *common.MetadataSignature) (id *identity, covered []byte, ok bool) {
	if c.consenters != nil && len(s.GetSignatureHeader()) == 0 && len(s.GetIdentifierHeader()) > 0 {
		var header common.IdentifierHeader
		if proto.Unmarshal(s.GetIdentifierHeader(), &header) != nil {
			return nil, nil, false
		}
		consenter := c.consenters[header.GetIdentifier()]
		if consenter == nil {
			return nil, nil, false
		}
		id, err := c.identity(&msp.SerializedIdentity{Mspid: consenter.GetMspId(), IdBytes: consenter.GetIdentity()})
		return id, s.GetIdentifierHeader(), err == nil
	}
	var header common.SignatureHeader
	if proto.Unmarshal(s.GetSignatureHeader(), &header) != nil {
		return nil, nil, false
	}
	var serialized msp.SerializedIdentity
	if proto.Unmarshal(header.GetCreator(), &serialized) != nil {
		return nil, nil, false
	}
	id, err := c.identity(&serialized)
	return id, s.GetSignatureHeader(), err == nil
}

// verify checks a signature as Fabric makes them: ECDSA over SHA-256, or Ed25519.
func (id *identity) verify(message, signature []byte) bool {
	switch key := id.cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(message)
		return ecdsa.VerifyASN1(key, digest[:], signature)
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, signature)
	default:
		return false
	}
}
