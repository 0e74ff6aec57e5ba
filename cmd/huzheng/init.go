package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/charter"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/credentials"
	"github.com/huzheng-ledger/huzheng/internal/follow"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/keys"
	"github.com/huzheng-ledger/huzheng/internal/notary"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// firstGatewayKey is the name of the key that a new gateway signs with.
const firstGatewayKey = "gw-1"

// initWitness is shorter than the default: a region alone agrees with itself, and nobody else's ledger pays for it.
const initWitness = time.Second

type initFlags struct {
	dir, region, url, master, listen, suite, network string
	connection                                       string
	tls                                              TLSConfig
	samples                                          bool
	command                                          *cobra.Command
}

func (a *app) initCommand() *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use:   "init",
		Short: "建立一省的网关 · make one region's gateway, on an embedded ledger or for a network",
		Long: `生成主密钥文件（在数据目录之外）、保险库、索引、签名密钥、配置文件，并在内嵌账本上建立一省联盟。
已有数据的目录会被拒绝，不作任何改动。请将主密钥另行备份：丢失则数据不可读。
指明 --connection 时，网关属于 Fabric 网络：不触及账本，只写出 founder.json（公开），供各省共同制定章程或日后加入。

Makes a master key outside of the data folder, the stores, the signing keys and a configuration, and founds
a consortium of one region on an embedded ledger. A folder that holds data is refused untouched. Back up the
master key apart from the data: without it nothing can be read.

With --connection the gateway is for a Fabric network. The ledger is not touched: what the region brings to the
charter, or to its admission later, is written to founder.json, which is public.`,
		Example: `  huzheng init --data ./gd --region 440000
  huzheng init --data /srv/huzheng --region 510000 --url https://gw.510000.example --master-key /etc/huzheng/master.key
  huzheng init --data ./sc --region 510000 --connection regions/510000/gateway/connection.json --network xinan-1 \
      --url https://gw.510000.example --listen 127.0.0.1:8440 --master-key sc.master.key`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.initRegion(cmd.Context(), &f) },
	}
	f.command = c
	s := c.Flags()
	s.StringVar(&f.dir, "data", "", "数据目录 · data folder")
	s.StringVar(&f.connection, "connection", "", "Fabric 网络上本省的 connection.json · the region's connection.json on a Fabric network")
	s.StringVar(&f.tls.Certificate, "tls-certificate", "", "监听用证书（PEM）· certificate of the listener")
	s.StringVar(&f.tls.Key, "tls-key", "", "其私钥（PEM）· its key")
	s.StringVar(&f.region, "region", "", "省级行政区划代码，如 440000 · GB/T 2260 code of the province")
	s.StringVar(&f.url, "url", "", "网关对外地址，写入证照后不可再改（https；默认为示例地址 https://gw.代码.example）· base URL, named in certificates for ever")
	s.StringVar(&f.master, "master-key", "", "主密钥文件（默认 DIR.master.key）；已存在则沿用 · master key file; one that exists is used")
	s.StringVar(&f.listen, "listen", "127.0.0.1:8440", "监听地址（指明 --connection 时默认取其中的地址）· where serve listens; with --connection the default is the one named there")
	s.StringVar(&f.suite, "suite", string(attest.SuiteStd), "密码套件 · suite: std (SHA-256, ES256) or gm (SM3, SM2, SM4)")
	s.StringVar(&f.network, "network", "", "联盟编号（默认随机）· id of the consortium")
	s.BoolVar(&f.samples, "samples", true, "登记示例颁发机构和三种证照类型 · register sample authorities and three certificate types")
	_ = c.MarkFlagRequired("data")
	_ = c.MarkFlagRequired("region")
	return c
}

// initReport is the JSON document of init.
type initReport struct {
	Data        string   `json:"data"`
	Config      string   `json:"config"`
	MasterKey   string   `json:"master_key"`
	Keyring     string   `json:"keyring"`
	Network     string   `json:"network"`
	Region      string   `json:"region"`
	URL         string   `json:"url"`
	Authorities []string `json:"authorities"`
	Types       []string `json:"types"`
	GatewayKey  string   `json:"gateway_key"`       // file to pin: huzheng snapshot trust
	Founder     string   `json:"founder,omitempty"` // file for the charter or the admission, on a network
}

func (f *initFlags) complete() error {
	if gbt.Level(f.region) != 1 {
		return usagef("--region 是省级行政区划代码，如 440000 · is the code of a province")
	}
	if _, ok := gbt.Province(f.region); !ok {
		return usagef("--region %s is no province of GB/T 2260", f.region)
	}
	if !attest.Suite(f.suite).Valid() {
		return usagef("--suite is std or gm")
	}
	if f.master == "" {
		f.master = strings.TrimRight(f.dir, string(filepath.Separator)) + ".master.key"
	}
	for _, path := range []*string{&f.dir, &f.master, &f.connection, &f.tls.Certificate, &f.tls.Key} {
		if err := absolute(path); err != nil {
			return err
		}
	}
	if f.connection != "" {
		return f.completeForNetwork()
	}
	if f.url == "" {
		f.url = "https://gw." + f.region + ".example"
	}
	if f.network == "" {
		var random [6]byte
		_, _ = rand.Read(random[:]) // never fails
		f.network = fmt.Sprintf("huzheng-%s-%x", f.region, random)
	}
	return nil
}

// absolute leaves a path that is not given.
func absolute(path *string) (err error) {
	if *path == "" {
		return nil
	}
	if *path, err = filepath.Abs(*path); err != nil {
		return usagef("%w", err)
	}
	return nil
}

// completeForNetwork asks for what others will read in the charter, where an example would stand for ever.
func (f *initFlags) completeForNetwork() error {
	if f.network == "" || f.url == "" {
		return usagef("--connection needs --network and --url: the charter names both")
	}
	if f.command.Flags().Changed("samples") {
		return usagef("--samples is for an embedded ledger: register with huzheng authority and huzheng type")
	}
	if f.command.Flags().Changed("listen") {
		return nil
	}
	connection, err := fabric.ReadConnection(f.connection)
	if err != nil {
		return &configError{err}
	}
	if connection.Listen != "" {
		f.listen = connection.Listen
	}
	return nil
}

func (a *app) initRegion(ctx context.Context, f *initFlags) error {
	if err := f.complete(); err != nil {
		return err
	}
	config := f.config()
	if err := config.Validate(); err != nil {
		return usagef("%w", err)
	}
	if err := config.connect(&consortium.Plan{}); err != nil {
		return err // before anything is made
	}
	if err := refuseExisting(f.dir, f.dir+".keyring"); err != nil {
		return err
	}
	if err := makeMaster(f.master, f.dir, f.dir+".keyring"); err != nil {
		return err
	}
	plan, err := config.plan(slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	plan.Suite = attest.Suite(f.suite)
	report := &initReport{Data: f.dir, Config: filepath.Join(f.dir, configName), MasterKey: f.master, Keyring: f.dir + ".keyring",
		Network: f.network, Region: f.region, URL: f.url, GatewayKey: filepath.Join(f.dir, gatewayKeyName)}
	if plan.Connection != nil {
		err = a.bring(plan, report)
	} else {
		err = a.found(ctx, plan, f.samples, report)
	}
	if err != nil {
		return err
	}
	// The configuration comes last: a folder without it was not completed.
	if err := writeConfig(report.Config, config); err != nil {
		return err
	}
	return a.emit(report, func() error { return a.printInit(report) })
}

// config is what serve will run.
func (f *initFlags) config() *Config {
	c := &Config{Network: f.network, Gateways: []GatewayConfig{{
		Region: f.region, URL: f.url, Dir: filepath.Join(f.dir, f.region), Keyring: f.dir + ".keyring", MasterKey: f.master,
		Listen: f.listen, TLS: f.tls}},
		Batch: BatchConfig{Size: notary.DefaultBatchSize, Wait: notary.DefaultBatchWait}}
	if f.connection != "" {
		c.Ledger.Connection, c.Witness = f.connection, follow.DefaultInterval
	} else {
		c.Ledger.Dir, c.Witness = filepath.Join(f.dir, "ledger"), initWitness
	}
	return c
}

func refuseExisting(dirs ...string) error {
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if len(entries) > 0 {
			return attest.Errorf(attest.CodeStoreExists, "%s is not empty; nothing was changed", dir)
		}
	}
	return nil
}

// makeMaster makes the master key file where there is none; one that is there must be sound.
func makeMaster(path string, dirs ...string) error {
	if _, err := os.Stat(path); err == nil {
		_, err = keys.LoadMaster(path, dirs...)
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	_, err := keys.NewMasterFile(path, dirs...)
	return err
}

// found makes everything and registers the samples.
func (a *app) found(ctx context.Context, plan *consortium.Plan, samples bool, report *initReport) error {
	c, err := consortium.Found(ctx, plan)
	if err != nil {
		return err
	}
	if samples {
		report.Authorities, report.Types, err = registerSamples(ctx, c, plan.Members[0].Region.Code)
	}
	if err == nil {
		err = writePublicKey(c.Gateway(report.Region), registry.KeyID(report.Region, firstGatewayKey), report.GatewayKey)
	}
	return errors.Join(err, c.Close())
}

// bring makes the stores of a gateway on a network, and writes what the region hands to the others.
func (a *app) bring(plan *consortium.Plan, report *initReport) error {
	m := &plan.Members[0]
	founder, err := gateway.Create(m.Place, plan.Suite, m.Region)
	if err != nil {
		return err
	}
	entry := charter.Entry{Network: plan.Network, Suite: plan.Suite, Founder: *founder}
	report.Founder = filepath.Join(report.Data, founderName)
	if err := writeFile(report.Founder, entry.Encode()); err != nil {
		return err
	}
	for _, k := range founder.Keys {
		if k.Use == attest.UseGateway {
			return writeFile(report.GatewayKey, append(k.Public.JWK(), '\n'))
		}
	}
	return nil
}

func writeFile(name string, data []byte) error {
	return writeWhole(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// registerSamples registers the sample types and authorities of a region.
func registerSamples(ctx context.Context, c *consortium.Consortium, region string) (authorities, types []string, err error) {
	g := c.Gateway(region)
	kinds, err := sample.Types()
	if err != nil {
		return nil, nil, err
	}
	for _, t := range kinds {
		if err := g.AddType(ctx, t.CertificateType()); err != nil {
			return nil, nil, err
		}
		types = append(types, string(t.Code))
	}
	list, err := sample.Authorities(region)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range list {
		if err := g.AddAuthority(ctx, authorityOf(s)); err != nil {
			return nil, nil, err
		}
		authorities = append(authorities, string(s.Code))
	}
	return authorities, types, nil
}

func authorityOf(s sample.Authority) attest.Authority {
	out := attest.Authority{Code: string(s.Code), Name: s.Name, Division: s.Division, Parent: string(s.Parent)}
	for _, t := range s.Types {
		out.Types = append(out.Types, string(t))
	}
	return out
}

// gatewayKeyName is the file of the public key that verifies a gateway's snapshots and receipts, beside the configuration.
const gatewayKeyName = "gateway.jwk.json"

// founderName is the file of what a region brings to a charter or an admission, beside the configuration.
const founderName = "founder.json"

// writePublicKey writes a key of the ledger for those who are to trust it.
func writePublicKey(g *gateway.Gateway, id, name string) error {
	k, err := g.Index().Key(id)
	if err != nil {
		return err
	}
	if k == nil {
		return attest.Errorf(attest.CodeKeyUnknown, "the key %s is not registered", id)
	}
	return writeFile(name, append(k.Public.JWK(), '\n'))
}

// writeConfig writes the configuration with paths relative to it, so that the folder may move with its neighbours.
func writeConfig(name string, c *Config) error {
	out := *c
	out.Gateways = append([]GatewayConfig(nil), c.Gateways...)
	base := filepath.Dir(name)
	relative := func(p *string) {
		if r, err := filepath.Rel(base, *p); err == nil && *p != "" {
			*p = r
		}
	}
	relative(&out.Ledger.Dir)
	relative(&out.Ledger.Connection)
	for i := range out.Gateways {
		g := &out.Gateways[i]
		relative(&g.Dir)
		relative(&g.Keyring)
		relative(&g.MasterKey)
		relative(&g.TLS.Certificate)
		relative(&g.TLS.Key)
	}
	text, err := yaml.Marshal(out)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // in the operator's own folder
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

func (a *app) printInit(r *initReport) error {
	a.printf("已建立 · made  %s  联盟 network %s\n\n", r.Region, r.Network)
	a.printf("  数据目录 data        %s\n  主密钥 master key    %s（请另行备份 · back it up apart）\n  主体密钥 keyring     %s\n  网关公钥 gateway key %s\n",
		r.Data, r.MasterKey, r.Keyring, r.GatewayKey)
	a.printf("\n下一步 · next\n")
	if r.Founder != "" {
		a.printf("  各省交换 · exchange  %s\n", r.Founder)
		a.printf("  huzheng charter make --network %s --out charter.json FOUNDER.json...\n", r.Network)
		a.printf("  huzheng charter show charter.json   # 电话核对指纹 · compare the fingerprints by telephone\n")
		a.printf("  huzheng charter sign --config %s charter.json --out %s.sig\n", r.Config, r.Region)
		return nil
	}
	a.printf("  huzheng key create --data %s --tenant 窗口 --scope issue,verify --authority '*'\n", r.Data)
	a.printf("  huzheng serve --config %s\n", r.Config)
	if len(r.Authorities) > 0 {
		a.printf("  huzheng sample --region %s --count 100 > 示例.csv\n", r.Region)
		a.printf("  huzheng issue 示例.csv --authority %s --type %s --data %s\n", r.Authorities[0], r.Types[0], r.Data)
	}
	return nil
}

// scopeNames lists every scope for a help text.
func scopeNames() []string {
	var out []string
	for _, s := range credentials.Scopes() {
		out = append(out, string(s))
	}
	return out
}
