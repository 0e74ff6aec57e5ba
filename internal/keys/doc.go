// Package keys keeps a region's keys apart from the data that they protect.
//
// # What flows through it
//
//	master key (file of mode 0600, or environment) ─HKDF─▶ one key a purpose ─▶ wraps signing keys, subject keys, audit head
//	signing key file ─unwrap─▶ attest.Signer ─▶ certificates, commands, receipts
//
// The master key never lies beside data: a file inside a data folder is refused. It is only ever the input of a key
// derivation (RFC 5869), so that what one purpose gives away says nothing about another. Signing keys are files of
// their own, one a key, sealed under a derived key with the file's public parts as associated data. A key in an HSM
// takes part through [FromCryptoSigner]: nothing else in the project knows where a private key lies.
//
// The package owns the AEAD of what rests on a disk ([NewAEAD]) and the nonces that go with it ([Nonces]).
package keys
