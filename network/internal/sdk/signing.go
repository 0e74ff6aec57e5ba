package sdk

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang/protobuf/proto" //nolint:staticcheck // the SDK's own protobuf family
	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/hyperledger/fabric-protos-go/msp"
	"github.com/hyperledger/fabric-sdk-go/pkg/client/resmgmt"

	"github.com/huzheng-ledger/huzheng/network/internal/pki"
)

// Sign signs a serialised update as the region's administrator and returns the serialised signature.
func (a *Admin) Sign(update []byte) ([]byte, error) {
	wrapped, err := envelope(a.network.topology.Channel, update)
	if err != nil {
		return nil, err
	}
	signature, err := a.resources.CreateConfigSignatureFromReader(a.identity, bytes.NewReader(wrapped))
	if err != nil {
		return nil, fmt.Errorf("sign for %s: %w", a.region.Code, err)
	}
	return proto.Marshal(signature)
}

// SubmitUpdate hands an update and its signatures to the orderer of the region named. An error means that the outcome is unknown.
func (a *Admin) SubmitUpdate(ctx context.Context, update []byte, signatures [][]byte, ordererOf string) error {
	wrapped, err := envelope(a.network.topology.Channel, update)
	if err != nil {
		return err
	}
	list := make([]*common.ConfigSignature, len(signatures))
	for i, s := range signatures {
		list[i] = &common.ConfigSignature{}
		if err := proto.Unmarshal(s, list[i]); err != nil {
			return err
		}
	}
	_, err = a.resources.SaveChannel(resmgmt.SaveChannelRequest{
		ChannelID: a.network.topology.Channel, ChannelConfig: bytes.NewReader(wrapped),
	}, resmgmt.WithConfigSignatures(list...), resmgmt.WithOrdererEndpoint(ordererName(ordererOf)), resmgmt.WithParentContext(ctx))
	if err != nil {
		return fmt.Errorf("change the channel's configuration: %w", err)
	}
	return nil
}

// Signer checks one signature of an update against the roots of the channel's members, and returns the MSP ID of the region whose
// administrator made it.
func (v View) Signer(update, signature []byte, now time.Time) (string, error) {
	var s common.ConfigSignature
	var header common.SignatureHeader
	var creator msp.SerializedIdentity
	if err := errors.Join(proto.Unmarshal(signature, &s), proto.Unmarshal(s.SignatureHeader, &header),
		proto.Unmarshal(header.Creator, &creator)); err != nil {
		return "", fmt.Errorf("no signature of an update: %w", err)
	}
	member, ok := v.Member(creator.Mspid)
	if !ok {
		return "", fmt.Errorf("a signature of %q, which is no member of the channel", creator.Mspid)
	}
	cert, err := administrator(creator.IdBytes, member.Root, now)
	if err != nil {
		return "", fmt.Errorf("signature of %s: %w", creator.Mspid, err)
	}
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	digest := sha256.Sum256(slices.Concat(s.SignatureHeader, update))
	if !ok || !ecdsa.VerifyASN1(key, digest[:], s.Signature) {
		return "", fmt.Errorf("the signature of %s does not fit this update", creator.Mspid)
	}
	return creator.Mspid, nil
}

func administrator(certPEM, root []byte, now time.Time) (*x509.Certificate, error) {
	cert, err := pki.ParseCertificate(certPEM)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(root)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		return nil, err
	}
	if !slices.Contains(cert.Subject.OrganizationalUnit, "admin") {
		return nil, errors.New("its holder is no administrator")
	}
	return cert, nil
}
