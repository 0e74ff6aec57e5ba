package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/client/fabric"
	"github.com/huzheng-ledger/huzheng/internal/consortium"
	"github.com/huzheng-ledger/huzheng/internal/gateway"
	"github.com/huzheng-ledger/huzheng/internal/keys"
)

// configName is the configuration's name in the folder that init makes.
const configName = "huzheng.yaml"

// Config is what serve runs, and where everything lies. Paths are relative to the file they are read from. Unknown
// members are refused.
type Config struct {
	Network  string          `yaml:"network"`  // id of the consortium; a ledger of another one is refused
	Ledger   LedgerConfig    `yaml:"ledger"`   // the embedded ledger, or a place on a Fabric network
	Gateways []GatewayConfig `yaml:"gateways"` // one or several regions
	Batch    BatchConfig     `yaml:"batch"`
	Witness  time.Duration   `yaml:"witness"` // a region states what it has applied this long after traffic; default 5s
	Log      LogConfig       `yaml:"log"`
}

// LedgerConfig says which ledger the gateways work on: exactly one of its members is set.
type LedgerConfig struct {
	Dir        string `yaml:"dir,omitempty"`        // folder of the embedded ledger
	Connection string `yaml:"connection,omitempty"` // connection.json of the one gateway's region on a Fabric network
}

// GatewayConfig is one region's gateway.
type GatewayConfig struct {
	Region    string     `yaml:"region"`         // GB/T 2260, e.g. "440000"; in quotes, as YAML reads numbers otherwise
	URL       string     `yaml:"url"`            // base URL that certificates name for ever: where others reach this gateway
	Dir       string     `yaml:"dir"`            // vault, index, signing keys, API credentials
	Keyring   string     `yaml:"keyring"`        // the subjects' keys; outside of dir
	MasterKey string     `yaml:"master_key"`     // file of mode 0600 outside of dir and keyring; empty: environment HUZHENG_MASTER_KEY
	Listen    string     `yaml:"listen"`         // host:port
	Peer      PeerConfig `yaml:"peer,omitempty"` // where other regions' gateways reach this one, and it them
	TLS       TLSConfig  `yaml:"tls,omitempty"`  // needed unless listen is on the loopback or behind_proxy is set
	// BehindProxy says that a proxy on the way ends TLS, so that listening in the clear beyond this machine is meant, and
	// that nobody else reaches the port, so that the last entry of X-Forwarded-For is the client's address.
	BehindProxy bool `yaml:"behind_proxy,omitempty"`
	// SignIn lets citizens and staff in at the pages; without it only what is public works there.
	SignIn *SignInConfig `yaml:"sign_in,omitempty"`
}

// PeerConfig is the traffic between regions' gateways: mutual TLS whose keys the ledger's gateway keys vouch for, so that no
// certificate has to be given here.
type PeerConfig struct {
	// Listen is a host:port. Default: as the connection.json of a network says; 127.0.0.1 and a free port elsewhere.
	Listen  string            `yaml:"listen"`
	Regions map[string]string `yaml:"regions,omitempty"` // host:port; default: connection.json, then the registered host, port 9440
}

// TLSConfig names PEM files; both or none.
type TLSConfig struct {
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
}

// BatchConfig says when recorded leaves are anchored. Zero values take the defaults.
type BatchConfig struct {
	Size int           `yaml:"size"` // default 4096
	Wait time.Duration `yaml:"wait"` // default 500ms
}

// LogConfig says how much is logged. Logs are JSON lines on standard error.
type LogConfig struct {
	Level slog.Level `yaml:"level"` // debug, info, warn, error; default info
}

// exampleConfig is printed by serve --example and read back by a test.
const exampleConfig = `# 互证网关配置 · configuration of huzheng serve. 路径相对本文件 · paths are relative to this file.
network: guangdong-1            # 联盟编号 · id of the consortium
ledger:
  dir: ledger                   # 内嵌账本 · the embedded ledger
  # connection: /srv/huzheng/gateway/connection.json   # 或：Fabric 网络上本省的位置，此时只有一个网关 · or this region's place on a
  #                               Fabric network, of one gateway, whose organisation (MSP) is the connection's; dir is left out then
gateways:
  - region: "440000"            # 省级行政区划代码 · region
    url: https://gw.example     # 对外地址，写入证照，不可再改 · written into certificates, for ever
    dir: "440000"               # 保险库、索引、密钥、凭证 · vault, index, keys, credentials
    keyring: ../gd.keyring      # 主体密钥，须在数据目录之外 · the subjects' keys, outside of the data
    master_key: ../gd.master.key  # 主密钥文件（0600）；留空取环境变量 · empty: HUZHENG_MASTER_KEY
    listen: 127.0.0.1:8440
    # peer: {listen: 0.0.0.0:9440, regions: {"510000": gw.sichuan.example:9440}}   # 省际互通（双向 TLS；联盟网络上默认取 connection.json）· between regions; on a network, by default, as its connection.json says
    # tls: {certificate: gw.crt, key: gw.key}   # 非本机监听时必需 · needed beyond the loopback
    # sign_in: {issuer: https://id.example, client_id: huzheng, client_secret_file: ../gd.client-secret}  # 统一身份认证平台 · OpenID Connect
    # behind_proxy: true                        # 由前置代理终止 TLS，并以其 X-Forwarded-For 为准 · a proxy ends TLS and names the client
batch:
  size: 4096                    # 凑满即上链 · leaves that close a batch
  wait: 500ms                   # 最久等待 · age that closes a batch
witness: 5s                     # 见证间隔 · statements after traffic
log:
  level: info                   # debug, info, warn, error
`

// configError is a configuration that makes no sense or cannot be read.
type configError struct{ err error }

func (e *configError) Error() string { return e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// readConfig reads and checks a configuration. A file that is not there is a store that is missing.
func readConfig(name string) (*Config, error) {
	data, err := os.ReadFile(name) //nolint:gosec // the operator's own file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, attest.Errorf(attest.CodeStoreMissing, "there is no %s; huzheng init makes one", name)
	}
	if err != nil {
		return nil, &configError{err}
	}
	c, err := parseConfig(data)
	if err != nil {
		return nil, &configError{fmt.Errorf("%s: %w", name, err)}
	}
	c.resolve(filepath.Dir(name))
	return c, nil
}

func parseConfig(data []byte) (*Config, error) {
	c := &Config{}
	if err := yaml.UnmarshalWithOptions(data, c, yaml.Strict(), yaml.DisallowUnknownField()); err != nil {
		return nil, errors.New(yaml.FormatError(err, false, true))
	}
	return c, c.Validate()
}

// resolve makes paths absolute.
func (c *Config) resolve(base string) {
	at := func(p *string) {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(base, *p)
		}
	}
	at(&c.Ledger.Dir)
	at(&c.Ledger.Connection)
	for i := range c.Gateways {
		g := &c.Gateways[i]
		if g.SignIn != nil {
			at(&g.SignIn.ClientSecretFile)
		}
		for _, p := range []*string{&g.Dir, &g.Keyring, &g.MasterKey, &g.TLS.Certificate, &g.TLS.Key} {
			at(p)
		}
	}
}

// networkID is what the ledger's rules take as the id of a consortium.
var networkID = regexp.MustCompile(`^[0-9A-Za-z._-]{4,64}$`)

// Validate reports everything that is missing or makes no sense.
func (c *Config) Validate() error {
	var errs []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	need(c.Network != "", "network is missing")
	need(c.Network == "" || networkID.MatchString(c.Network), "network is not 4 to 64 letters, digits, '-', '_' and '.'")
	need(c.Ledger.Dir != "" || c.Ledger.Connection != "", "ledger.dir or ledger.connection is missing")
	need(c.Ledger.Dir == "" || c.Ledger.Connection == "", "ledger has a dir or a connection, not both")
	need(c.Ledger.Connection == "" || len(c.Gateways) == 1, "on a network a process runs one gateway")
	need(len(c.Gateways) > 0, "gateways is empty")
	need(c.Batch.Size >= 0 && c.Batch.Size <= 1<<20, "batch.size is not in 0..1048576")
	need(c.Batch.Wait >= 0 && c.Batch.Wait <= time.Minute, "batch.wait is not in 0..1m")
	need(c.Witness >= 0 && c.Witness <= time.Minute, "witness is not in 0..1m: after a minute nothing is judged any more")
	seen := map[string]bool{}
	for i := range c.Gateways {
		g := &c.Gateways[i]
		need(!seen[g.Region], "region %s stands twice", g.Region)
		seen[g.Region] = true
		errs = append(errs, g.validate())
	}
	return errors.Join(errs...)
}

func (g *GatewayConfig) validate() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("region %q: %s", g.Region, what))
		}
	}
	need(gbt.Level(g.Region) == 1, "not a province-level division code, in quotes")
	need(g.Dir != "" && g.Keyring != "", "dir or keyring is missing")
	host, _, err := net.SplitHostPort(g.Listen)
	need(err == nil, "listen is not host:port")
	need(g.Peer.valid(), "peer.listen is not host:port, or peer.regions is not division codes, in quotes, with host:port")
	need((g.TLS.Certificate == "") == (g.TLS.Key == ""), "tls needs certificate and key")
	need(err != nil || g.BehindProxy || g.TLS.Key != "" || loopback(host),
		"listening beyond this machine needs tls, or behind_proxy where a proxy ends it")
	need(g.SignIn.validate() == nil, "sign_in needs issuer (https) and client_id")
	need(checkURL(g.URL) == nil, "url is not https://host[/path] without a final slash")
	return errors.Join(errs...)
}

func (p *PeerConfig) valid() bool {
	hostPort := func(address string) bool {
		_, _, err := net.SplitHostPort(address)
		return err == nil
	}
	for region, address := range p.Regions {
		if gbt.Level(region) != 1 || !hostPort(address) {
			return false
		}
	}
	return p.Listen == "" || hostPort(p.Listen)
}

// checkURL checks the base URL of a gateway: it becomes the beginning of every iss.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.HasSuffix(text, "/") {
		return fmt.Errorf("not a base URL: %q", text)
	}
	if u.Scheme == "https" {
		return nil
	}
	return errors.New("a gateway's URL is https")
}

// plan loads the master keys and the connection, and says what is to be opened.
func (c *Config) plan(logger *slog.Logger) (*consortium.Plan, error) {
	p := &consortium.Plan{Network: c.Network, LedgerDir: c.Ledger.Dir, BatchSize: c.Batch.Size, BatchWait: c.Batch.Wait,
		WitnessEvery: c.Witness, API: api.DefaultConfig(), Logger: logger}
	p.API.Version = version
	if err := c.connect(p); err != nil {
		return nil, err
	}
	for i := range c.Gateways {
		g := &c.Gateways[i]
		master, err := keys.LoadMaster(g.MasterKey, g.Dir, g.Keyring)
		if err != nil {
			return nil, fmt.Errorf("region %s: %w", g.Region, err)
		}
		province, _ := gbt.Province(g.Region)
		m := consortium.Member{
			Place:  gateway.Place{Dir: g.Dir, Keyring: g.Keyring, Master: master},
			Region: attest.Region{Code: g.Region, Name: province.Chinese, MSP: consortium.MSP(g.Region), URL: g.URL},
		}
		m.PeerListen, m.PeerAddresses = g.Peer.Listen, g.Peer.Regions
		if p.Connection != nil {
			m.Region.MSP = p.Connection.Identity.MSPID
			m.PeerListen = cmp.Or(m.PeerListen, p.Connection.PeerListen)
			m.PeerAddresses = maps.Clone(p.Connection.Gateways)
			maps.Copy(m.PeerAddresses, g.Peer.Regions)
		}
		if g.BehindProxy {
			m.ClientAddress = api.ForwardedAddress
		}
		if m.Pages, err = g.pages(); err != nil {
			return nil, err
		}
		p.Members = append(p.Members, m)
	}
	return p, nil
}

// connect reads the place on a network, where the configuration names one.
func (c *Config) connect(p *consortium.Plan) error {
	if c.Ledger.Connection == "" {
		return nil
	}
	connection, err := fabric.ReadConnection(c.Ledger.Connection)
	if err != nil {
		return &configError{err}
	}
	if region := c.Gateways[0].Region; connection.Region != region {
		return &configError{fmt.Errorf("the gateway is of region %s, the connection of region %s", region, connection.Region)}
	}
	p.Connection = &connection
	return nil
}
