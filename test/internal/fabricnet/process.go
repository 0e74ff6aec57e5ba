package fabricnet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

// envProcess holds what a gateway in a process of its own is: an apart as JSON.
const envProcess = "HUZHENG_TEST_GATEWAY"

// startTime is how long a process may take until it answers.
const startTime = time.Minute

// apart is a gateway in a process of its own.
type apart struct {
	Connection, Dir, Keyring, Region, Listen string
	Witness                                  time.Duration
}

// Main runs the tests, or, in a process that Process has started, a gateway. It is a TestMain's whole body.
func Main(m *testing.M) {
	if text := os.Getenv(envProcess); text != "" {
		if err := serveApart(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serveApart(text string) error {
	var a apart
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until whoever started it closes the pipe, or is no more
		os.Exit(1)
	}()
	c, err := fabric.ReadConnection(a.Connection)
	if err != nil {
		return err
	}
	master, err := keys.NewMaster(gatewaytest.MasterSecret(a.Region))
	if err != nil {
		return err
	}
	opened, err := open(ctx, NetworkID, gateway.Place{Dir: a.Dir, Keyring: a.Keyring, Master: master}, &c, Options{Witness: a.Witness, Batch: batchWait}, slog.Default())
	if err != nil {
		return err
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", a.Listen)
	if err != nil {
		return err
	}
	return errors.Join(opened.Gateways[0].Serve(ctx, l), opened.Close())
}

// Process is a region's gateway in a process of its own, which can be killed.
type Process struct {
	g    *Gateway
	what apart
	cmd  *exec.Cmd
	here *gatewaytest.Region
}

// Process closes the gateway and opens it in a process of its own, straight at the network's peers, until Back.
func (g *Gateway) Process() *Process {
	t := g.world.t
	t.Helper()
	place := g.world.place(g.Code)
	p := &Process{g: g, here: g.Region, what: apart{Dir: place.Dir, Keyring: place.Keyring, Region: g.Code,
		Connection: filepath.Join(g.world.region(g.Code), "gateway", "connection.json"), Witness: g.world.o.Witness,
		Listen: "127.0.0.1:" + strconv.Itoa(FreePorts(t)+80)}}
	require.NoError(t, g.Close())
	there := *g.Region
	there.URL = "http://" + p.what.Listen
	g.Region = &there
	t.Cleanup(p.end)
	p.Start()
	return p
}

// Start starts the process and waits until it answers.
func (p *Process) Start() {
	t := p.g.world.t
	t.Helper()
	text, err := json.Marshal(p.what)
	require.NoError(t, err)
	p.cmd = exec.Command(os.Args[0]) //nolint:gosec,noctx // this program; Kill and Back end it
	p.cmd.Env = append(os.Environ(), envProcess+"="+string(text))
	_, err = p.cmd.StdinPipe() // nothing is written: it is closed when this process ends, however it does
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	require.Eventually(t, p.answers, startTime, 20*time.Millisecond, "the gateway's process does not answer")
}

func (p *Process) answers() bool {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+p.what.Listen+"/healthz", http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Kill ends the process as a crash does.
func (p *Process) Kill() {
	require.NoError(p.g.world.t, p.cmd.Process.Kill())
	_ = p.cmd.Wait() // that it was killed
	p.cmd = nil
}

// Back ends the process in an orderly way and opens the gateway in the test again.
func (p *Process) Back() {
	t := p.g.world.t
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait())
	p.cmd = nil
	p.g.Region = p.here
	p.g.Open()
}

func (p *Process) end() {
	if p.cmd != nil {
		p.Kill()
	}
}
