// Package fabricbin builds Fabric's own programs from pinned modules and keeps them in a cache folder.
//
// The pins are the go.mod and go.sum of network/fabric and network/fabric-ca, each a module of its own so that Fabric builds
// with the versions its authors chose. A nested module cannot be embedded, so `go generate` copies the pins here, and a test
// holds the copies equal to the modules. The cache is keyed by the hash of the pins: another version is another folder, and a
// machine that already has the folder needs no Go toolchain and no network.
package fabricbin

//go:generate cp ../../fabric/go.mod pins/fabric.mod
//go:generate cp ../../fabric/go.sum pins/fabric.sum
//go:generate cp ../../fabric-ca/go.mod pins/fabric-ca.mod
//go:generate cp ../../fabric-ca/go.sum pins/fabric-ca.sum
