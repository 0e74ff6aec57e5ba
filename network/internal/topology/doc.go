// Package topology is a network of provinces as data: which regions there are, where their nodes listen, how they order.
//
// One YAML file holds it. Everything else of a network (certificates, configuration, genesis, processes) is derived from this
// file; no code or configuration is written once per province.
package topology
