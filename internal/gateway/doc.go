// Package gateway is one region's gateway, put together: its vault, its replica of the ledger, the follower that keeps
// the replica, the notary, the verifier, and the services that the API puts within reach.
//
// It decides nothing. What it adds is who talks to whom, in which order things open and close, and where on disk they
// lie. Several gateways may live in one process over one embedded ledger; over Fabric each has its own.
package gateway
