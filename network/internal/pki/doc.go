// Package pki makes what a region's certificates grow from: its root, the TLS certificate of its CA server, and the membership
// folders (MSP) that Fabric's programs read. Every other certificate is issued by the region's CA.
//
// A root signs itself with an S in the lower half of the curve's order. ECDSA signatures come in pairs (r, s) and (r, n−s),
// both valid; Fabric's membership checks re-encode a certificate with the lower s and then look for an issuer, so that a root
// which carries the higher one is not recognised as its own issuer by every client.
package pki
