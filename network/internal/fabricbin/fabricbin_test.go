package fabricbin

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPinsAreTheModules(t *testing.T) {
	for _, m := range modules() {
		for _, ext := range []string{"mod", "sum"} {
			module, err := os.ReadFile(filepath.Join("..", "..", m.name, "go."+ext))
			require.NoError(t, err)
			pin, err := pins.ReadFile("pins/" + m.name + "." + ext)
			require.NoError(t, err)
			require.Equal(t, string(module), string(pin), "run go generate ./internal/fabricbin")
		}
	}
}

func TestVersions(t *testing.T) {
	versions, err := Versions()
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"github.com/hyperledger/fabric":    "v1.4.0-rc1.0.20250510200036-435a7f1a780a",
		"github.com/hyperledger/fabric-ca": "v1.5.15",
	}, versions)
}

func TestPartialCacheIsNotTakenForAWholeOne(t *testing.T) {
	p := Programs{Dir: t.TempDir()}
	require.False(t, p.complete())
	var all []string
	for _, m := range modules() {
		all = append(all, append(m.names(), m.files...)...)
	}
	for i, name := range all {
		require.NoError(t, os.WriteFile(p.Path(filepath.Base(name)), nil, 0o600))
		require.Equal(t, i == len(all)-1, p.complete(), name)
	}
}
