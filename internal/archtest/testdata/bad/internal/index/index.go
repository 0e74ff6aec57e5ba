package index

import "example.org/bad/internal/vault"

// Open asks a sibling.
func Open() { vault.Open() }
