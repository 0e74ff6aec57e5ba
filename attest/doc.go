// Package attest is the domain: what a certificate is, what is committed of it, and how a verdict is reached. It is pure
// (no files, network, clock or randomness: salts, times and keys arrive as arguments), so that an auditor can run it
// offline over an archive and reach the verdict that a gateway reached.
//
// What flows through it:
//
//	claims ─IssueSDJWT─▶ SD-JWT ─Commit…─▶ commitment ─▶ (merkle, registry)
//	              Present, BindKey
//	                    │
//	                    ▼
//	received bytes ─ParseSDJWT─▶ SDJWT ─Process─▶ Claims ─┐
//	                                   VerifyBinding ─────┤
//	                         records of the index ────────┴─Judge─▶ verdict
//
// The formats are the standards' own: compact JWS (RFC 7515), JWK (RFC 7517), SD-JWT (RFC 9901), each with two suites,
// std (SHA-256, ES256) and gm (SM3, SM2). Everything received is read once, strictly, from the bytes as received: what two
// readers could take in two ways is refused before anything is hashed, and nothing is verified over bytes that were
// written again.
//
// Every refusal is an Error with a code of codes.go. An algorithm that is not known (ALG_UNKNOWN, HASH_UNKNOWN) is another
// matter than one that does not fit (ALG_MISMATCH): about the first nothing can be said.
package attest
