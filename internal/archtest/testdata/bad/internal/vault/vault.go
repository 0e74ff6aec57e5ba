package vault

import "example.org/bad/internal/vaulttest"

// Open is what handlers must not reach.
func Open() int { return vaulttest.Size }
