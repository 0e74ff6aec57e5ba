package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/huzheng-ledger/huzheng/attest"
)

// TypePeer is the JWS typ of the statement by which a region's gateway key vouches for a TLS key.
const TypePeer = "huzheng-peer+jwt"

const (
	uriPrefix = "urn:huzheng:peer:"
	life      = 24 * time.Hour
	early     = time.Hour // before now: the other side's clock may be behind
	skew      = 15 * 60   // seconds, between two regions' clocks
	maxKnown  = 256
)

// Keys looks registered keys up in the region's replica of the ledger; nil for one that is not registered.
type Keys interface {
	Key(id string) (*attest.Key, error)
}

// Identity is what a gateway shows to others and how it checks what they show. Safe for concurrent use.
type Identity struct {
	Network string
	Region  string // division code
	Signer  func() attest.Signer
	Keys    Keys
	Clock   func() time.Time

	mu    sync.Mutex
	own   *tls.Certificate
	by    string // id of the key that vouches for own
	renew time.Time
	known map[[32]byte]statement // verified, by hash of the certificate
}

// statement is what a gateway key says about a TLS key.
type statement struct {
	region, key string
	from, until int64
}

// certificate is the gateway's own, made anew once half of its life is gone or the gateway key has changed.
func (d *Identity) certificate() (*tls.Certificate, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	signer, now := d.Signer(), d.Clock()
	if d.own != nil && d.by == signer.KeyID() && now.Before(d.renew) && now.After(d.renew.Add(-life)) {
		return d.own, nil
	}
	own, err := d.make(signer, now)
	if err != nil {
		return nil, err
	}
	d.own, d.by, d.renew = own, signer.KeyID(), now.Add(life/2)
	return own, nil
}

func (d *Identity) make(signer attest.Signer, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(spki)
	w := attest.NewObjectWriter(nil)
	w.Int64("v", 1)
	w.String("net", d.Network)
	w.String("region", d.Region)
	w.String("spki", base64.RawURLEncoding.EncodeToString(hash[:]))
	w.Int64("nbf", now.Add(-early).Unix())
	w.Int64("exp", now.Add(life).Unix())
	jws, err := attest.SignJWS(signer, TypePeer, w.Close())
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "huzheng gateway " + d.Region},
		NotBefore: now.Add(-early), NotAfter: now.Add(life), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		URIs:        []*url.URL{{Scheme: "urn", Opaque: strings.TrimPrefix(uriPrefix, "urn:") + string(jws)}}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

func stranger(format string, args ...any) error {
	return attest.Errorf(attest.CodeRegionIdentity, format, args...)
}

// regionOf tells whose gateway is at the other end. Error: REGION_IDENTITY; the index's own.
func (d *Identity) regionOf(state *tls.ConnectionState) (string, error) {
	if state == nil || len(state.PeerCertificates) == 0 {
		return "", stranger("the other side shows no certificate")
	}
	leaf := state.PeerCertificates[0]
	hash := sha256.Sum256(leaf.Raw)
	d.mu.Lock()
	s, ok := d.known[hash]
	d.mu.Unlock()
	if !ok {
		var err error
		if s, err = d.read(leaf); err != nil {
			return "", err
		}
		d.remember(hash, s)
	}
	if now := d.Clock().Unix(); now < s.from-skew || now > s.until+skew {
		return "", stranger("the certificate's time is over or has not come")
	}
	_, err := d.inForce(s.region, s.key)
	return s.region, err
}

func (d *Identity) remember(hash [32]byte, s statement) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.known) >= maxKnown || d.known == nil {
		d.known = map[[32]byte]statement{}
	}
	d.known[hash] = s
}

// inForce finds a region's gateway key, as the ledger has it now.
func (d *Identity) inForce(region, id string) (*attest.Key, error) {
	if owner, _, _ := strings.Cut(id, "#"); owner != region {
		return nil, stranger("the certificate is vouched for by a key of another owner")
	}
	k, err := d.Keys.Key(id)
	if err != nil {
		return nil, err
	}
	if k == nil || k.Use != attest.UseGateway || k.Retired || k.CompromisedFrom != 0 {
		return nil, stranger("the certificate is not vouched for by a gateway key in force")
	}
	return k, nil
}

// read checks a certificate: its statement names this network and its own public key, and a gateway key of the region that
// it names has signed it. The certificate's own signature and names are nobody's word and not looked at.
func (d *Identity) read(leaf *x509.Certificate) (s statement, err error) {
	if len(leaf.URIs) != 1 || !strings.HasPrefix(leaf.URIs[0].String(), uriPrefix) {
		return s, stranger("the certificate carries no statement of a gateway")
	}
	jws, err := attest.ParseJWS([]byte(strings.TrimPrefix(leaf.URIs[0].String(), uriPrefix)))
	if err != nil || jws.Type != TypePeer {
		return s, stranger("the statement in the certificate cannot be read")
	}
	if s, err = d.parse(jws, sha256.Sum256(leaf.RawSubjectPublicKeyInfo)); err != nil {
		return s, err
	}
	k, err := d.inForce(s.region, s.key)
	if err != nil {
		return s, err
	}
	if err := jws.Verify(k.Public); err != nil {
		return s, stranger("the statement's signature does not hold")
	}
	return s, nil
}

// parse reads the statement and holds it against this network and the certificate's key.
func (d *Identity) parse(jws *attest.JWS, key [32]byte) (s statement, err error) {
	payload, err := attest.ParseJSON(jws.Payload, attest.DefaultLimits())
	if err != nil {
		return s, stranger("the statement in the certificate cannot be read")
	}
	f := payload.Fields()
	version, network, spki := f.Int64("v"), f.String("net"), f.String("spki")
	s = statement{region: f.String("region"), key: jws.KeyID, from: f.Int64("nbf"), until: f.Int64("exp")}
	if f.Done() != nil || version != 1 || network != d.Network || spki != base64.RawURLEncoding.EncodeToString(key[:]) {
		return s, stranger("the statement in the certificate is not about this key in this network")
	}
	return s, nil
}

// config is the TLS of both sides. expect is the region that must be at the other end; empty: any.
func (d *Identity) config(expect string) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		NextProtos:             []string{"http/1.1"},
		SessionTicketsDisabled: true, // connections are kept; every new one is checked
		ClientAuth:             tls.RequireAnyClientCert,
		InsecureSkipVerify:     true, //nolint:gosec // there is no certificate authority: VerifyConnection asks the ledger
		GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return d.certificate() },
		GetClientCertificate:   func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return d.certificate() },
		VerifyConnection: func(state tls.ConnectionState) error {
			region, err := d.regionOf(&state)
			if err == nil && expect != "" && region != expect {
				err = stranger("region %s answers for region %s", region, expect)
			}
			return err
		},
	}
}
