package signin

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Config names the provider. Issuer and ClientID are needed.
type Config struct {
	Issuer       string // https URL; http on the loopback alone
	ClientID     string
	ClientSecret string // empty: a public client, which PKCE alone protects
	Claims       Claims
	Scopes       []string         // beside openid and profile
	Timeout      time.Duration    // for each request to the provider; default 10 s
	Now          func() time.Time // nil: time.Now
}

// Claims say under which names the provider tells what we need. Empty ones take the defaults.
type Claims struct {
	Name   string // to greet by; default name
	Code   string // a citizen's holder code; default citizen_code
	Roles  string // a list of a member of staff's roles; default roles
	Office string // USCC of the authority that they act in; default office
}

func (c Claims) withDefaults() Claims {
	for _, d := range []struct {
		name  *string
		value string
	}{{&c.Name, "name"}, {&c.Code, "citizen_code"}, {&c.Roles, "roles"}, {&c.Office, "office"}} {
		if *d.name == "" {
			*d.name = d.value
		}
	}
	return c
}

// Validate reports what is missing or makes no sense.
func (c *Config) Validate() error {
	var errs []error
	u, err := url.Parse(c.Issuer)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		errs = append(errs, fmt.Errorf("signin: issuer %q is not a base URL", c.Issuer))
	case u.Scheme != "https" && (u.Scheme != "http" || !Loopback(u.Hostname())):
		errs = append(errs, errors.New("signin: issuer is not https"))
	}
	if c.ClientID == "" {
		errs = append(errs, errors.New("signin: client_id is missing"))
	}
	return errors.Join(errs...)
}
