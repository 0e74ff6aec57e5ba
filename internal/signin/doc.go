// Package signin lets people in by OpenID Connect: a region plugs in the identity platform that it has.
//
//	Begin ─▶ the provider's page ─▶ callback ─Complete─▶ session.Person
//
// It is the authorization code flow with PKCE (S256), state and nonce (RFC 9700; OpenID Connect Core 1.0, 3.1). What has to
// be remembered meanwhile is sealed into a cookie of the browser that began, so that nothing piles up here and no other
// browser can finish. It keeps no token: what the provider says is read once, at sign-in.
package signin
