// Package node starts, finds and ends the processes of a network.
//
// A node is a process of its own session that outlives the huzheng-net that started it. It carries a mark in its environment,
// the network's folder and the node's name, and what runs is always read from the system: no record can be stale, a process
// that huzheng-net started and crashed before noting is still found, and a foreign process that was given an old number is never
// taken for a node. A process is signalled through a handle to it (pidfd), opened before its mark and start time are read, so
// that the number cannot have passed to another meanwhile.
package node
