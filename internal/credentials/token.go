package credentials

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// Token sizes: an id of 64 bits only has to be unique, the secret of 256 bits is never guessed.
const (
	idBytes     = 8
	secretBytes = 32
	prefix      = "hz_"
)

// newToken draws a key: its id, the text to show once, and the hash to keep. crypto/rand does not fail.
func newToken() (id, token string, hash [sha256.Size]byte) {
	var random [idBytes + secretBytes]byte
	_, _ = rand.Read(random[:])
	id = hex.EncodeToString(random[:idBytes])
	secret := base64.RawURLEncoding.EncodeToString(random[idBytes:])
	return id, prefix + id + "_" + secret, hashSecret(secret)
}

// splitToken takes a presented key apart. The id has a fixed length and no '_', the secret may have one.
func splitToken(token string) (id, secret string, ok bool) {
	rest, ok := strings.CutPrefix(token, prefix)
	if !ok {
		return "", "", false
	}
	id, secret, ok = strings.Cut(rest, "_")
	ok = ok && len(id) == hex.EncodedLen(idBytes) && len(secret) == base64.RawURLEncoding.EncodedLen(secretBytes)
	return id, secret, ok
}

func hashSecret(secret string) [sha256.Size]byte {
	return sha256.Sum256([]byte("huzheng/v1/api-key\x00" + secret))
}
