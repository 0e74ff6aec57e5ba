package faults_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

// under runs a change of the network under load, between two waits for progress, and holds the load to the promises.
func (w *world) under(t *testing.T, about string, change func(l *load)) {
	t.Helper()
	l := w.load(t)
	l.progress(t, "before", more, w.regions()...)
	began := time.Now()
	change(l)
	took := time.Since(began)
	l.progress(t, about, more, w.regions()...)
	t.Logf("%s took %v under load", about, took.Round(100*time.Millisecond))
	l.check(t)
}

// wiped: promise 4. A peer loses its ledger, and gets it again from the others; its gateway's replica goes on.
func (w *world) wiped(t *testing.T) {
	region := fabricnet.Regions[w.rng.IntN(len(fabricnet.Regions))].Code
	before := w.At(region).Gateway.Index().Next()
	w.under(t, "the ledger of "+region+"'s peer lost and brought back", func(l *load) {
		w.Do("kill", "peer."+region)
		require.NoError(t, os.RemoveAll(w.PeerData(region)))
		l.progress(t, "without peer."+region, more, w.regions(region)...)
		l.ease(func() { w.Do("up") })
	})
	require.Greater(t, w.At(region).Gateway.Index().Next(), before, "its gateway's replica went on")
}

// renewed: nodes get new certificates with new keys, among them one whose own have expired.
func (w *world) renewed(t *testing.T) {
	order := w.rng.Perm(len(fabricnet.Regions))
	code := func(i int) string { return fabricnet.Regions[order[i]].Code }
	w.under(t, "renewal", func(l *load) {
		w.Do("renew", "peer."+code(0), "orderer."+code(1), "chaincode."+code(2), "gateway."+code(3))
		w.expired(t, l, code(3))
	})
	w.together(t)
}

// expired has certificates of a region's peer run out while it is away: it does not come up, and its region goes on without it. They
// are renewed on the strength of those that have expired.
func (w *world) expired(t *testing.T, l *load, region string) {
	t.Helper()
	name := "peer." + region
	w.Do("stop", name)
	restore := w.IssueBriefly(region)
	w.Do("renew", name)
	restore()
	file, _ := w.PeerTLS(region)
	until := notAfter(t, file)
	require.Eventually(t, func() bool { return time.Now().After(until) }, hard, 100*time.Millisecond, "valid until %v", until)
	said, err := w.Try("start", name)
	require.Error(t, err, "a peer comes up with certificates that expired at %v", until)
	require.Contains(t, said, "expired")
	l.progress(t, "while the certificates of "+name+" have expired", more, w.regions()...)
	w.Do("renew", name)
	w.Do("start", name)
	w.caughtUp(t, name)
	require.Greater(t, notAfter(t, file), time.Now().Add(24*time.Hour))
}

func notAfter(t *testing.T, file string) time.Time {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	block, _ := pem.Decode(text)
	require.NotNil(t, block)
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return certificate.NotAfter
}

// upgraded: another build of the chaincode comes to every region.
func (w *world) upgraded(t *testing.T) {
	next := filepath.Join(t.TempDir(), "chaincode")
	program, err := os.ReadFile(w.Chaincode)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(next, append(program, "another build"...), 0o700))
	w.under(t, "the chaincode's upgrade", func(*load) { w.Do("upgrade-chaincode", "--chaincode", next, "--chaincode-version", "2") })
}

// joined: a fifth province joins, its peer comes to the same state, and it leaves again.
func (w *world) joined(t *testing.T) {
	fifth := fabricnet.Guizhou
	w.under(t, fifth.Name+"'s joining", func(l *load) {
		l.ease(func() {
			w.Do("add-region", "--code", fifth.Code, "--name", fifth.Name, "--msp", fifth.MSP, "--port-base", strconv.Itoa(fabricnet.FreePorts(t)))
		})
	})
	client, err := fabric.Dial(w.Connection(fifth.Code).Config)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		height, err := client.PeerHead(t.Context())
		return err == nil && height > w.height(t)
	}, hard, 100*time.Millisecond, "the new peer does not catch up")
	require.Equal(t, dump(t, w.Gateways[0].Gateway.Index()), heldBy(t, client), "the new province's peer")
	require.NoError(t, client.Close())
	w.under(t, fifth.Name+"'s leaving", func(l *load) { l.ease(func() { w.Do("remove-region", fifth.Code) }) })
}

// What the disk that fills up has beyond what lies on it, and what is left of it then.
const (
	spare = 64 << 20
	left  = 256 << 10
)

// full: the disk of a peer's ledger fills up. The peer ends; the others go on; with room again it starts and catches up.
func (w *world) full(t *testing.T) {
	region := fabricnet.Regions[w.rng.IntN(len(fabricnet.Regions))].Code
	name, data := "peer."+region, w.PeerData(region)
	if os.Geteuid() != 0 {
		t.Skip("a tmpfs is mounted for a peer's ledger: needs root")
	}
	w.Do("stop", name)
	aside := data + ".aside"
	require.NoError(t, os.Rename(data, aside))
	require.NoError(t, os.Mkdir(data, 0o700))
	size := used(t, aside) + spare
	if err := unix.Mount("tmpfs", data, "tmpfs", 0, "size="+strconv.FormatInt(size, 10)); err != nil {
		require.NoError(t, os.Remove(data))
		require.NoError(t, os.Rename(aside, data))
		w.Do("start", name)
		t.Skipf("a tmpfs is mounted for a peer's ledger: %v", err)
	}
	t.Cleanup(func() { // the ledger stays where it was found
		w.Do("stop", name)
		require.NoError(t, os.RemoveAll(aside))
		require.NoError(t, os.CopyFS(aside, os.DirFS(data)))
		require.NoError(t, unix.Unmount(data, 0))
		require.NoError(t, os.Remove(data))
		require.NoError(t, os.Rename(aside, data))
		w.Do("start", name)
		w.Settle()
	})
	require.NoError(t, os.CopyFS(data, os.DirFS(aside)))
	w.Do("start", name)

	w.under(t, "a full disk of "+name, func(l *load) {
		filler := filepath.Join(data, "filler")
		fill(t, data, filler)
		require.Eventually(t, func() bool { return w.down(name) }, 2*hard, 200*time.Millisecond, "the disk is full and the peer does not notice")
		l.progress(t, "without "+name, more, w.regions(region)...)
		require.NoError(t, os.Remove(filler))
		w.Do("start", name)
	})
}

// down reports whether a node has ended.
func (w *world) down(name string) bool {
	for _, n := range w.Nodes() {
		if n.Name == name {
			return n.PID == 0
		}
	}
	return false
}

func used(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	require.NoError(t, filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil {
			bytes += info.Size()
		}
		return err
	}))
	return bytes
}

// fill leaves little of a file system.
func fill(t *testing.T, dir, file string) {
	t.Helper()
	var fs unix.Statfs_t
	require.NoError(t, unix.Statfs(dir, &fs))
	free := int64(fs.Bavail) * fs.Bsize
	require.Greater(t, free, int64(left))
	require.NoError(t, os.WriteFile(file, make([]byte, free-left), 0o600))
}
