package api

import "example.org/bad/internal/glue"

// Serve reaches the vault through another.
func Serve() { glue.Open() }
