package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/signin"
)

// SignInConfig is the region's identity platform (OpenID Connect). Without it nobody signs in; what is public works.
type SignInConfig struct {
	Issuer           string       `yaml:"issuer"`
	ClientID         string       `yaml:"client_id"`
	ClientSecretFile string       `yaml:"client_secret_file,omitempty"` // empty: a public client
	Claims           ClaimsConfig `yaml:"claims,omitempty"`
	Scopes           []string     `yaml:"scopes,omitempty"` // beside openid and profile
}

// ClaimsConfig names the claims that the platform tells what we need by.
type ClaimsConfig struct {
	Name   string `yaml:"name,omitempty"`   // default name
	Code   string `yaml:"code,omitempty"`   // a citizen's holder code; default citizen_code
	Roles  string `yaml:"roles,omitempty"`  // verify, issue, suspend, govern, audit; default roles
	Office string `yaml:"office,omitempty"` // USCC of the authority; default office
}

func (c *SignInConfig) signIn() *signin.Config {
	return &signin.Config{Issuer: c.Issuer, ClientID: c.ClientID, Scopes: c.Scopes,
		Claims: signin.Claims{Name: c.Claims.Name, Code: c.Claims.Code, Roles: c.Claims.Roles, Office: c.Claims.Office}}
}

// validate reports what is missing or makes no sense; nil is fine.
func (c *SignInConfig) validate() error {
	if c == nil {
		return nil
	}
	return c.signIn().Validate()
}

// pages is how the gateway serves its pages.
func (g *GatewayConfig) pages() (*gateway.Pages, error) {
	p := &gateway.Pages{BaseURL: g.URL, Secure: g.BehindProxy}
	if g.SignIn == nil {
		return p, nil
	}
	p.SignIn = g.SignIn.signIn()
	if g.SignIn.ClientSecretFile == "" {
		return p, nil
	}
	secret, err := os.ReadFile(g.SignIn.ClientSecretFile)
	if err != nil {
		return nil, &configError{fmt.Errorf("region %s: sign_in.client_secret_file: %w", g.Region, err)}
	}
	if p.SignIn.ClientSecret = strings.TrimSpace(string(secret)); p.SignIn.ClientSecret == "" {
		return nil, &configError{errors.New("sign_in.client_secret_file is empty")}
	}
	return p, nil
}
