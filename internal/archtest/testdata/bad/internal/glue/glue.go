package glue

import "example.org/bad/internal/vault"

// Open hides the vault behind one more package.
func Open() { vault.Open() }
