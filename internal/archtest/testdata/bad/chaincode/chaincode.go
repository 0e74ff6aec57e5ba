package chaincode

import "example.org/bad/api"

// Start links a gateway.
func Start() { api.Serve() }
