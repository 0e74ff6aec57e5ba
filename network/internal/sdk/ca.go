package sdk

import (
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hyperledger/fabric-sdk-go/pkg/client/msp"
	"github.com/hyperledger/fabric-sdk-go/pkg/fabsdk"

	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/pki"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// CA is a region's CA, as its registrar sees it. It is not safe for concurrent use; the CAs of several regions are independent.
type CA struct {
	region topology.Region
	secret string // the registrar's
	store  string // a folder of its own, removed by Close
	sdk    *fabsdk.FabricSDK
	client *msp.Client
}

// tlsProfile is the CA's signing profile for TLS certificates.
const tlsProfile = "tls"

// OpenCA connects to the region's CA, whose registrar knows the secret given.
func OpenCA(r topology.Region, files layout.Region, secret string) (*CA, error) {
	store, err := os.MkdirTemp(files.CA(), ".client-*")
	if err != nil {
		return nil, err
	}
	ca := &CA{region: r, secret: secret, store: store}
	ca.sdk, err = fabsdk.New(caConfiguration(r, files, secret, store))
	if err != nil {
		ca.Close()
		return nil, fmt.Errorf("CA of %s: %w", r.Code, err)
	}
	ca.client, err = msp.New(ca.sdk.Context(fabsdk.WithOrg(r.Code)))
	if err != nil {
		ca.Close()
		return nil, fmt.Errorf("CA of %s: %w", r.Code, err)
	}
	return ca, nil
}

// Close forgets every key that passed through.
func (c *CA) Close() {
	if c.sdk != nil {
		c.sdk.Close()
	}
	_ = os.RemoveAll(c.store)
}

// Holder is someone that the CA certifies.
type Holder struct {
	Name  string   // as in "peer.440000"
	Role  string   // Fabric's: client, peer, orderer or admin; it becomes the certificate's organisational unit
	Duty  string   // ours: the attribute huzheng.role, as "gateway"
	Hosts []string // for TLS
}

// Enrol registers the holder, if nobody has yet, and returns fresh membership and TLS certificates with new keys.
func (c *CA) Enrol(h Holder) (member, tls pki.Pair, err error) {
	secret := c.secretOf(h.Name)
	_, err = c.client.Register(&msp.RegistrationRequest{
		Name: h.Name, Type: h.Role, Secret: secret, CAName: caName(c.region.Code), MaxEnrollments: -1,
		Attributes: []msp.Attribute{
			{Name: "huzheng.role", Value: h.Duty, ECert: true},
			{Name: "huzheng.region", Value: c.region.Code, ECert: true},
		},
	})
	if err != nil && !strings.Contains(err.Error(), "already registered") {
		return member, tls, fmt.Errorf("register %s: %w", h.Name, err)
	}
	if member, err = c.enrol(h, msp.WithSecret(secret)); err != nil {
		return member, tls, fmt.Errorf("enrol %s: %w", h.Name, err)
	}
	tls, err = c.enrol(h, msp.WithSecret(secret), msp.WithProfile(tlsProfile))
	if err != nil {
		return member, tls, fmt.Errorf("enrol %s for TLS: %w", h.Name, err)
	}
	return member, tls, nil
}

func (c *CA) enrol(h Holder, opts ...msp.EnrollmentOption) (pki.Pair, error) {
	opts = append(opts, msp.WithCSR(&msp.CSRInfo{CN: h.Name, Hosts: h.Hosts}))
	if err := c.client.Enroll(h.Name, opts...); err != nil {
		return pki.Pair{}, err
	}
	return c.current(h.Name)
}

// Renew asks for new certificates, with new keys, on the strength of the present membership certificate, even an expired one.
func (c *CA) Renew(h Holder, present pki.Pair) (member, tls pki.Pair, err error) {
	if err := c.plant(h.Name, present); err != nil {
		return member, tls, err
	}
	csr := msp.WithCSR(&msp.CSRInfo{CN: h.Name, Hosts: h.Hosts})
	for _, want := range []struct {
		pair *pki.Pair
		opts []msp.EnrollmentOption
	}{
		{&member, []msp.EnrollmentOption{csr}},
		{&tls, []msp.EnrollmentOption{csr, msp.WithProfile(tlsProfile)}},
	} {
		if err := c.client.Reenroll(h.Name, want.opts...); err != nil {
			return member, tls, fmt.Errorf("renew %s: %w", h.Name, err)
		}
		if *want.pair, err = c.current(h.Name); err != nil {
			return member, tls, err
		}
	}
	return member, tls, nil
}

// secretOf derives a holder's enrolment secret, so that a registration that was cut short can be taken up again and no secret but
// the registrar's has to be kept.
func (c *CA) secretOf(name string) string {
	mac := hmac.New(sha256.New, []byte(c.secret))
	_, _ = mac.Write([]byte("huzheng/v1/enrolment\x00" + name))
	return hex.EncodeToString(mac.Sum(nil))
}

// current reads what the SDK has stored for a name: it hands out the certificate, and the key under its identifier.
func (c *CA) current(name string) (pki.Pair, error) {
	id, err := c.client.GetSigningIdentity(name)
	if err != nil {
		return pki.Pair{}, err
	}
	key, err := os.ReadFile(c.keyFile(id.PrivateKey().SKI()))
	return pki.Pair{Cert: id.EnrollmentCertificate(), Key: key}, err
}

// plant puts a pair where the SDK looks for the holder's.
func (c *CA) plant(name string, p pki.Pair) error {
	cert, err := pki.ParseCertificate(p.Cert)
	if err != nil {
		return err
	}
	public, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return errors.New("the certificate's key is not ECDSA")
	}
	point, err := public.Bytes()
	if err != nil {
		return err
	}
	ski := sha256.Sum256(point) // as Fabric's software key store names keys
	return errors.Join(
		pki.WriteFile(c.keyFile(ski[:]), p.Key),
		pki.WriteFile(filepath.Join(c.store, name+"@"+c.region.MSPID+"-cert.pem"), p.Cert),
	)
}

func (c *CA) keyFile(ski []byte) string {
	return filepath.Join(c.store, "keystore", hex.EncodeToString(ski)+"_sk")
}
