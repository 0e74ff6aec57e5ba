package sdk

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/golang/protobuf/proto" //nolint:staticcheck // the SDK's own protobuf family
	"github.com/hyperledger/fabric-protos-go/common"
	"github.com/hyperledger/fabric-protos-go/msp"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/pki"
)

var signedAt = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// signer signs as someone of a unit, under a root.
func signer(t *testing.T, root pki.Pair, unit, mspID string) func(update []byte) []byte {
	t.Helper()
	parent, err := pki.ParseCertificate(root.Cert)
	require.NoError(t, err)
	block, _ := pem.Decode(root.Key)
	parentKey, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{OrganizationalUnit: []string{unit}}, NotBefore: signedAt, NotAfter: signedAt.Add(time.Hour),
	}, parent, &key.PublicKey, parentKey)
	require.NoError(t, err)
	creator, err := proto.Marshal(&msp.SerializedIdentity{Mspid: mspID, IdBytes: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})})
	require.NoError(t, err)
	header, err := proto.Marshal(&common.SignatureHeader{Creator: creator, Nonce: []byte("nonce")})
	require.NoError(t, err)
	return func(update []byte) []byte {
		digest := sha256.Sum256(slices.Concat(header, update))
		signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		require.NoError(t, err)
		data, err := proto.Marshal(&common.ConfigSignature{SignatureHeader: header, Signature: signature})
		require.NoError(t, err)
		return data
	}
}

func TestSigner(t *testing.T) {
	newRoot := func() pki.Pair {
		root, err := pki.NewRoot("ca.440000", "GuangdongMSP", signedAt, 24*time.Hour)
		require.NoError(t, err)
		return root
	}
	mine, theirs := newRoot(), newRoot()
	v := View{Members: []Member{{MSPID: "GuangdongMSP", Root: mine.Cert}, {MSPID: "SichuanMSP", Root: theirs.Cert}}}
	update := []byte("update")
	for name, c := range map[string]struct {
		signature []byte
		when      time.Time
		says      string // nothing where it is good
	}{
		"good":             {signer(t, mine, "admin", "GuangdongMSP")(update), signedAt, ""},
		"another update":   {signer(t, mine, "admin", "GuangdongMSP")([]byte("other")), signedAt, "does not fit"},
		"no administrator": {signer(t, mine, "client", "GuangdongMSP")(update), signedAt, "no administrator"},
		"another's name":   {signer(t, mine, "admin", "SichuanMSP")(update), signedAt, "SichuanMSP"},
		"no member":        {signer(t, mine, "admin", "NobodyMSP")(update), signedAt, "no member"},
		"expired":          {signer(t, mine, "admin", "GuangdongMSP")(update), signedAt.Add(2 * time.Hour), "expired"},
		"nothing":          {[]byte("nothing"), signedAt, "no signature"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := v.Signer(update, c.signature, c.when)
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "GuangdongMSP", got)
		})
	}
}
