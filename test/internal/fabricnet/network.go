package fabricnet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/client/fabric"
)

// Env is the environment variable that has whole networks started, as make test-faults does. Without it such a test is skipped.
const Env = "HUZHENG_FABRIC"

// The bounds of huzheng-net's work. What goes on says so: it is given up where nothing is heard of it for that long. Building
// Fabric takes minutes, once.
const (
	buildTime = 30 * time.Minute
	stepTime  = 4 * time.Minute
	allTime   = time.Hour
)

// Region is a province of a network.
type Region struct{ Code, Name, MSP string }

// Regions are the four of every network, and Guizhou those that may join.
var (
	Regions = []Region{
		{"430000", "湖南", "HunanMSP"}, {"440000", "广东", "GuangdongMSP"}, {"500000", "重庆", "ChongqingMSP"}, {"510000", "四川", "SichuanMSP"},
	}
	Guizhou = Region{"520000", "贵州", "GuizhouMSP"}
)

// Network is a network that runs until its test ends.
type Network struct {
	Dir       string
	Chaincode string // the program that it began with
	Programs  string // the folder of Fabric's own
	t         testing.TB
	program   string // huzheng-net
	bases     map[string]int
	guard     *guard
}

// Up starts a network of Regions. The test has to lie two folders below the root of the module. It is skipped, with the
// reason, where no network is wanted or Fabric cannot be built.
func Up(t testing.TB) *Network {
	t.Helper()
	n := prepare(t)
	n.up()
	return n
}

// prepare builds every program.
func prepare(t testing.TB) *Network {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a whole Fabric network")
	}
	if os.Getenv(Env) == "" {
		t.Skipf("starts a whole Fabric network, where %s is set: make test-faults", Env)
	}
	n := &Network{Dir: filepath.Join(t.TempDir(), "net"), t: t, bases: map[string]int{}}
	n.program = Build(t, "../../network", "./cmd/huzheng-net")
	n.Chaincode = Build(t, "../..", "./cmd/chaincode")
	out, err := n.run(buildTime, "binaries")
	if err != nil {
		t.Skipf("Fabric cannot be built here: %v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	n.Programs = lines[len(lines)-1]
	n.guard = newGuard(t, n.program, n.Dir)
	t.Cleanup(n.down)
	return n
}

// up starts the network and returns how long that took.
func (n *Network) up(more ...string) time.Duration {
	n.t.Helper()
	topology := n.topology()
	began := time.Now()
	n.Do(append([]string{"up", "--topology", topology, "--chaincode", n.Chaincode}, more...)...)
	took := time.Since(began)
	n.t.Logf("a network of %d regions is up in %v", len(Regions), took.Round(100*time.Millisecond))
	return took
}

// Build builds a program of the module in a folder.
func Build(t testing.TB, module, pkg string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(pkg))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, pkg) //nolint:gosec // our own program
	cmd.Dir = module
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// topology writes the file of a network on ports that are free at the moment.
func (n *Network) topology() string {
	n.t.Helper()
	var text strings.Builder
	text.WriteString("bft: {requestForward: 1s, requestComplain: 3s, leaderHeartbeat: 6s, viewChange: 5s}\nregions:\n")
	for _, r := range Regions {
		base := FreePorts(n.t)
		n.bases[r.Code] = base
		fmt.Fprintf(&text, "  - {code: %q, name: %s, msp: %s, portBase: %d}\n", r.Code, r.Name, r.MSP, base)
	}
	file := filepath.Join(n.t.TempDir(), "topology.yaml")
	require.NoError(n.t, os.WriteFile(file, []byte(text.String()), 0o600))
	return file
}

var nextPorts = 23000 + os.Getpid()%40*100

// FreePorts finds a region's hundred ports, of which none that matters is taken. They lie below those that Linux hands out.
func FreePorts(t testing.TB) int {
	t.Helper()
	var config net.ListenConfig
	for range 80 {
		base := nextPorts
		if nextPorts += 100; nextPorts > 31000 {
			nextPorts = 23000
		}
		free := true
		for port := base + 50; port < base+85 && free; port++ {
			l, err := config.Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if free = err == nil; free {
				require.NoError(t, l.Close())
			}
		}
		if free {
			return base
		}
	}
	require.Fail(t, "no free ports")
	return 0
}

func (n *Network) down() {
	if n.t.Failed() {
		n.keepLogs()
	}
	n.guard.release(n.t)
}

// keepLogs prints the end of every node's log.
func (n *Network) keepLogs() {
	files, _ := filepath.Glob(filepath.Join(n.Dir, "logs", "*.log"))
	for _, file := range files {
		out, _ := exec.Command("tail", "-n", "3", file).Output() //nolint:gosec,noctx // a node's log, at the end of a test that failed
		n.t.Logf("%s:\n%s", filepath.Base(file), out)
	}
}

// run runs huzheng-net for as long as it says something within the limit.
func (n *Network) run(limit time.Duration, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), allTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, n.program, append([]string{"--dir", n.Dir}, args...)...) //nolint:gosec // our own program
	out := &patient{limit: limit, late: time.AfterFunc(limit, cancel)}
	defer out.late.Stop()
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	return out.said.String(), err
}

// patient keeps what a program says, and gives it more time with everything that it says. Only one goroutine writes: both of the
// program's outputs are this.
type patient struct {
	said  bytes.Buffer
	limit time.Duration
	late  *time.Timer
}

// Write implements io.Writer.
func (p *patient) Write(text []byte) (int, error) {
	p.late.Reset(p.limit)
	return p.said.Write(text)
}

// Do runs a command of huzheng-net on the network.
func (n *Network) Do(args ...string) string {
	n.t.Helper()
	out, err := n.run(stepTime, args...)
	require.NoError(n.t, err, "%v: %s", args, out)
	return out
}

// Try runs a command that may fail.
func (n *Network) Try(args ...string) (string, error) { return n.run(stepTime, args...) }

// Node is what huzheng-net says of a node.
type Node struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Region  string `json:"region"`
	Ready   bool   `json:"ready"`
	PID     int    `json:"pid"`
	Height  uint64 `json:"height"`
	Problem string `json:"problem"`
	// AsksForLeader is true of an orderer that asks for another leader at the moment.
	AsksForLeader bool `json:"asksForLeader"`
}

// Nodes are all nodes, as huzheng-net finds them.
func (n *Network) Nodes() []Node {
	n.t.Helper()
	var status struct {
		Nodes []Node `json:"nodes"`
	}
	ctx, cancel := context.WithTimeout(context.Background(), stepTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, n.program, "--dir", n.Dir, "status", "--json").Output() //nolint:gosec // our own program
	require.NoError(n.t, err)
	require.NoError(n.t, json.Unmarshal(out, &status))
	return status.Nodes
}

// Connection is what huzheng-net wrote for a region's gateway.
func (n *Network) Connection(code string) fabric.Connection {
	n.t.Helper()
	c, err := fabric.ReadConnection(filepath.Join(n.region(code), "gateway", "connection.json"))
	require.NoError(n.t, err)
	return c
}

// PeerTLS are the files of the certificate and the key that a region's peer shows.
func (n *Network) PeerTLS(code string) (certificate, key string) {
	dir := filepath.Join(n.region(code), "peer", "tls")
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}

// IssueBriefly has a region's CA issue what runs out within half a minute, to which it rounds, until restore.
func (n *Network) IssueBriefly(code string) (restore func()) {
	n.t.Helper()
	file := filepath.Join(n.region(code), "ca", "fabric-ca-server-config.yaml")
	before, err := os.ReadFile(file) //nolint:gosec // of the network's own
	require.NoError(n.t, err)
	put := func(config []byte) {
		n.Do("stop", "ca."+code)
		require.NoError(n.t, os.WriteFile(file, config, 0o600)) //nolint:gosec // of the network's own
		n.Do("start", "ca."+code)
	}
	life := regexp.MustCompile(`expiry: .*`)
	require.Len(n.t, life.FindAll(before, -1), 2, "of identities and of TLS")
	put(life.ReplaceAll(before, []byte("expiry: 1s")))
	return func() { put(before) }
}

// PeerData is the folder of a region's peer's ledger.
func (n *Network) PeerData(code string) string { return filepath.Join(n.region(code), "peer", "data") }

func (n *Network) region(code string) string { return filepath.Join(n.Dir, "regions", code) }
