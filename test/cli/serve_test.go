package cli

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/huzheng-ledger/huzheng/api/client"
)

// gateway is a huzheng serve that a script has started.
type gateway struct {
	cmd  *exec.Cmd
	logs chan struct{} // closed once everything it logged was read
}

// running is what the script has at work under gatewayValue.
func running(ts *testscript.TestScript) *gateway {
	g, _ := ts.Value(gatewayValue{}).(*gateway)
	return g
}

type gatewayValue struct{}

// serve starts a gateway and sets API once it listens: serve CONFIG. halt, or the script's end, stops it.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: serve config")
	}
	g := running(ts)
	if g.cmd != nil {
		ts.Fatalf("a gateway is running")
	}
	bin, _, _ := strings.Cut(ts.Getenv("PATH"), string(os.PathListSeparator))
	g.cmd, g.logs = exec.Command(bin+"/huzheng", "serve", "--config", ts.MkAbs(args[0])), make(chan struct{})
	logs, err := g.cmd.StderrPipe()
	ts.Check(err)
	ts.Check(g.cmd.Start())
	ts.Defer(func() { g.stop(ts) })
	lines := bufio.NewScanner(logs)
	for lines.Scan() {
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			ts.Setenv("API", "http://"+line.Address)
			go func() {
				defer close(g.logs)
				for lines.Scan() { // keeps the pipe empty
					continue
				}
			}()
			return
		}
	}
	close(g.logs)
	ts.Fatalf("the gateway does not serve")
}

// halt stops the gateway, which has to end in order.
func halt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 || running(ts).cmd == nil {
		ts.Fatalf("usage: halt, after serve")
	}
	running(ts).stop(ts)
}

func (g *gateway) stop(ts *testscript.TestScript) {
	if g.cmd == nil {
		return
	}
	ts.Check(g.cmd.Process.Signal(syscall.SIGTERM))
	<-g.logs
	err := g.cmd.Wait()
	g.cmd = nil
	ts.Check(err)
}

// certificate writes the first certificate of a report with its receipt: certificate REPORT.issued.csv OUT. The gateway is
// $API, its key $KEY.
func certificate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: certificate report out")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	api, err := client.NewClientWithResponses(ts.Getenv("API"), client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+ts.Getenv("KEY"))
		return nil
	}))
	ts.Check(err)
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	ts.Check(err)
	found, err := api.GetCertificateWithResponse(ctx, rows[1][1])
	ts.Check(err)
	if found.JSON200 == nil {
		ts.Fatalf("%s", found.Body)
	}
	receipt, err := api.GetCertificateReceiptWithResponse(ctx, rows[1][1])
	ts.Check(err)
	if receipt.StatusCode() != http.StatusOK {
		ts.Fatalf("%s", receipt.Body)
	}
	name := ts.MkAbs(args[1])
	ts.Check(errors.Join(os.WriteFile(name+".sdjwt", []byte(found.JSON200.SdJWT), 0o600),
		os.WriteFile(name+".receipt.json", receipt.Body, 0o600)))
}
