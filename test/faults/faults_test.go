package faults_test

import (
	"regexp"
	"testing"

	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// TestMain lets the tests start gateways in processes of their own.
func TestMain(m *testing.M) { fabricnet.Main(m) }

var frozenMetric = regexp.MustCompile(`(?m)^huzheng_witness_frozen\{[^}]*\} 1$`)

// TestFaults breaks one network in every way, one after the other. Each leaves it whole; one that did not would spoil the rest.
// Those in which a peer fetches the whole chain come first, while that is short.
func TestFaults(t *testing.T) {
	w := newWorld(t)
	for _, fault := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"ledger wiped", w.wiped},
		{"province joins", w.joined},
		{"lying peer", w.lyingPeer},
		{"coalition", w.coalition},
		{"connections cut", w.cut},
		{"gateway killed", w.gatewayKilled},
		{"client forgets", w.forgotten},
		{"own peer killed", w.ownPeer},
		{"nodes killed", w.killed},
		{"no orderers", w.noOrderers},
		{"province cut off", w.apart},
		{"chaincode upgraded", w.upgraded},
		{"disk full", w.full},
		{"certificates renewed", w.renewed},
		{"chaincode swapped", w.swapped},
	} {
		if !t.Run(fault.name, fault.run) {
			return
		}
	}
}
