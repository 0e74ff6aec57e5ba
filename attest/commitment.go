package attest

// A commitment is all that the ledger's Merkle trees hold of a thing. Each kind hashes its own tag and a zero byte
// first, so that no value can stand for another kind, and each covers at least 128 bits that only the holder of the
// thing knows, so that nothing can be guessed from it: the salts under a certificate's digests and its signature, the
// salt of a document or a row, the random id within a receipt.
const (
	tagCertificate = "huzheng/v1/certificate\x00"
	tagDocument    = "huzheng/v1/document\x00"
	tagRow         = "huzheng/v1/dataset-row\x00"
	tagDataset     = "huzheng/v1/dataset-version\x00"
	tagReceipt     = "huzheng/v1/receipt\x00"
)

// SaltSize is the length of every salt in bytes: 128 bits, as RFC 9901, 9.3 recommends.
const SaltSize = 16

// CommitCertificate commits to the issuer-signed JWT of a certificate, the bytes before the first '~' as received.
func CommitCertificate(s Suite, issuerJWT []byte) [32]byte {
	return s.Sum([]byte(tagCertificate), issuerJWT)
}

// CommitDocument commits to a file by a salt of SaltSize bytes and the suite's digest of its content, 32 bytes.
func CommitDocument(s Suite, salt, digest []byte) [32]byte {
	return s.Sum([]byte(tagDocument), salt, digest)
}

// CommitRow commits to one row of a dataset: a salt of SaltSize bytes and the row's bytes.
func CommitRow(s Suite, salt, row []byte) [32]byte {
	return s.Sum([]byte(tagRow), salt, row)
}

// CommitDataset commits to the header of a dataset version, its JSON bytes as written once.
func CommitDataset(s Suite, header []byte) [32]byte {
	return s.Sum([]byte(tagDataset), header)
}

// CommitReceipt commits to a verification receipt, the compact JWS as given out.
func CommitReceipt(s Suite, jws []byte) [32]byte {
	return s.Sum([]byte(tagReceipt), jws)
}
