package render_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/exchange"
	"github.com/huzheng-ledger/huzheng/network/internal/render"
	"github.com/huzheng-ledger/huzheng/network/internal/topology"
)

// refused requires that a province's huzheng-net fails and says so.
func (a *apart) refused(code, says string, args ...string) {
	a.t.Helper()
	said, err := a.net(a.t.Context(), code, args...)
	require.Error(a.t, err, said)
	require.Contains(a.t, said, says)
}

// proposed is the file that a propose has named in its last line.
func proposed(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	return lines[len(lines)-1]
}

// copied is a copy of a file, as one province sends it to another.
func (a *apart) copied(path string) string {
	a.t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(a.t, err)
	out := filepath.Join(a.t.TempDir(), filepath.Base(path))
	require.NoError(a.t, os.WriteFile(out, data, 0o600))
	return out
}

// upgradeHostByHost has every province approve another chaincode on its own host. Nobody's says that it is the channel's before the
// last has; then all come to serve it.
func (a *apart) upgradeHostByHost() {
	codes := a.topology.Codes()
	second := build(a.t, filepath.Join("..", "testcc"), ".", "-ldflags", "-X main.release=2")
	upgrade := []string{"upgrade-chaincode", "--chaincode", second, "--chaincode-version", "2.0"}
	for i, code := range codes[:3] {
		said := a.mustNet(code, upgrade...)
		require.Contains(a.t, said, "approved by "+strings.Join(codes[:i+1], ", ")+"; missing: "+strings.Join(codes[i+1:], ", "))
	}
	require.Contains(a.t, a.mustNet(codes[3], upgrade...), "version 2.0, sequence 2, is the channel's")
	a.everyone(a.t.Context(), "up")
	a.everyone(a.t.Context(), "audit")
	admin := a.admin(codes[0])
	release, err := admin.Evaluate(a.t.Context(), codes[0], "Release")
	require.NoError(a.t, err)
	require.Equal(a.t, "2", string(release))
	submit(a.t, admin, codes, "c", "3")
	a.leave()
}

// renewOrderer renews a province's orderer's certificates: the province proposes, a majority signs, each on a copy.
func (a *apart) renewOrderer(code string) {
	codes := a.topology.Codes()
	cert := filepath.Join(a.folder(code), "regions", code, "orderer", "tls", "cert.pem")
	former, err := os.ReadFile(cert)
	require.NoError(a.t, err)
	file := proposed(a.mustNet(code, "propose", "renew", "orderer."+code))
	a.refused(code, "huzheng-net sign FILE", "renew", "orderer."+code)
	a.mustNet(code, "sign", file)
	a.refused(code, "too few have signed", "submit", file)

	var copies []string
	for _, signer := range []string{codes[0], codes[3]} {
		copies = append(copies, a.copied(file))
		require.Contains(a.t, a.mustNet(signer, "show", copies[len(copies)-1]), "the orderer of "+code+" has new certificates")
		a.mustNet(signer, "sign", copies[len(copies)-1])
	}
	a.mustNet(code, append([]string{"submit", file}, copies...)...)
	now, err := os.ReadFile(cert)
	require.NoError(a.t, err)
	require.NotEqual(a.t, string(former), string(now))
	require.Contains(a.t, a.mustNet(code, "submit", file), "the channel has it", "once more does no harm")
	require.Contains(a.t, a.mustNet(codes[2], "import", file), "in line")
	a.agree()
	admin := a.admin(codes[0])
	submit(a.t, admin, codes, "d", "4")
	a.leave()
}

// agree requires that every province's audit finds nothing, once the peers are as high as each other.
func (a *apart) agree() {
	a.t.Helper()
	for _, code := range a.topology.Codes() {
		var said string
		require.Eventually(a.t, func() bool {
			var err error
			said, err = a.net(a.t.Context(), code, "audit")
			return err == nil
		}, time.Minute, 500*time.Millisecond, "%s: %s", code, &said)
	}
}

// tampered is a proposal that says one thing and does another: it is said to be of another province.
func (a *apart) tampered(file string, edit func(*exchange.Proposal)) string {
	a.t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(a.t, err)
	p, err := exchange.ParseProposal(data, time.Now())
	require.NoError(a.t, err)
	edit(&p)
	data, err = json.Marshal(p)
	require.NoError(a.t, err)
	out := filepath.Join(a.t.TempDir(), "tampered.change.json")
	require.NoError(a.t, os.WriteFile(out, data, 0o600))
	return out
}

// fifthJoins has a fifth province join from a host of its own, by files alone.
func (a *apart) fifthJoins() {
	codes := a.topology.Codes()
	fifth := topology.Region{Code: "520000", Name: "贵州", MSPID: "GuizhouMSP", Host: "10.231.64.14", PortBase: 17000}
	grown := a.topology
	grown.Regions = append(slices.Clone(a.topology.Regions), fifth)
	grown.Fill()
	a.namespace(4, grown.Regions[4])
	folders := filepath.Join(a.t.TempDir(), "grown")
	require.NoError(a.t, render.Render(folders, grown, render.Target{At: "/var/lib/huzheng/network", Cache: "/var/cache/huzheng"}, a.tools))
	require.NoError(a.t, os.Rename(filepath.Join(folders, fifth.Code), a.folder(fifth.Code)))
	program := build(a.t, filepath.Join("..", "testcc"), ".", "-ldflags", "-X main.release=2")
	up := []string{"up", "--chaincode", program, "--chaincode-version", "2.0"}
	a.t.Cleanup(func() { // before its namespace goes, which it outlives by nothing
		a.leave()
		four := a.topology
		four.Regions = four.Regions[:4]
		a.topology = four
		said, err := a.net(context.Background(), fifth.Code, "down", "--wipe")
		require.NoError(a.t, err, said)
	})
	a.refused(fifth.Code, "exchange/520000.public.json", up...)
	bundle := filepath.Join(a.folder(fifth.Code), "exchange", "520000.public.json")

	// Any member proposes. What does something else than it says is signed by nobody, nor is what is stale.
	file := proposed(a.mustNet(codes[3], "propose", "add-region", bundle))
	require.Contains(a.t, a.mustNet(codes[0], "show", file), "orderers that may fail: 1 → 1")
	leave := proposed(a.mustNet(codes[3], "propose", "again", a.tampered(file, func(p *exchange.Proposal) {})))
	require.Equal(a.t, file, leave, "the same change of the same configuration is the same proposal")
	lie := a.tampered(file, func(p *exchange.Proposal) { p.Change.Bundle.Host = "10.231.64.99" })
	before, err := os.ReadFile(lie)
	require.NoError(a.t, err)
	a.refused(codes[0], "something else than it says", "sign", lie)
	after, err := os.ReadFile(lie)
	require.NoError(a.t, err)
	require.True(a.t, bytes.Equal(before, after), "no signature was given")
	stale := a.tampered(file, func(p *exchange.Proposal) { p.Sequence-- })
	a.refused(codes[0], "stale", "sign", stale)
	a.refused(codes[0], "does not have this change yet", "import", file)

	for _, signer := range codes[:3] {
		a.mustNet(signer, "sign", file)
	}
	require.Contains(a.t, a.mustNet(codes[3], "show", file), "signed: 3/3")
	a.mustNet(codes[3], "submit", file)
	for _, code := range codes[:3] {
		a.mustNet(code, "import", file)
	}

	said := a.mustNet(fifth.Code, "import", filepath.Join(a.folder(codes[3]), "exchange", "config.block"))
	require.Equal(a.t, 5, strings.Count(said, "fingerprint of the root"))
	a.mustNet(fifth.Code, up...)
	a.topology = grown
	admin := a.admin(fifth.Code)
	submit(a.t, admin, a.topology.Codes(), "e", "5")
	a.knows(admin, codes[0], "e", "5", 30*time.Second)
	a.leave()
	a.agree()
	first, err1 := os.ReadFile(filepath.Join(a.folder(fifth.Code), "channel", "genesis.block"))
	theirs, err2 := os.ReadFile(filepath.Join(a.folder(codes[0]), "channel", "genesis.block"))
	require.NoError(a.t, err1)
	require.NoError(a.t, err2)
	require.Equal(a.t, len(theirs) > 0, len(first) > 0, "its gateway pins the channel's first block")
}

// wipedPeer has a province lose its only peer's ledger: it validates again at once, and endorses after the next definition.
func (a *apart) wipedPeer(code string) {
	a.mustNet(code, "kill", "peer."+code)
	require.NoError(a.t, os.RemoveAll(filepath.Join(a.folder(code), "regions", code, "peer", "data")))
	a.refused(code, "upgrade-chaincode --again", "up")
	codes := a.topology.Codes()
	for _, other := range codes[:2] {
		require.NotContains(a.t, a.mustNet(other, "upgrade-chaincode", "--again", "--commit"), "is the channel's", "no majority")
	}
	require.Contains(a.t, a.mustNet(code, "upgrade-chaincode", "--again", "--commit"), "sequence 3, is the channel's")
	a.everyone(a.t.Context(), "up")
	admin := a.admin(code)
	submit(a.t, admin, codes, "f", "6")
	a.leave()
	a.agree()
}
