package lifecycle_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/gateway"
	"github.com/huzheng-ledger/huzheng/network/internal/lifecycle"
	"github.com/huzheng-ledger/huzheng/network/internal/node"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// The programs of chaincode server and gateway, where they are not to be built from the main module beside this one.
const (
	chaincodeEnv = "HUZHENG_NET_CHAINCODE"
	gatewayEnv   = "HUZHENG_NET_GATEWAY"
)

// mainPrograms are the main module's programs. This module does not import that one, and its tests do not depend on it.
func mainPrograms(t *testing.T) (chaincode, gatewayProgram string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a whole network")
	}
	chaincode, gatewayProgram = os.Getenv(chaincodeEnv), os.Getenv(gatewayEnv)
	if chaincode == "" || gatewayProgram == "" {
		module := filepath.Join("..", "..", "..")
		if _, err := os.Stat(filepath.Join(module, "cmd", "huzheng")); err != nil {
			t.Skipf("no program of a gateway: %s is not set, and the main module is not beside this one", gatewayEnv)
		}
		dir := t.TempDir()
		cmd := exec.Command("go", "build", "-o", dir, "./cmd/huzheng", "./cmd/chaincode")
		cmd.Dir = module
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, string(said))
		chaincode, gatewayProgram = filepath.Join(dir, "chaincode"), filepath.Join(dir, "huzheng")
	}
	if !has(gatewayProgram, "charter") {
		t.Skip("this program of a gateway founds no consortium on a network")
	}
	return chaincode, gatewayProgram
}

// has reports whether a program knows a command.
func has(program, command string) bool {
	out, err := exec.Command(program, command, "--help").CombinedOutput()
	return err == nil && bytes.Contains(out, []byte(program[strings.LastIndexByte(program, '/')+1:]+" "+command))
}

// killedAt runs huzheng-net up and kills it, as a crash does, when it says that it comes to a step.
func (w *world) killedAt(program, step string, args ...string) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), program, append([]string{"--dir", w.dir, "--cache", filepath.Dir(w.tools.Programs.Dir), "up"}, args...)...)
	said, err := cmd.StderrPipe()
	require.NoError(w.t, err)
	require.NoError(w.t, cmd.Start())
	var all strings.Builder
	for lines := bufio.NewScanner(said); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), step) {
			require.NoError(w.t, cmd.Process.Kill())
			require.Error(w.t, cmd.Wait())
			w.t.Logf("killed at: %s", lines.Text())
			return
		}
	}
	w.t.Fatalf("it ended (%v) before it came to %q:\n%s", cmd.Wait(), step, all.String())
}

// members requires that every region's gateway tells the same number of members.
func (w *world) members(count int) {
	w.t.Helper()
	list := w.Access()
	require.Len(w.t, list, count)
	for _, a := range list {
		require.NotEmpty(w.t, a.Key, a.Region)
		request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, a.URL+"/v1/regions", http.NoBody)
		require.NoError(w.t, err)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(w.t, err)
		var regions struct{ Regions []struct{ Code string } }
		require.NoError(w.t, json.NewDecoder(answer.Body).Decode(&regions))
		require.NoError(w.t, answer.Body.Close())
		require.Len(w.t, regions.Regions, count, a.Region)
	}
}

func (w *world) runningGateways() map[node.Name]node.Process {
	w.t.Helper()
	all, err := w.Running()
	require.NoError(w.t, err)
	for name := range all {
		if name.Kind != node.Gateway {
			delete(all, name)
		}
	}
	return all
}

func TestGateways(t *testing.T) {
	chaincode, program := mainPrograms(t)
	w := newWorld(t, provinces(t, topology.BFT, 4))
	ctx := t.Context()
	cli := filepath.Join(t.TempDir(), "huzheng-net")
	said, err := exec.Command("go", "build", "-o", cli, "../../cmd/huzheng-net").CombinedOutput()
	require.NoError(t, err, string(said))

	// huzheng-net goes away as by a crash wherever the founding is; the next run goes on.
	w.Close()
	w.killedAt(cli, "各省安装并批准链码", "--chaincode", chaincode, "--gateway", program)
	for _, step := range []string{"各省签署联盟章程", "章程上链", "启动各省网关", "等待网关就绪"} {
		w.killedAt(cli, step)
	}
	w.open(nil)
	charter, err := os.ReadFile(w.Files().Charter())
	require.NoError(t, err)
	require.NoError(t, w.Up(ctx, lifecycle.Wanted{}))
	w.allReady(20)
	w.members(4)
	again, err := os.ReadFile(w.Files().Charter())
	require.NoError(t, err)
	require.Equal(t, string(charter), string(again), "what was signed stays")

	// One is lost and comes back; one is stopped and stays so; one gets new certificates.
	codes := w.Topology().Codes()
	before := w.runningGateways()
	require.NoError(t, w.KillNodes(ctx, w.find("gateway."+codes[0])))
	require.NoError(t, w.StopNodes(ctx, w.find("gateway."+codes[1])))
	require.NoError(t, w.Up(ctx, lifecycle.Wanted{}))
	require.NotContains(t, w.runningGateways(), w.find("gateway."+codes[1]))
	require.NoError(t, w.StartNodes(ctx, w.find("gateway."+codes[1])))
	require.NoError(t, w.Renew(ctx, "gateway."+codes[2]))
	require.NoError(t, w.Up(ctx, lifecycle.Wanted{}))
	w.allReady(20)
	after := w.runningGateways()
	require.Len(t, after, 4)
	for i, code := range codes {
		name := w.find("gateway." + code)
		require.Equal(t, i == 3, before[name].PID == after[name].PID, "%s: only the last was left alone", name)
	}

	// Another program takes the place of the first at every gateway, and the second run finds nothing to do.
	second := filepath.Join(t.TempDir(), "huzheng")
	data, err := os.ReadFile(program)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(second, append(data, 0), 0o600))
	require.NoError(t, w.Up(ctx, lifecycle.Wanted{Gateway: second}))
	replaced := w.runningGateways()
	require.Len(t, replaced, 4)
	for name, p := range replaced {
		require.NotEqual(t, after[name].Program, p.Program, name)
	}
	require.NoError(t, w.Up(ctx, lifecycle.Wanted{Gateway: second}))
	for name, p := range w.runningGateways() {
		require.Equal(t, replaced[name].PID, p.PID, name)
	}
	w.allReady(20)
	w.members(4)

	if has(program, "region") {
		require.NoError(t, w.AddRegion(ctx, topology.Region{Code: "520000", Name: "贵州", MSPID: "GuizhouMSP", PortBase: freeBase(t)}))
		w.allReady(25)
		w.members(5)
		require.NoError(t, w.Up(ctx, lifecycle.Wanted{}))
	} else {
		t.Log("this program of a gateway admits no further region")
	}
	list := w.Access()
	require.NoError(t, w.Down(ctx, false))
	w.nothingRuns()
	t.Logf("%d gateways, of %v", len(list), regionsOf(list))
}

func regionsOf(list []gateway.Access) []string {
	var codes []string
	for _, a := range list {
		codes = append(codes, a.Region)
	}
	return codes
}
