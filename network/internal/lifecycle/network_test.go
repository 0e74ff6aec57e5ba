package lifecycle_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/builder"
	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/progress"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// TestMain lets the peers of a network under test run the test's own program as their chaincode builder, and a guard as itself.
func TestMain(m *testing.M) {
	if os.Getenv(guardEnv) != "" {
		if err := guards(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if meant, err := builder.Run(os.Args, os.Getenv); meant {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// world is a network under test.
type world struct {
	*lifecycle.Network
	t     *testing.T
	dir   string
	tools lifecycle.Tools
}

// newWorld prepares a network that is gone, with every process, when the test ends.
func newWorld(t *testing.T, wanted topology.Topology) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a whole network")
	}
	cache := os.Getenv("HUZHENG_NET_CACHE")
	if cache == "" {
		var err error
		cache, err = fabricbin.DefaultCache()
		require.NoError(t, err)
	}
	log := progress.New(os.Stderr, time.Now)
	programs, err := fabricbin.Ensure(t.Context(), cache, log)
	require.NoError(t, err)
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "net"), tools: lifecycle.Tools{Programs: programs, Log: log, Now: time.Now}}
	w.open(&wanted)
	guard(t, w.dir)
	t.Cleanup(func() {
		if t.Failed() {
			w.keepLogs()
		}
		require.NoError(t, w.Down(context.Background(), true))
		w.Close()
	})
	return w
}

// keepLogs prints the end of every node's log.
func (w *world) keepLogs() {
	for _, name := range w.Nodes() {
		w.t.Logf("%s:\n%s", name, node.Tail(w.Files().Log(name.String()), 8))
	}
}

func (w *world) open(wanted *topology.Topology) {
	w.t.Helper()
	n, err := lifecycle.OpenOrCreate(w.dir, wanted, w.tools)
	require.NoError(w.t, err)
	w.Network = n
}

// reopen is what a second run of the program does after the first one has gone, however it went.
func (w *world) reopen() {
	w.Close()
	w.open(nil)
}

// provinces is a topology on ports that are free at the moment.
func provinces(t *testing.T, consensus topology.Consensus, count int) topology.Topology {
	t.Helper()
	all := topology.Default()
	all.Consensus, all.Regions = consensus, append(all.Regions, topology.Region{Code: "520000", Name: "贵州", MSPID: "GuizhouMSP"})[:count]
	for i := range all.Regions {
		r := all.Regions[i]
		all.Regions[i] = topology.Region{Code: r.Code, Name: r.Name, MSPID: r.MSPID, PortBase: freeBase(t)}
	}
	text, err := all.Marshal()
	require.NoError(t, err)
	filled, err := topology.Parse(text)
	require.NoError(t, err)
	return filled
}

var nextBase = 20000

// freeBase finds a hundred ports of which none that matters is taken.
func freeBase(t *testing.T) int {
	t.Helper()
	for nextBase < 32000 {
		base := nextBase
		nextBase += 100
		free := true
		for port := base + 50; port < base+90 && free; port++ {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			free = err == nil
			if free {
				require.NoError(t, l.Close())
			}
		}
		if free {
			return base
		}
	}
	t.Fatal("no free ports")
	return 0
}

// buildChaincode builds the put-and-get chaincode server, which says that it is of the release given.
func buildChaincode(t *testing.T, release string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "testcc")
	cmd := exec.Command("go", "build", "-o", out, "-ldflags", "-X main.release="+release, ".")
	cmd.Dir = filepath.Join("..", "testcc")
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, string(said))
	return out
}

// put submits until the value is on the ledger: a failure after endorsement leaves the outcome unknown.
func (w *world) put(key, value string) {
	w.t.Helper()
	codes := w.Topology().Codes()
	admin, err := w.Admin(codes[0])
	require.NoError(w.t, err)
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	for {
		_, err := admin.Submit(ctx, codes, "Put", key, value)
		if got, read := admin.Evaluate(ctx, codes[0], "Get", key); read == nil && string(got) == value {
			return
		}
		require.NoError(w.t, ctx.Err(), "not on the ledger; the last submit said: %v", err)
	}
}

// everywhere requires that every region's peer comes to know the value.
func (w *world) everywhere(key, value string) {
	w.t.Helper()
	for _, code := range w.Topology().Codes() {
		admin, err := w.Admin(code)
		require.NoError(w.t, err)
		require.Eventually(w.t, func() bool {
			got, err := admin.Evaluate(w.t.Context(), code, "Get", key)
			return err == nil && string(got) == value
		}, 30*time.Second, 100*time.Millisecond, "%s at %s", key, code)
	}
}

// agree requires that all peers come to the same height, and then that an audit finds nothing.
func (w *world) agree() {
	w.t.Helper()
	var problems []string
	require.Eventually(w.t, func() bool {
		report, err := w.Audit(w.t.Context())
		require.NoError(w.t, err)
		problems = report.Problems
		for _, r := range report.Regions {
			if r.Height != report.Common+1 {
				return false
			}
		}
		return len(problems) == 0
	}, 30*time.Second, 200*time.Millisecond, "%v", &problems)
}

func (w *world) allReady(count int) {
	w.t.Helper()
	s, err := w.Status(w.t.Context())
	require.NoError(w.t, err)
	require.Len(w.t, s.Nodes, count)
	for _, n := range s.Nodes {
		require.True(w.t, n.Ready, "%s: %s", n.Name, n.Problem)
		require.NotEmpty(w.t, n.Version, n.Name)
		require.True(w.t, n.Expires.After(time.Now()), n.Name)
	}
}

func (w *world) find(name string) node.Name {
	w.t.Helper()
	found, err := w.Find(name)
	require.NoError(w.t, err)
	return found
}

// sameHeight requires that all orderers and peers come to the same height.
func (w *world) sameHeight() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		s, err := w.Status(w.t.Context())
		require.NoError(w.t, err)
		heights := map[uint64]bool{}
		for _, n := range s.Nodes {
			if n.Height > 0 {
				heights[n.Height] = true
			}
		}
		return len(heights) == 1
	}, 90*time.Second, 200*time.Millisecond, "an orderer that was away catches up")
}

func TestNetworkBFT(t *testing.T) {
	w := newWorld(t, provinces(t, topology.BFT, 4))
	ctx := t.Context()
	first := lifecycle.Chaincode{Program: buildChaincode(t, "1")}
	start := time.Now()
	require.NoError(t, w.Up(ctx, lifecycle.Wanted{Chaincode: &first}))
	t.Logf("up in %s", time.Since(start).Round(100*time.Millisecond))
	w.allReady(16)
	w.put("a", "1")
	w.everywhere("a", "1")
	w.agree()

	// One orderer of four is lost, a follower and then the leader of the first view: the others go on ordering. It comes back and
	// catches up.
	for _, i := range []int{1, 0} {
		code := w.Topology().Regions[i].Code
		start := time.Now()
		require.NoError(t, w.KillNodes(ctx, w.find("orderer."+code)))
		w.put("without "+code, "2")
		t.Logf("ordered %s after the orderer of %s was killed", time.Since(start).Round(100*time.Millisecond), code)
		w.everywhere("without "+code, "2")
		require.NoError(t, w.StartNodes(ctx, w.find("orderer."+code)))
		w.put("with "+code, "3")
		w.sameHeight()
	}

	// The program goes away as by a crash, and nodes with it: a second run finds what runs and starts what does not.
	before, err := w.Running()
	require.NoError(t, err)
	gone := []node.Name{w.find("peer." + w.Topology().Regions[0].Code), w.find("chaincode." + w.Topology().Regions[2].Code)}
	require.NoError(t, w.KillNodes(ctx, gone...))
	w.reopen()
	require.NoError(t, w.Up(ctx, lifecycle.Wanted{}))
	after, err := w.Running()
	require.NoError(t, err)
	for name, p := range before {
		if name != gone[0] && name != gone[1] {
			require.Equal(t, p.PID, after[name].PID, "%s was left alone", name)
		}
	}
	w.allReady(16)
	w.put("d", "4")

	// Another chaincode, then everything once more.
	second := lifecycle.Chaincode{Program: buildChaincode(t, "2"), Version: "2.0"}
	require.ErrorContains(t, w.Up(ctx, lifecycle.Wanted{Chaincode: &second}), "upgrade-chaincode")
	require.NoError(t, w.UpgradeChaincode(ctx, second))
	admin, err := w.Admin(w.Topology().Regions[3].Code)
	require.NoError(t, err)
	release, err := admin.Evaluate(ctx, w.Topology().Regions[3].Code, "Release")
	require.NoError(t, err)
	require.Equal(t, "2", string(release))
	w.everywhere("d", "4")
	w.agree()
	w.allReady(16)

	// A peer loses its ledger, and with it its region's approval: it is filled again, and the chaincode defined anew.
	wiped := w.Topology().Regions[2].Code
	require.NoError(t, w.KillNodes(ctx, w.find("peer."+wiped)))
	require.NoError(t, os.RemoveAll(w.Files().Region(wiped).Identity("peer").Data()))
	require.NoError(t, w.Up(ctx, lifecycle.Wanted{}))
	w.everywhere("d", "4")
	w.agree()

	// A fifth province, and certificates renewed: a peer's, and an orderer's, which the channel has to be told of.
	require.NoError(t, w.AddRegion(ctx, topology.Region{Code: "520000", Name: "贵州", MSPID: "GuizhouMSP", PortBase: freeBase(t)}))
	w.allReady(20)
	w.everywhere("d", "4")
	for _, name := range []string{"peer.520000", "orderer." + w.Topology().Regions[0].Code} {
		require.NoError(t, w.Renew(ctx, name))
	}
	w.put("e", "5")
	w.everywhere("e", "5")
	w.agree()
	w.allReady(20)

	// One leaves, and not the last that came: the orderers that stay keep their numbers.
	require.NoError(t, w.RemoveRegion(ctx, w.Topology().Regions[1].Code))
	w.put("f", "6")
	w.everywhere("f", "6")
	w.agree()
	w.allReady(16)
	require.ErrorContains(t, w.RemoveRegion(ctx, w.Topology().Regions[1].Code), "4 or more")

	require.NoError(t, w.Down(ctx, false))
	w.nothingRuns()
}

// nothingRuns requires that no process names the network's folder, in its arguments or its environment.
func (w *world) nothingRuns() {
	w.t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(w.t, err)
	for _, p := range processes {
		if p == fmt.Sprintf("/proc/%d", os.Getpid()) {
			continue
		}
		for _, file := range []string{"cmdline", "environ"} {
			data, err := os.ReadFile(filepath.Join(p, file))
			if err == nil {
				require.False(w.t, bytes.Contains(data, []byte(w.dir)), "%s runs on: %q", p, data)
			}
		}
	}
}

func TestNetworkRaft(t *testing.T) {
	w := newWorld(t, provinces(t, topology.Raft, 3))
	require.NoError(t, w.Up(t.Context(), lifecycle.Wanted{Chaincode: &lifecycle.Chaincode{Program: buildChaincode(t, "1")}}))
	w.put("a", "1")
	require.NoError(t, w.KillNodes(t.Context(), w.find("orderer."+w.Topology().Regions[2].Code)))
	w.put("b", "2")
	w.everywhere("b", "2")
}

func TestNetworkOfAnotherTopologyIsNotOverwritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "net")
	mine := topology.Default()
	n, err := lifecycle.OpenOrCreate(dir, &mine, lifecycle.Tools{})
	require.NoError(t, err)
	_, err = lifecycle.OpenOrCreate(dir, nil, lifecycle.Tools{})
	require.ErrorContains(t, err, "another huzheng-net works")
	n.Close()

	other := topology.Default()
	other.Channel = "another"
	_, err = lifecycle.OpenOrCreate(dir, &other, lifecycle.Tools{})
	require.ErrorContains(t, err, "another topology")
	n, err = lifecycle.OpenOrCreate(dir, &mine, lifecycle.Tools{})
	require.NoError(t, err)
	n.Close()

	foreign := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(foreign, "thesis.txt"), []byte("years"), 0o600))
	_, err = lifecycle.OpenOrCreate(foreign, nil, lifecycle.Tools{})
	require.ErrorContains(t, err, "not empty")
}
