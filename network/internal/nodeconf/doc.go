// Package nodeconf writes the configuration of each node of a region. Orderer and peer start from the files of defaults that
// belong to the pinned release; only what differs is set here, with the reason where it is not plain.
package nodeconf
