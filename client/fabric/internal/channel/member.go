package channel

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"google.golang.org/protobuf/proto"
)

// member is one organisation: how its certificates are known (a Fabric MSP of type 0, X.509).
type member struct {
	id            string
	source        *msp.FabricMSPConfig
	roots         *x509.CertPool
	intermediates *x509.CertPool
	revoked       []*x509.RevocationList
	admins        []*x509.Certificate
	units         []unit // that tell an identity's role; empty: roles other than member and admin do not exist
	required      []unit // of which an identity has one; empty: none is asked for
}

// unit is an organisational unit that says something about whoever bears it.
type unit struct {
	name   string
	role   msp.MSPRole_MSPRoleType
	issuer *x509.Certificate // that must have issued the certificate; nil: any
}

func newMember(config *msp.MSPConfig) (*member, error) {
	if config.GetType() != 0 {
		return nil, fmt.Errorf("an MSP of type %d, not of X.509 certificates", config.GetType())
	}
	source := &msp.FabricMSPConfig{}
	if err := proto.Unmarshal(config.GetConfig(), source); err != nil {
		return nil, err
	}
	if hash := source.GetCryptoConfig().GetSignatureHashFamily(); hash != "" && hash != "SHA2" {
		return nil, fmt.Errorf("signatures over %s are not known", hash)
	}
	m := &member{id: source.GetName(), source: source, roots: x509.NewCertPool(), intermediates: x509.NewCertPool()}
	var errs []error
	if len(source.GetRootCerts()) == 0 {
		errs = append(errs, errors.New("it has no root certificate"))
	}
	errs = append(errs,
		each(source.GetRootCerts(), m.roots.AddCert), each(source.GetIntermediateCerts(), m.intermediates.AddCert),
		each(source.GetAdmins(), func(c *x509.Certificate) { m.admins = append(m.admins, c) }),
		m.readRevoked(), m.readUnits())
	return m, errors.Join(errs...)
}

// each parses certificates in PEM.
func each(list [][]byte, do func(*x509.Certificate)) error {
	for _, raw := range list {
		cert, err := parseCertificate(raw)
		if err != nil {
			return err
		}
		do(cert)
	}
	return nil
}

func parseCertificate(raw []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("not a certificate in PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

func (m *member) readRevoked() error {
	for _, raw := range m.source.GetRevocationList() {
		block, _ := pem.Decode(raw)
		if block == nil {
			return errors.New("not a revocation list in PEM")
		}
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return err
		}
		m.revoked = append(m.revoked, list)
	}
	return nil
}

func (m *member) readUnits() error {
	for _, required := range m.source.GetOrganizationalUnitIdentifiers() {
		u, err := newUnit(required, 0)
		if err != nil {
			return err
		}
		m.required = append(m.required, u)
	}
	nodes := m.source.GetFabricNodeOus()
	if !nodes.GetEnable() {
		return nil
	}
	for _, known := range []struct {
		source *msp.FabricOUIdentifier
		role   msp.MSPRole_MSPRoleType
	}{
		{nodes.GetClientOuIdentifier(), msp.MSPRole_CLIENT}, {nodes.GetPeerOuIdentifier(), msp.MSPRole_PEER},
		{nodes.GetAdminOuIdentifier(), msp.MSPRole_ADMIN}, {nodes.GetOrdererOuIdentifier(), msp.MSPRole_ORDERER},
	} {
		if known.source == nil {
			continue
		}
		u, err := newUnit(known.source, known.role)
		if err != nil {
			return err
		}
		m.units = append(m.units, u)
	}
	return nil
}

func newUnit(source *msp.FabricOUIdentifier, role msp.MSPRole_MSPRoleType) (unit, error) {
	u := unit{name: source.GetOrganizationalUnitIdentifier(), role: role}
	if len(source.GetCertificate()) == 0 {
		return u, nil
	}
	var err error
	u.issuer, err = parseCertificate(source.GetCertificate())
	return u, err
}

// identity is a certificate and the organisation that is said to vouch for it.
type identity struct {
	member *member
	cert   *x509.Certificate
}

// identity finds whose certificate it would be. Whether the organisation vouches for it is asked with hasRole.
func (c *Config) identity(serialized *msp.SerializedIdentity) (*identity, error) {
	m := c.members[serialized.GetMspid()]
	if m == nil {
		return nil, fmt.Errorf("no organisation %q", serialized.GetMspid())
	}
	cert, err := parseCertificate(serialized.GetIdBytes())
	if err != nil {
		return nil, fmt.Errorf("identity of %q: %w", m.id, err)
	}
	return &identity{m, cert}, nil
}

// same reports whether other is the same certificate of the same organisation.
func (id *identity) same(other *identity) bool {
	return id.member.id == other.member.id && id.cert.Equal(other.cert)
}

// hasRole reports whether the organisation vouches for the identity in that role.
func (id *identity) hasRole(role msp.MSPRole_MSPRoleType) bool {
	chain, ok := id.chain()
	if !ok {
		return false
	}
	units := id.units(chain, id.member.units)
	if len(id.member.units) > 0 && len(units) != 1 {
		return false // neither or several of client, peer, orderer and admin
	}
	switch role {
	case msp.MSPRole_MEMBER:
		return true
	case msp.MSPRole_ADMIN:
		return slices.ContainsFunc(id.member.admins, id.cert.Equal) || len(units) == 1 && units[0].role == role
	default:
		return len(units) == 1 && units[0].role == role
	}
}

// chain is the certificate with those that vouch for it, the root last, if the organisation does.
func (id *identity) chain() ([]*x509.Certificate, bool) {
	if id.cert.IsCA {
		return nil, false
	}
	chains, err := id.cert.Verify(x509.VerifyOptions{
		Roots: id.member.roots, Intermediates: id.member.intermediates, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		CurrentTime: id.cert.NotBefore.Add(time.Second),
	})
	if err != nil || len(chains) != 1 {
		return nil, false
	}
	chain := chains[0]
	if id.revokedBy(chain[1]) {
		return nil, false
	}
	if len(id.member.required) > 0 && len(id.units(chain, id.member.required)) == 0 {
		return nil, false
	}
	return chain, true
}

func (id *identity) revokedBy(issuer *x509.Certificate) bool {
	for _, list := range id.member.revoked {
		if list.CheckSignatureFrom(issuer) != nil {
			continue
		}
		for _, entry := range list.RevokedCertificateEntries {
			if entry.SerialNumber.Cmp(id.cert.SerialNumber) == 0 {
				return true
			}
		}
	}
	return false
}

// units are those of the list that the certificate bears.
func (id *identity) units(chain []*x509.Certificate, list []unit) []unit {
	var out []unit
	for _, u := range list {
		if slices.Contains(id.cert.Subject.OrganizationalUnit, u.name) && (u.issuer == nil || u.issuer.Equal(chain[1])) {
			out = append(out, u)
		}
	}
	return out
}
