package fabricbin

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

//go:embed pins
var pins embed.FS

// The programs, by the names of their files.
const (
	Peer        = "peer"
	Orderer     = "orderer"
	Osnadmin    = "osnadmin"
	Configtxgen = "configtxgen"
	CAServer    = "fabric-ca-server"
)

// Fabric's own configuration files, with its defaults, by the names of their files.
const (
	PeerConfig    = "core.yaml"
	OrdererConfig = "orderer.yaml"
)

// module is a pinned tool module and the programs that are built from it.
type module struct {
	name     string            // of its pins
	ldflags  string            // so that a program can say which release it is
	programs map[string]string // file name → package path
	files    []string          // files of the upstream module that are kept beside the programs
}

// Release is the Fabric release that the pinned pseudo-version stands for.
const Release = "3.1.1"

func modules() []module {
	const fabric, ca = "github.com/hyperledger/fabric/cmd/", "github.com/hyperledger/fabric-ca/cmd/"
	return []module{
		{"fabric", "-X github.com/hyperledger/fabric/common/metadata.Version=v" + Release, map[string]string{
			Peer: fabric + Peer, Orderer: fabric + Orderer, Osnadmin: fabric + Osnadmin, Configtxgen: fabric + Configtxgen,
		}, []string{"sampleconfig/" + PeerConfig, "sampleconfig/" + OrdererConfig}},
		{"fabric-ca", "", map[string]string{CAServer: ca + CAServer}, nil},
	}
}

// Programs is a folder that holds every program.
type Programs struct{ Dir string }

// Path returns one program or configuration file, named by the constants of this package.
func (p Programs) Path(name string) string { return filepath.Join(p.Dir, name) }

// complete reports whether every program is there.
func (p Programs) complete() bool {
	for _, m := range modules() {
		for _, name := range append(m.names(), m.files...) {
			if info, err := os.Stat(p.Path(filepath.Base(name))); err != nil || !info.Mode().IsRegular() {
				return false
			}
		}
	}
	return true
}

// Versions returns the pinned version of each upstream module, by module path.
func Versions() (map[string]string, error) {
	versions := map[string]string{}
	for _, m := range modules() {
		data, err := pins.ReadFile("pins/" + m.name + ".mod")
		if err != nil {
			return nil, err
		}
		upstream := m.upstream()
		for lines := bufio.NewScanner(strings.NewReader(string(data))); lines.Scan(); {
			words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(lines.Text()), "require "))
			if len(words) >= 2 && words[0] == upstream {
				versions[upstream] = words[1]
			}
		}
	}
	return versions, nil
}

// key names the cache folder of these pins, built this way on this platform: the first 16 hexadecimal digits of a SHA-256.
func key() (string, error) {
	h := sha256.New()
	entries, err := pins.ReadDir("pins")
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		data, err := pins.ReadFile("pins/" + e.Name())
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n", e.Name(), len(data))
		_, _ = h.Write(data)
	}
	for _, m := range modules() {
		fmt.Fprintf(h, "%s %q %v %v\n", m.name, m.ldflags, m.names(), m.files)
	}
	_, _ = io.WriteString(h, runtime.GOOS+"/"+runtime.GOARCH)
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// DefaultCache is the folder that holds the programs when none is named: huzheng in the user's cache folder.
func DefaultCache() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder for Fabric's programs (name one with --cache): %w", err)
	}
	return filepath.Join(base, "huzheng"), nil
}

// upstream is the path of the module whose programs m builds.
func (m module) upstream() string { return "github.com/hyperledger/" + m.name }

// names lists the programs of a module in a fixed order.
func (m module) names() []string {
	names := make([]string, 0, len(m.programs))
	for name := range m.programs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
