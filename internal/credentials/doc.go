// Package credentials keeps the API keys of one gateway: who may call it, for which tenant and authorities, with which
// scopes.
//
// A key is shown once, when it is made: "hz_<id>_<secret>". The file holds the SHA-256 of the secret and nothing that
// leads back to it. No slow hash is needed: the secret is 256 random bits, not a password that someone chose, so there
// is nothing to guess, and a slow hash would only give a stranger a way to burn this gateway's time.
//
//	create ──▶ file (0600, written whole, renamed into place) ──▶ Store in memory ──▶ Authenticate
//
// A running gateway notices a changed file within Recheck, so that "huzheng key revoke" takes effect without a restart.
package credentials
