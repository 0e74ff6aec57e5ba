package offline

import (
	"bytes"
	"slices"

	"github.com/huzheng-ledger/huzheng/attest"
)

// Kind is what a file holds.
type Kind string

// The kinds of files.
const (
	KindCertificate  Kind = "certificate"          // an SD-JWT, with or without key binding
	KindVerification Kind = "verification_receipt" // 核验回执, a compact JWS
	KindRow          Kind = "dataset_row"          // a row's proof, JSON
	KindDocument     Kind = "document"             // any other file, recorded by its digest
)

// maxSniff is how much of a file decides its kind, and how large a file of any kind but a document may be.
const maxSniff = 1 << 20

// Detect says what data, a whole file of at most a mebibyte or the beginning of a longer one, holds. It looks at the
// form alone: a damaged certificate is a certificate still, and will be judged as one.
func Detect(data []byte) Kind {
	text := bytes.TrimSpace(data)
	switch {
	case len(data) >= maxSniff || len(text) == 0:
		return KindDocument
	case bytes.HasPrefix(text, []byte("eyJ")) && bytes.IndexByte(text, '~') > 0:
		return KindCertificate
	case bytes.HasPrefix(text, []byte("eyJ")) && bytes.Count(text, []byte(".")) == 2 && bytes.IndexByte(text, '\n') < 0:
		return KindVerification
	case text[0] == '{' && isRowProof(text):
		return KindRow
	}
	return KindDocument
}

// rowMembers are what tells a row's proof, as attest/dataset writes it.
var rowMembers = []string{"v", "header", "row", "index", "salt", "path", "receipt"}

func isRowProof(text []byte) bool {
	v, err := attest.ParseJSON(text, attest.Limits{Bytes: maxSniff})
	if err != nil {
		return false
	}
	return !slices.ContainsFunc(rowMembers, func(name string) bool {
		_, ok := v.Get(name)
		return !ok
	})
}
