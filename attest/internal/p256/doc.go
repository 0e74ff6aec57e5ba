// Package p256 checks ECDSA signatures on P-256 by keys that sign again and again: an authority's, a gateway's. A table of
// multiples of such a key takes the place of most of the point arithmetic, which makes a check some two and a half times as fast as
// crypto/ecdsa, whose every check starts from nothing. What is valid is the same, signature for signature: the tests hold it
// against crypto/ecdsa.
//
// Nothing here is secret, so nothing takes care to run in constant time: keys, digests and signatures are public. Signing stays
// with crypto/ecdsa.
package p256
