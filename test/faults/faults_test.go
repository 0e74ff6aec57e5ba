package faults_test

import (
	"regexp"
	"testing"
)

var frozenMetric = regexp.MustCompile(`(?m)^huzheng_witness_frozen\{[^}]*\} 1$`)

// TestFaults breaks one network in every way, one after the other. Each leaves it whole.
func TestFaults(t *testing.T) {
	w := newWorld(t)
	t.Run("lying peer", w.lyingPeer)
	t.Run("connections cut", w.cut)
	t.Run("nodes killed", w.killed)
	t.Run("no orderers", w.noOrderers)
}
