package fabricnet

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/follow"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/notary"
)

// UpWithGateways starts a network as an operator does, with every region's gateway at work, and returns how long that took.
func UpWithGateways(t testing.TB) (n *Network, took time.Duration) {
	t.Helper()
	n = prepare(t)
	return n, n.up("--gateway", Build(t, "../..", "./cmd/huzheng"))
}

// defaultNetwork is the consortium's id where the topology names none.
const defaultNetwork = "huzheng"

// Adopt ends the gateways' processes and opens their stores in the test's own, and puts the sample types and authorities
// and one agreement on the ledger.
func Adopt(t testing.TB, n *Network) *World {
	t.Helper()
	w := &World{Network: n, t: t, o: Options{Witness: follow.DefaultInterval, Batch: notary.DefaultBatchWait}, network: defaultNetwork}
	w.stores = func(code string) gateway.Place {
		dir := filepath.Join(n.region(code), "gateway")
		place := gateway.Place{Dir: filepath.Join(dir, "data", code), Keyring: filepath.Join(dir, "data.keyring")}
		var err error
		place.Master, err = keys.LoadMaster(filepath.Join(dir, "master.key"), place.Dir, place.Keyring)
		require.NoError(t, err)
		return place
	}
	for _, r := range Regions {
		n.Do("stop", "gateway."+r.Code)
	}
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	w.openAll()
	w.establishTrust()
	return w
}

// Orderer is where a region's orderer takes transactions.
func (n *Network) Orderer(code string) string { return n.at(code, 61) }

// Beside is a port of a region that no node uses: the one that is kept for the next chaincode.
func (n *Network) Beside(code string) string { return n.at(code, 53) }

func (n *Network) at(code string, offset int) string {
	return fmt.Sprintf("127.0.0.1:%d", n.bases[code]+offset)
}

// Holder is the folder of one holder of a region's certificates: peer, admin, gateway and the like.
func (n *Network) Holder(code, name string) string { return filepath.Join(n.region(code), name) }

// Root is the file of a region's root certificate.
func (n *Network) Root(code string) string {
	return filepath.Join(n.region(code), "msp", "cacerts", "ca.pem")
}
