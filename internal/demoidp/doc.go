// Package demoidp is an identity provider for demonstrations and tests: real OpenID Connect, by zitadel/oidc, over people
// whom whoever starts it names. Its page shows their passwords, so it serves on the loopback only and is in no way fit for
// anything else: a region plugs its own identity platform in instead.
package demoidp
