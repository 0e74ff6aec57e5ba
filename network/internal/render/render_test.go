package render_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/fabricbin"
	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
	"github.com/huzheng-ledger/huzheng/network/internal/progress"
	"github.com/huzheng-ledger/huzheng/network/internal/render"
	"github.com/huzheng-ledger/huzheng/network/internal/sdk"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

const bridge = "hznetbr0"

// apart is four provinces, each in a network namespace with an address of its own, joined by a bridge on which the test itself has
// an address too.
type apart struct {
	t        *testing.T
	dir      string // of the rendered folders
	program  string // huzheng-net
	topology topology.Topology
	tools    lifecycle.Tools
	opened   []*lifecycle.Network
}

func newApart(t *testing.T) *apart {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a whole network")
	}
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("network namespaces need the ip command (iproute2)")
	}
	cache, err := fabricbin.DefaultCache()
	require.NoError(t, err)
	log := progress.New(os.Stderr, time.Now)
	programs, err := fabricbin.Ensure(t.Context(), cache, log)
	require.NoError(t, err)
	a := &apart{
		t: t, dir: filepath.Join(t.TempDir(), "provinces"), program: build(t, filepath.Join("..", ".."), "./cmd/huzheng-net"),
		topology: topology.Default(), tools: lifecycle.Tools{Programs: programs, Log: log, Now: time.Now},
	}
	for i := range a.topology.Regions {
		r := &a.topology.Regions[i]
		*r = topology.Region{Code: r.Code, Name: r.Name, MSPID: r.MSPID, Host: fmt.Sprintf("10.231.64.%d", 10+i), PortBase: 17000}
	}
	a.topology.Fill()
	require.NoError(t, a.topology.Validate())
	a.ip("link", "add", bridge, "type", "bridge")
	t.Cleanup(func() { a.ip("link", "del", bridge) })
	a.ip("addr", "add", "10.231.64.1/24", "dev", bridge)
	a.ip("link", "set", bridge, "up")
	for i, r := range a.topology.Regions {
		a.namespace(i, r)
	}
	return a
}

func namespace(code string) string { return "hznet-" + code }

func link(i int) string { return fmt.Sprintf("hznetv%d", i) }

// namespace makes one province's namespace, which is gone when the test ends.
func (a *apart) namespace(i int, r topology.Region) {
	a.t.Helper()
	ns, outside, inside := namespace(r.Code), link(i), fmt.Sprintf("hzneti%d", i)
	a.ip("netns", "add", ns)
	a.t.Cleanup(func() { a.ip("netns", "del", ns) })
	a.ip("link", "add", outside, "type", "veth", "peer", "name", inside)
	a.t.Cleanup(func() { a.ip("link", "del", outside) })
	a.ip("link", "set", inside, "netns", ns)
	a.ip("link", "set", outside, "master", bridge)
	a.ip("link", "set", outside, "up")
	a.ip("-n", ns, "addr", "add", r.Host+"/24", "dev", inside)
	a.ip("-n", ns, "link", "set", inside, "up")
	a.ip("-n", ns, "link", "set", "lo", "up")
}

func (a *apart) ip(args ...string) {
	a.t.Helper()
	said, err := exec.Command("ip", args...).CombinedOutput()
	require.NoError(a.t, err, "ip %s: %s", strings.Join(args, " "), said)
}

func build(t *testing.T, dir, pkg string, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", append(append([]string{"build", "-o", out}, flags...), pkg)...)
	cmd.Dir = dir
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, string(said))
	return out
}

func (a *apart) folder(code string) string { return filepath.Join(a.dir, code) }

// net runs huzheng-net as a province's operator does, on the province's host.
func (a *apart) net(ctx context.Context, code string, args ...string) (string, error) {
	line := append([]string{"netns", "exec", namespace(code), a.program, "--dir", a.folder(code)}, args...)
	said, err := exec.CommandContext(ctx, "ip", line...).CombinedOutput()
	return string(said), err
}

func (a *apart) mustNet(code string, args ...string) string {
	a.t.Helper()
	said, err := a.net(a.t.Context(), code, args...)
	require.NoError(a.t, err, said)
	return said
}

// everyone runs huzheng-net for every province at once.
func (a *apart) everyone(ctx context.Context, args ...string) {
	a.t.Helper()
	said, errs := make([]string, len(a.topology.Regions)), make([]error, len(a.topology.Regions))
	var wait sync.WaitGroup
	for i, code := range a.topology.Codes() {
		wait.Go(func() { said[i], errs[i] = a.net(ctx, code, args...) })
	}
	wait.Wait()
	for i, code := range a.topology.Codes() {
		require.NoError(a.t, errs[i], "%s: %s", code, said[i])
	}
}

// exchange hands the file named from one province to every other.
func (a *apart) exchange(from, name string) {
	a.t.Helper()
	for _, to := range a.topology.Codes() {
		if to != from {
			a.mustNet(to, "import", filepath.Join(a.folder(from), "exchange", name))
		}
	}
}

// admin acts as a province's administrator, from the test's own address, until leave.
func (a *apart) admin(code string) *sdk.Admin {
	a.t.Helper()
	n, err := lifecycle.Open(a.folder(code), a.tools)
	require.NoError(a.t, err)
	a.opened = append(a.opened, n)
	admin, err := n.Admin(code)
	require.NoError(a.t, err)
	return admin
}

// leave lets go of the folders that admin has opened.
func (a *apart) leave() {
	for _, n := range a.opened {
		n.Close()
	}
	a.opened = nil
}

func (a *apart) knows(admin *sdk.Admin, at, key, value string, within time.Duration) {
	a.t.Helper()
	require.Eventually(a.t, func() bool {
		got, err := admin.Evaluate(a.t.Context(), at, "Get", key)
		return err == nil && string(got) == value
	}, within, 200*time.Millisecond, "%s at %s", key, at)
}

// TestNetworkFromRenderedFolders brings a network up from folders, each on a host of its own, cuts one off and heals it. The orderer that
// was cut off asks alone for another leader; its province brings it back, and another one's is renewed.
func TestNetworkFromRenderedFolders(t *testing.T) {
	a := started(t)
	codes := a.topology.Codes()
	one, other := a.admin(codes[0]), a.admin(codes[3])
	submit(t, one, codes, "a", "1")
	a.knows(other, codes[3], "a", "1", 30*time.Second)
	a.ip("link", "set", link(3), "down")
	submit(t, one, codes[:3], "b", "2")
	a.knows(one, codes[1], "b", "2", time.Minute)
	a.leave()
	require.Eventually(t, func() bool { return a.asks(codes[3]) }, time.Minute, time.Second, "an orderer that is cut off misses no leader")
	a.ip("link", "set", link(3), "up")
	healed := time.Now()
	a.knows(a.admin(codes[3]), codes[3], "b", "2", 2*time.Minute)
	known := time.Since(healed)
	a.leave()

	require.Contains(t, a.mustNet(codes[3], "unstick"), "asks alone for another leader")
	require.False(t, a.asks(codes[3]))
	require.Empty(t, a.mustNet(codes[3], "unstick"), "nothing to do")
	began := time.Now()
	a.renewOrderer(codes[1])
	t.Logf("the orderer of %s renewed and a value recorded %v later, after %s was cut off and healed (it had the blocks again after %v)",
		codes[1], time.Since(began).Round(time.Second), codes[3], known.Round(time.Second))
}

// asks reports whether a province's orderer asks for another leader, as its own huzheng-net says.
func (a *apart) asks(code string) bool {
	a.t.Helper()
	var status lifecycle.Status
	line := []string{"netns", "exec", namespace(code), a.program, "--dir", a.folder(code), "status", "--json"}
	said, err := exec.CommandContext(a.t.Context(), "ip", line...).Output()
	require.NoError(a.t, err)
	require.NoError(a.t, json.Unmarshal(said, &status))
	for _, n := range status.Nodes {
		if n.Kind == "orderer" {
			return n.AsksForLeader
		}
	}
	require.Fail(a.t, "no orderer", "%s", said)
	return false
}

// TestChangesHostByHost changes such a network as operators do who hold nothing of each other's.
func TestChangesHostByHost(t *testing.T) {
	a := started(t)
	a.upgradeHostByHost()
	a.renewOrderer(a.topology.Codes()[1])
	a.fifthJoins()
	a.wipedPeer(a.topology.Codes()[2])
}

// started is a network that provinces have brought up from their folders by exchanging files.
func started(t *testing.T) *apart {
	t.Helper()
	a := newApart(t)
	chaincode := build(t, filepath.Join("..", "testcc"), ".")
	require.NoError(t, render.Render(a.dir, a.topology, render.Target{At: "/var/lib/huzheng/network", Cache: "/var/cache/huzheng"}, a.tools))
	t.Cleanup(func() { a.everyone(context.Background(), "down", "--wipe") })
	t.Cleanup(a.keepLogs)
	t.Cleanup(a.leave) // of the test's own looks at the folders, which the operators work on
	codes := a.topology.Codes()
	up := []string{"up", "--chaincode", chaincode, "--chaincode-version", "1.0"}

	// Each makes its own keys, stops, and is given the others' public certificates.
	for _, code := range codes {
		said, err := a.net(t.Context(), code, up...)
		require.Error(t, err)
		require.Contains(t, said, "exchange/"+code+".public.json")
		require.NoDirExists(t, filepath.Join(a.folder(code), "regions", codes[(indexOf(codes, code)+1)%len(codes)]), "nobody has another's keys")
	}
	for _, code := range codes {
		a.exchange(code, code+".public.json")
	}
	said, err := a.net(t.Context(), codes[1], up...)
	require.Error(t, err)
	require.Contains(t, said, "genesis.block")

	// The first makes the genesis block and goes on to wait for the others, who check the block before they take it.
	first := make(chan error, 1)
	go func() {
		said, err := a.net(t.Context(), codes[0], up...)
		if err != nil {
			err = fmt.Errorf("%w: %s", err, said)
		}
		first <- err
	}()
	genesis := filepath.Join(a.folder(codes[0]), "exchange", "genesis.block")
	require.Eventually(t, func() bool { _, err := os.Stat(genesis); return err == nil }, time.Minute, 100*time.Millisecond)
	a.exchange(codes[0], "genesis.block")
	var wait sync.WaitGroup
	for _, code := range codes[1:] {
		wait.Go(func() {
			said, err := a.net(t.Context(), code, up...)
			if err != nil {
				t.Errorf("%s: %v: %s", code, err, said)
			}
		})
	}
	wait.Wait()
	require.NoError(t, <-first)
	a.everyone(t.Context(), "audit")
	return a
}

// keepLogs prints the end of every orderer's log where the test has failed: what a network did not record, they know why.
func (a *apart) keepLogs() {
	if !a.t.Failed() {
		return
	}
	for _, code := range a.topology.Codes() {
		files, _ := filepath.Glob(filepath.Join(a.folder(code), "logs", "orderer.*.log"))
		for _, file := range files {
			out, _ := exec.Command("tail", "-n", "40", file).Output()
			a.t.Logf("%s:\n%s", filepath.Base(file), out)
		}
	}
}

// submit submits until the value is on the ledger: a failure leaves the outcome unknown.
func submit(t *testing.T, admin *sdk.Admin, endorsers []string, key, value string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		_, err := admin.Submit(ctx, endorsers, "Put", key, value)
		if got, read := admin.Evaluate(ctx, endorsers[0], "Get", key); read == nil && string(got) == value {
			return
		}
		require.NoError(t, ctx.Err(), "not on the ledger; the last submit said: %v", err)
	}
}

func indexOf(codes []string, code string) int {
	for i, c := range codes {
		if c == code {
			return i
		}
	}
	return -1
}
