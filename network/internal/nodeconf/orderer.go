package nodeconf

import (
	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// Orderer writes a region's orderer.yaml. The orderer starts without a channel and joins one through its administration address.
func Orderer(p fabricbin.Programs, r topology.Region, files layout.Network) ([]byte, error) {
	defaults, err := load(p.Path(fabricbin.OrdererConfig))
	if err != nil {
		return nil, err
	}
	id := files.Region(r.Code).Identity("orderer")
	roots := []string{id.TLSRoot()}
	changes := map[string]any{
		"General.ListenAddress":   r.Listen,
		"General.ListenPort":      r.Ports.Orderer,
		"General.LocalMSPID":      r.MSPID,
		"General.LocalMSPDir":     id.MSP(),
		"General.BootstrapMethod": "none",

		"General.Cluster.ClientCertificate": id.TLSCert(),
		"General.Cluster.ClientPrivateKey":  id.TLSKey(),
		"General.Cluster.RootCAs":           roots, // those of the other regions are in the channel

		// An orderer that was away is dialled again within a second of its return. By default that takes up to two minutes, for as long
		// as which it hears nobody, asks alone for another leader, and counts as one more that fails.
		"General.Backoff.BaseDelay":  "250ms",
		"General.Backoff.Multiplier": 1.6,
		"General.Backoff.MaxDelay":   "1s",

		"FileLedger.Location": id.Data(),
		"Consensus.WALDir":    id.Data() + "/consensus/wal",
		"Consensus.SnapDir":   id.Data() + "/consensus/snapshot",

		"Operations.ListenAddress": r.Bind(r.Ports.OrdererMetrics),
		"Admin.ListenAddress":      r.Bind(r.Ports.OrdererAdmin),
		"Metrics.Provider":         "prometheus",
	}
	for _, server := range []string{"General", "Operations", "Admin"} {
		changes[server+".TLS.Enabled"] = true
		changes[server+".TLS.Certificate"] = id.TLSCert()
		changes[server+".TLS.PrivateKey"] = id.TLSKey()
		changes[server+".TLS.RootCAs"] = roots
		changes[server+".TLS.ClientRootCAs"] = roots
	}
	changes["Admin.TLS.ClientAuthRequired"] = true
	return defaults.overlay(changes)
}
