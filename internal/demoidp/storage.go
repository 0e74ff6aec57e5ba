package demoidp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// maxRequests bounds the sign-ins under way that are remembered; past it the eldest goes.
const maxRequests = 1024

var errUnknown = errors.New("not known here")

// storage is op.Storage in memory, for the code flow alone: what belongs to other flows is refused.
type storage struct {
	people []Person
	secret string
	key    *ecdsa.PrivateKey

	mu       sync.Mutex
	requests map[string]*request
	order    []string          // of their ids, eldest first
	codes    map[string]string // code → id

	remembered map[string]remembered // by what the browser has
	recalled   []string              // of their keys, eldest first
}

func newStorage(people []Person, secret string) (*storage, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &storage{people: people, secret: secret, key: key, requests: map[string]*request{}, codes: map[string]string{}, remembered: map[string]remembered{}}, err
}

func (s *storage) person(account string) *Person {
	i := slices.IndexFunc(s.people, func(p Person) bool { return p.Account == account })
	if i < 0 {
		return nil
	}
	return &s.people[i]
}

// authenticate notes who has given the right password in a sign-in under way.
func (s *storage) authenticate(id, account, password string) bool {
	p := s.person(account)
	if p == nil || subtle.ConstantTimeCompare([]byte(p.Password), []byte(password)) != 1 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok {
		return false
	}
	done := *r
	done.subject, done.signedIn = p.Account, time.Now()
	s.requests[id] = &done
	return true
}

// CreateAuthRequest implements op.AuthStorage.
func (s *storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if asked.CodeChallenge == "" || asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE with S256 is needed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.order) >= maxRequests {
		s.forget(s.order[0])
	}
	r := &request{id: rand.Text(), asked: *asked}
	s.requests[r.id], s.order = r, append(s.order, r.id)
	return r, nil
}

// AuthRequestByID implements op.AuthStorage.
func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.requests[id]; ok {
		return r, nil
	}
	return nil, errUnknown
}

// AuthRequestByCode implements op.AuthStorage. A code is good for one try.
func (s *storage) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	id, ok := s.codes[code]
	delete(s.codes, code)
	s.mu.Unlock()
	if !ok {
		return nil, errUnknown
	}
	return s.AuthRequestByID(ctx, id)
}

// SaveAuthCode implements op.AuthStorage.
func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

// DeleteAuthRequest implements op.AuthStorage.
func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(id)
	return nil
}

func (s *storage) forget(id string) {
	delete(s.requests, id)
	s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
	for code, of := range s.codes {
		if of == id {
			delete(s.codes, code)
		}
	}
}

// CreateAccessToken implements op.AuthStorage. The token names its subject and is good for a minute.
func (s *storage) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	return rand.Text(), time.Now().Add(time.Minute), nil
}

// GetClientByClientID implements op.OPStorage.
func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != clientID {
		return nil, errUnknown
	}
	return client{}, nil
}

// AuthorizeClientIDSecret implements op.OPStorage.
func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != clientID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.secret)) != 1 {
		return errUnknown
	}
	return nil
}

// SetUserinfoFromRequest implements op.CanSetUserinfoFromRequest: what the ID token says.
func (s *storage) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, r op.IDTokenRequest, _ []string) error {
	return s.tell(info, r.GetSubject())
}

// SetUserinfoFromToken implements op.OPStorage: what the UserInfo endpoint says.
func (s *storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, _, subject, _ string) error {
	return s.tell(info, subject)
}

func (s *storage) tell(info *oidc.UserInfo, subject string) error {
	p := s.person(subject)
	if p == nil {
		return errUnknown
	}
	info.Subject, info.Name = p.Account, p.Name
	for name, value := range p.claims() {
		info.AppendClaims(name, value)
	}
	return nil
}

// Signing.

type signingKey struct{ key *ecdsa.PrivateKey }

func (k signingKey) ID() string                                  { return "1" }
func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.ES256 }
func (k signingKey) Key() any                                    { return k.key }

type publicKey struct{ key *ecdsa.PublicKey }

func (k publicKey) ID() string                         { return "1" }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.ES256 }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                           { return k.key }

// SigningKey implements op.AuthStorage.
func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return signingKey{s.key}, nil }

// KeySet implements op.AuthStorage.
func (s *storage) KeySet(context.Context) ([]op.Key, error) {
	return []op.Key{publicKey{&s.key.PublicKey}}, nil
}

// SignatureAlgorithms implements op.AuthStorage.
func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.ES256}, nil
}

// Health implements op.Storage.
func (s *storage) Health(context.Context) error { return nil }
