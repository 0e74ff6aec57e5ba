package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/huzheng-ledger/huzheng/internal/session"
)

// Reason says why nobody was let in, for the page that tells them.
type Reason string

// The reasons.
const (
	ReasonCancelled Reason = "cancelled" // the person, or the provider, said no
	ReasonExpired   Reason = "expired"   // begun too long ago, at another browser, or twice
	ReasonProvider  Reason = "provider"  // the provider cannot be reached or answers what makes no sense
	ReasonToken     Reason = "token"     // what the provider signed does not hold
	ReasonStale     Reason = "stale"     // it did not ask the person anew though it was to
	ReasonPerson    Reason = "person"    // it holds, but lacks what it takes: no code, or no office and role
)

// Error is a sign-in that failed. Its text names no person.
type Error struct {
	Reason Reason
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("sign-in: %s: %v", e.Reason, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

func failed(reason Reason, format string, args ...any) error {
	return &Error{reason, fmt.Errorf(format, args...)}
}

// SignIn talks to one provider. Safe for concurrent use.
type SignIn struct {
	c      Config
	client *http.Client
	seal   *sealer

	mu       sync.Mutex
	provider *oidc.Provider // nil until it has answered
}

// New makes a SignIn. The provider is asked for its configuration when somebody signs in first: a gateway starts without it.
func New(c Config) (*SignIn, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c.Claims = c.Claims.withDefaults()
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	seal, err := newSealer()
	if err != nil {
		return nil, err
	}
	return &SignIn{c: c, seal: seal, client: &http.Client{Timeout: c.Timeout,
		// Where a provider's endpoints are is what its configuration says, nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// Flow is a sign-in under way.
type Flow struct {
	URL    string // where the browser goes
	Cookie string // what the browser brings back, for Lifetime
}

// Lifetime is how long somebody may take at the provider.
const Lifetime = 10 * time.Minute

// Request is what a sign-in is to be.
type Request struct {
	As       session.Kind
	Redirect string // this gateway's callback URL
	Back     string // where the person wanted to go; it comes back from Complete as it is
	// MaxAge is how long ago the provider may have asked the person who they are; Anew: not at all, it has to ask now (OpenID
	// Connect Core 1.0, 3.1.2.1).
	MaxAge time.Duration
	Anew   bool
}

// options are what the provider is told of that. prompt=login and max_age=0 mean the same; some providers know one of them.
func (r *Request) options() []oauth2.AuthCodeOption {
	if r.Anew {
		return []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0")}
	}
	return []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("max_age", strconv.FormatInt(int64(r.MaxAge/time.Second), 10))}
}

// Begin starts a sign-in.
func (s *SignIn) Begin(ctx context.Context, r *Request) (*Flow, error) {
	provider, err := s.discover(ctx)
	if err != nil {
		return nil, err
	}
	f := &pending{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), As: r.As, Redirect: r.Redirect,
		Back: r.Back, Began: s.c.Now().Unix(), MaxAge: int64(r.MaxAge / time.Second)}
	if r.Anew {
		f.MaxAge = 0
	}
	cookie, err := s.seal.seal(f)
	if err != nil {
		return nil, err
	}
	options := append(r.options(), oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier))
	return &Flow{Cookie: cookie, URL: s.oauth(provider, r.Redirect).AuthCodeURL(f.State, options...)}, nil
}

// Complete ends a sign-in: the cookie of Begin and what the provider sent with the browser. Errors are *Error.
func (s *SignIn) Complete(ctx context.Context, cookie string, query url.Values) (p *session.Person, back string, err error) {
	f, err := s.seal.open(cookie)
	if err != nil || s.c.Now().Sub(time.Unix(f.Began, 0)) > Lifetime ||
		subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(f.State)) != 1 {
		return nil, "", failed(ReasonExpired, "no sign-in of this browser is under way")
	}
	if code := query.Get("error"); code != "" {
		return nil, f.Back, failed(ReasonCancelled, "the provider ended it")
	}
	provider, err := s.discover(ctx)
	if err != nil {
		return nil, f.Back, err
	}
	p, err = s.exchange(ctx, provider, f, query.Get("code"))
	return p, f.Back, err
}

func (s *SignIn) oauth(p *oidc.Provider, redirect string) *oauth2.Config {
	return &oauth2.Config{ClientID: s.c.ClientID, ClientSecret: s.c.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: redirect,
		Scopes: slices.Concat([]string{oidc.ScopeOpenID, "profile"}, s.c.Scopes)}
}

// exchange turns the code into tokens, checks them and reads who it is.
func (s *SignIn) exchange(ctx context.Context, provider *oidc.Provider, f *pending, code string) (*session.Person, error) {
	ctx = oidc.ClientContext(ctx, s.client)
	token, err := s.oauth(provider, f.Redirect).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) {
			return nil, failed(ReasonExpired, "the provider does not take the code: %s", refused.ErrorCode)
		}
		return nil, failed(ReasonProvider, "the token endpoint does not answer")
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: s.c.ClientID, Now: s.c.Now}).Verify(ctx, raw)
	if err != nil {
		return nil, failed(ReasonToken, "the ID token does not hold: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return nil, failed(ReasonToken, "the ID token was made for another sign-in")
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return nil, failed(ReasonToken, "the ID token cannot be read")
	}
	p := &session.Person{Kind: f.As, Issuer: id.Issuer, Subject: id.Subject, Authenticated: authenticated(claims)}
	if p.Authenticated.Unix() < f.Began-f.MaxAge-skew {
		return nil, failed(ReasonStale, "the provider did not ask the person anew")
	}
	if s.read(claims, p) {
		return p, nil
	}
	if err := s.ask(ctx, provider, token, id, claims); err != nil {
		return nil, err
	}
	if s.read(claims, p) {
		return p, nil
	}
	return nil, failed(ReasonPerson, "the provider does not say what a %s needs", f.As)
}

// skew is how far the provider's clock may be behind ours, in seconds.
const skew = 60

// authenticated reads auth_time, which a provider has to give where max_age was asked for (OpenID Connect Core 1.0, 2). Without
// it nobody knows when the person was asked.
func authenticated(claims map[string]any) time.Time {
	at, ok := claims["auth_time"].(float64)
	if !ok || at < 0 || at > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(at), 0)
}

// ask adds what the provider tells at its UserInfo endpoint only.
func (s *SignIn) ask(ctx context.Context, provider *oidc.Provider, token *oauth2.Token, id *oidc.IDToken, claims map[string]any) error {
	if provider.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return failed(ReasonProvider, "the UserInfo endpoint does not answer")
	}
	if info.Subject != id.Subject { // OpenID Connect Core 1.0, 5.3.2
		return failed(ReasonToken, "the UserInfo is about somebody else")
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return failed(ReasonProvider, "the UserInfo cannot be read")
	}
	for name, value := range more {
		if _, said := claims[name]; !said {
			claims[name] = value
		}
	}
	return nil
}

// discover reads the provider's configuration once it can be reached.
func (s *SignIn) discover(ctx context.Context) (*oidc.Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.provider != nil {
		return s.provider, nil
	}
	// The provider keeps the context for its keys: it must not end with this request. The client has its own time-out.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), s.client), s.c.Issuer)
	if err != nil {
		return nil, failed(ReasonProvider, "the provider's configuration cannot be read")
	}
	s.provider = provider
	return provider, nil
}

// Loopback reports whether a host is this machine.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
