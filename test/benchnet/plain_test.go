package benchnet_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-gateway/pkg/hash"
	"github.com/hyperledger/fabric-gateway/pkg/identity"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/huzheng-ledger/huzheng/test/internal/fabricnet"
)

const (
	channel  = "huzheng"
	plainCC  = "baseline"
	plainTag = plainCC + "_1"
)

// plain is the plain application, a client of it in every region.
type plain struct {
	contracts []*client.Contract // in the order of fabricnet.Regions
	network   *client.Network    // of the first
	servers   []int              // process ids
	run       string             // keeps the ids of one run apart from another's
}

// deployPlain puts the plain application on the channel: a server beside each peer, the package installed and approved by every
// region, the definition committed, all with Fabric's own program.
func deployPlain(b *testing.B, n *fabricnet.Network) *plain {
	b.Helper()
	program := fabricnet.Build(b, "../..", "./test/benchnet/baseline")
	servers := make([]int, len(fabricnet.Regions))
	group, ctx := errgroup.WithContext(b.Context())
	for i, r := range fabricnet.Regions {
		pkg := packPlain(b, n, r.Code)
		group.Go(func() error {
			id, err := fabricCLI(ctx, n, r, "lifecycle", "chaincode", "calculatepackageid", pkg)
			if err != nil {
				return err
			}
			servers[i] = startPlain(b, n, program, r.Code, strings.TrimSpace(id))
			if _, err := fabricCLI(ctx, n, r, "lifecycle", "chaincode", "install", pkg); err != nil {
				return err
			}
			_, err = fabricCLI(ctx, n, r, append(definition(n, r.Code, "approveformyorg"), "--package-id", strings.TrimSpace(id))...)
			return err
		})
	}
	require.NoError(b, group.Wait())
	first := fabricnet.Regions[0]
	commit := definition(n, first.Code, "commit")
	for _, r := range fabricnet.Regions {
		commit = append(commit, "--peerAddresses", n.Connection(r.Code).Peer.Address, "--tlsRootCertFiles", n.Root(r.Code))
	}
	_, err := fabricCLI(b.Context(), n, first, commit...)
	require.NoError(b, err)
	p := dialPlain(b, n)
	p.servers = servers
	return p
}

func definition(n *fabricnet.Network, region, command string) []string {
	return []string{"lifecycle", "chaincode", command, "--channelID", channel, "--name", plainCC, "--version", "1", "--sequence", "1",
		"--orderer", n.Orderer(region), "--tls", "--cafile", n.Root(region)}
}

// fabricCLI runs Fabric's own program as a region's administrator, and returns what it printed.
func fabricCLI(ctx context.Context, n *fabricnet.Network, r fabricnet.Region, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(n.Programs, "peer"), args...)
	cmd.Env = append(os.Environ(), "FABRIC_CFG_PATH="+n.Programs, "FABRIC_LOGGING_SPEC=error", "CORE_PEER_LOCALMSPID="+r.MSP,
		"CORE_PEER_MSPCONFIGPATH="+filepath.Join(n.Holder(r.Code, "admin"), "msp"), "CORE_PEER_ADDRESS="+n.Connection(r.Code).Peer.Address,
		"CORE_PEER_TLS_ENABLED=true", "CORE_PEER_TLS_ROOTCERT_FILE="+n.Root(r.Code))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %v: %w: %s", r.Code, args[:3], err, &said)
	}
	return string(out), nil
}

// packPlain makes a region's package: where its server is.
func packPlain(b *testing.B, n *fabricnet.Network, region string) string {
	b.Helper()
	root, err := os.ReadFile(n.Root(region))
	require.NoError(b, err)
	connection, err := json.Marshal(map[string]any{"address": n.Beside(region), "dial_timeout": "10s", "tls_required": true,
		"client_auth_required": true, "root_cert": string(root)})
	require.NoError(b, err)
	metadata, err := json.Marshal(map[string]string{"type": "huzheng-ccaas", "label": plainTag})
	require.NoError(b, err)
	file := filepath.Join(b.TempDir(), plainTag+".tar.gz")
	code := archive(b, "connection.json", connection)
	require.NoError(b, os.WriteFile(file, archive(b, "metadata.json", metadata, "code.tar.gz", code), 0o600))
	return file
}

func archive(b *testing.B, content ...any) []byte {
	b.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	pack := tar.NewWriter(zip)
	for i := 0; i < len(content); i += 2 {
		data := content[i+1].([]byte)                                                                                     //nolint:forcetypeassert // pairs of a name and bytes
		require.NoError(b, pack.WriteHeader(&tar.Header{Name: content[i].(string), Size: int64(len(data)), Mode: 0o644})) //nolint:forcetypeassert // the same
		_, err := pack.Write(data)
		require.NoError(b, err)
	}
	require.NoError(b, pack.Close())
	require.NoError(b, zip.Close())
	return out.Bytes()
}

// startPlain starts a region's server, until the run ends.
func startPlain(b *testing.B, n *fabricnet.Network, program, region, id string) (pid int) {
	tls := filepath.Join(n.Holder(region, "chaincode"), "tls")
	cmd := exec.Command(program) // the run's end ends it
	cmd.Env = append(os.Environ(), "CHAINCODE_ID="+id, "CHAINCODE_SERVER_ADDRESS="+n.Beside(region),
		"CHAINCODE_TLS_CERT="+filepath.Join(tls, "cert.pem"), "CHAINCODE_TLS_KEY="+filepath.Join(tls, "key.pem"),
		"CHAINCODE_CLIENT_CA_CERT="+filepath.Join(tls, "ca.pem"))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Error(err)
		return 0
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // that it was killed
	})
	return cmd.Process.Pid
}

// dialPlain connects a client in every region to its own peer.
func dialPlain(b *testing.B, n *fabricnet.Network) *plain {
	b.Helper()
	p := &plain{run: rand.Text()}
	for _, r := range fabricnet.Regions {
		c := n.Connection(r.Code)
		certificate, err := identity.CertificateFromPEM(c.Identity.Certificate)
		require.NoError(b, err)
		who, err := identity.NewX509Identity(c.Identity.MSPID, certificate)
		require.NoError(b, err)
		sign, err := identity.NewPrivateKeySign(c.Identity.Key)
		require.NoError(b, err)
		roots := x509.NewCertPool()
		require.True(b, roots.AppendCertsFromPEM(c.Peer.Roots))
		conn, err := grpc.NewClient(c.Peer.Address, grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(roots, "")),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
		require.NoError(b, err)
		gateway, err := client.Connect(who, client.WithSign(sign), client.WithHash(hash.SHA256), client.WithClientConnection(conn))
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, gateway.Close()); require.NoError(b, conn.Close()) })
		network := gateway.GetNetwork(channel)
		p.contracts = append(p.contracts, network.GetContract(plainCC))
		if p.network == nil {
			p.network = network
		}
	}
	return p
}

func (p *plain) id(n int) string { return fmt.Sprintf("%s-%09d", p.run, n) }

// put records one certificate in one transaction and waits until it is committed; the regions take turns.
func (p *plain) put(ctx context.Context, worker, n int) error {
	var digest [32]byte
	_, _ = rand.Read(digest[:]) // never fails
	_, err := p.contracts[worker%len(p.contracts)].SubmitWithContext(ctx, "Put", client.WithArguments(p.id(n), hex.EncodeToString(digest[:])))
	return err
}

// get asks one region's peer for one key.
func (p *plain) get(among int) request {
	return func(ctx context.Context, _, n int) error {
		_, err := p.contracts[0].EvaluateWithContext(ctx, "Get", client.WithArguments(p.id(n%among)))
		return err
	}
}

// block is a block as a peer keeps it.
func (p *plain) block(number uint64) ([]byte, error) {
	return p.network.GetContract("qscc").EvaluateTransaction("GetBlockByNumber", channel, fmt.Sprint(number))
}
