package archtest

// importRule says what the packages of some folders never reach. Folders are below the module, "x/..." with all below.
type importRule struct {
	name   string
	reason string
	from   []string // whom it binds
	except []string // who among them is free
	never  []string // folders of the module
	tests  bool     // binds their tests as well
}

// importRules are the directions of docs/architecture.md. They hold on every path, however long: a package that is reached
// through another is reached.
var importRules = []importRule{
	{
		name: "attest stands alone", reason: "an auditor verifies offline with attest and nothing else",
		from: []string{"attest/..."}, never: []string{"api/...", "chaincode/...", "client/...", "cmd/...", "internal/...", "web/..."},
	},
	{
		name: "attest is the root", reason: "registry → merkle → attest, and no way back",
		from: []string{"attest"}, never: []string{"attest/merkle/...", "attest/registry/..."}, tests: true,
	},
	{
		name: "merkle below registry", reason: "registry → merkle → attest, and no way back",
		from: []string{"attest/merkle/..."}, never: []string{"attest/registry/..."}, tests: true,
	},
	{
		name: "chaincode adapts the registry alone", reason: "an endorser links the rules, not a gateway",
		from: []string{"chaincode/...", "cmd/chaincode/..."}, never: []string{"api/...", "client/...", "internal/...", "web/..."},
	},
	{
		name: "chaincode is linked by its server alone", reason: "a gateway carries no endorser, an endorser no gateway",
		from: []string{"..."}, except: []string{"chaincode/...", "cmd/chaincode/...", "test/..."}, never: []string{"chaincode/..."},
	},
	{
		name: "handlers know interfaces", reason: "api and web declare what they consume; cmd puts it together",
		from:  []string{"api/...", "web/..."},
		never: []string{"client/...", "internal/vault/...", "internal/index/...", "internal/pebblekv/..."},
	},
	{
		name: "sections of the pages stand alone", reason: "the shell knows no section, and a section no other one",
		from: []string{"web/shell/...", "web/text/...", "web/assets/...", "web/upload/...", "web/scan/...", "web/verdict/..."}, never: []string{"web/public/...", "web/citizen/...", "web/office/...", "web/ledger/..."},
	},
	{
		name: "the demonstration's identities stay with it", reason: "a gateway lets in whom its region's platform names",
		from: []string{"..."}, except: []string{"internal/demoidp/...", "cmd/huzheng/...", "test/..."}, never: []string{"internal/demoidp/..."},
	},
	{
		name: "ledgers do not know the gateway", reason: "client, vault and index depend on the registry",
		from:  []string{"client/...", "internal/vault/...", "internal/index/..."},
		never: []string{"api/...", "web/...", "internal/notary/...", "internal/follow/...", "internal/verify/..."},
	},
	{
		name: "services know interfaces", reason: "notary, follow and verify depend on attest and on interfaces they declare",
		from: []string{"internal/notary/...", "internal/follow/...", "internal/verify/...", "internal/proofcode/...", "internal/peer/...", "internal/redemption/...", "internal/report/...", "internal/dispute/..."},
		never: []string{"api/...", "web/...", "client/...", "internal/vault/...", "internal/index/...",
			"internal/pebblekv/..."},
	},
	{
		name: "only a command puts things together", reason: "nothing is built upon a main package",
		from: []string{"..."}, except: []string{"cmd/...", "test/..."}, never: []string{"cmd/..."}, tests: true,
	},
}

// siblings never import each other: what two of them share lies below both.
var siblings = [][]string{
	{"api/...", "web/..."},
	{"web/public/...", "web/citizen/...", "web/office/...", "web/ledger/..."},
	{"internal/notary/...", "internal/follow/...", "internal/verify/...", "internal/proofcode/...", "internal/peer/...", "internal/report/...", "internal/dispute/..."},
	{"internal/vault/...", "internal/index/...", "client/embedded/...", "client/fabric/..."},
}

// dependency is one external module and the packages that may import it. One family owns a dependency, so that its change
// of version is that family's work. Tests is for modules that only tests import, anywhere.
type dependency struct {
	path   string // module path, without a major version
	owners []string
	tests  bool
	// hidden: its types stay out of exported signatures, except in the packages of shown.
	hidden bool
	shown  []string
}

var dependencies = []dependency{
	{path: "github.com/transparency-dev/merkle", owners: []string{"attest/merkle/..."}},
	{path: "filippo.io/nistec", owners: []string{"attest/internal/p256/..."}},
	{path: "github.com/emmansun/gmsm", owners: []string{"attest/...", "internal/keys/...", "internal/vault/..."}},
	{
		path:   "github.com/cockroachdb/pebble",
		owners: []string{"internal/pebblekv/...", "client/embedded/...", "internal/vault/...", "internal/index/..."},
		hidden: true, shown: []string{"internal/pebblekv/..."},
	},
	{
		path: "github.com/labstack/echo", owners: []string{"api/...", "web/..."},
		hidden: true, shown: []string{"api/...", "web/..."},
	},
	{path: "github.com/getkin/kin-openapi", owners: []string{"api/..."}},
	{path: "github.com/oapi-codegen/runtime", owners: []string{"api/..."}},
	{path: "go.yaml.in/yaml", owners: []string{"api/..."}}, // by what oapi-codegen writes
	{path: "github.com/santhosh-tekuri/jsonschema", owners: []string{"internal/notary/...", "internal/sample/..."}},
	{path: "github.com/hashicorp/golang-lru", owners: []string{"internal/index/...", "internal/verify/..."}},
	{path: "github.com/prometheus/client_golang", owners: []string{"internal/metrics/..."}},
	{path: "github.com/cenkalti/backoff", owners: []string{"internal/peer/..."}, hidden: true},
	{path: "github.com/sony/gobreaker", owners: []string{"internal/peer/..."}, hidden: true},
	{path: "github.com/goccy/go-yaml", owners: []string{"cmd/..."}},
	{path: "github.com/mattn/go-runewidth", owners: []string{"cmd/..."}},
	{path: "github.com/schollz/progressbar", owners: []string{"cmd/..."}},
	{path: "github.com/spf13/cobra", owners: []string{"cmd/..."}},
	{path: "golang.org/x/sync", owners: []string{"..."}},
	{path: "golang.org/x/sys", owners: []string{"..."}},
	{path: "golang.org/x/term", owners: []string{"cmd/..."}},
	{path: "golang.org/x/text", owners: []string{"cmd/...", "internal/importer/..."}},
	{path: "golang.org/x/time", owners: []string{"internal/throttle/..."}},
	{path: "github.com/coreos/go-oidc", owners: []string{"internal/signin/..."}, hidden: true},
	{path: "golang.org/x/oauth2", owners: []string{"internal/signin/..."}, hidden: true},
	{path: "github.com/zitadel/oidc", owners: []string{"internal/demoidp/..."}, hidden: true},
	{path: "github.com/go-jose/go-jose", owners: []string{"internal/demoidp/..."}, hidden: true}, // by what zitadel/oidc asks for
	{path: "github.com/hyperledger/fabric-gateway", owners: []string{"client/fabric/...", "test/benchnet/..."}, hidden: true},
	{
		path: "github.com/hyperledger/fabric-protos-go-apiv2", owners: []string{"client/fabric/...", "chaincode/...", "cmd/chaincode/..."},
		hidden: true, shown: []string{"client/fabric/internal/...", "cmd/chaincode/..."},
	},
	{
		path: "github.com/hyperledger/fabric-contract-api-go", owners: []string{"chaincode/...", "cmd/chaincode/...", "test/benchnet/..."},
		hidden: true, shown: []string{"chaincode/...", "test/benchnet/..."},
	},
	{
		path: "github.com/hyperledger/fabric-chaincode-go", owners: []string{"chaincode/...", "cmd/chaincode/...", "test/benchnet/..."},
		hidden: true, shown: []string{"chaincode/...", "cmd/chaincode/..."},
	},
	{
		path: "google.golang.org/grpc", owners: []string{"client/fabric/...", "cmd/chaincode/...", "test/benchnet/..."},
		hidden: true, shown: []string{"client/fabric/internal/..."},
	},
	{
		path: "google.golang.org/protobuf", owners: []string{"client/fabric/...", "chaincode/..."},
		hidden: true, shown: []string{"client/fabric/internal/..."},
	},
	{path: "rsc.io/qr", owners: []string{"internal/qr/..."}, hidden: true},
	{path: "codeberg.org/go-pdf/fpdf", owners: []string{"internal/paper/..."}, hidden: true},
	{path: "golang.org/x/image", owners: []string{"internal/paper/..."}, hidden: true},
	{path: "github.com/makiuchi-d/gozxing", owners: []string{"internal/qr/..."}, hidden: true},
	{path: "github.com/stretchr/testify", tests: true},
	{path: "pgregory.net/rapid", tests: true},
	{path: "github.com/cockroachdb/datadriven", tests: true},
	{path: "github.com/rogpeppe/go-internal", tests: true},
}

// testPackages support tests, as does every package whose name ends in "test" (indextest, beside index). They may import
// what is for tests, and nothing that ships imports them.
var testPackages = []string{"internal/archtest/...", "internal/testledger/...", "internal/vectors/...", "test/..."}

// impureStd are the standard library's ways out of a pure function. attest imports none of them: salts, times and keys
// arrive as arguments.
var impureStd = []string{
	"crypto/rand", "crypto/tls", "database", "embed", "expvar", "log", "math/rand", "net", "os", "plugin", "runtime",
	"syscall", "testing", "unsafe",
}

// attestExternal are the modules that attest may import; each has its owner above.
var attestExternal = []string{"github.com/transparency-dev/merkle", "github.com/emmansun/gmsm", "filippo.io/nistec"}
