package gateway_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/gateway"
	"github.com/huzheng-ledger/huzheng/network/internal/layout"
)

// standIn answers the command line as a gateway's program does, as far as files go, and notes what it was asked. What the real one
// does is tested on a real network.
const standIn = `#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/asked"
[ -n "$HUZHENG_API_KEY" ] && echo "key $HUZHENG_API_KEY" >> "$here/asked"
case "$1 $2" in
"init --data") mkdir -p "$3" "$3.keyring"; echo half > "$3/vault"; [ -e "$here/break" ] && exit 9; echo {} > "$3/founder.json"; echo > "$3/huzheng.yaml" ;;
"charter make") echo half > "$6"; [ -e "$here/break" ] && { echo "no charter" >&2; exit 9; }; echo charter > "$6" ;;
"key create") echo '{"id":"1","token":"hz_1_secret"}' ;;
"version --json") echo '{"version":"v1.2.3"}' ;;
esac
exit 0
`

type stand struct {
	t   *testing.T
	dir string
	gateway.Program
	stores gateway.Stores
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{t: t, dir: t.TempDir()}
	s.Path = filepath.Join(s.dir, "huzheng")
	require.NoError(t, os.WriteFile(s.Path, []byte(standIn), 0o700))
	files := layout.Network{Dir: filepath.Join(s.dir, "net")}.Region("440000").Gateway()
	require.NoError(t, os.MkdirAll(files.Dir, 0o700))
	s.stores = gateway.Stores{Files: files, Region: "440000", Network: "huzheng", URL: "https://gw.440000.example", Listen: "127.0.0.1:1"}
	return s
}

// broken makes the program fail half way until mend is called.
func (s *stand) broken() (mend func()) {
	s.t.Helper()
	file := filepath.Join(s.dir, "break")
	require.NoError(s.t, os.WriteFile(file, nil, 0o600))
	return func() { require.NoError(s.t, os.Remove(file)) }
}

// asked lists the command lines so far.
func (s *stand) asked() []string {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, "asked"))
	require.NoError(s.t, err)
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

func TestStoresThatWereNotFinishedAreMadeAnew(t *testing.T) {
	s := newStand(t)
	mend := s.broken()
	require.ErrorContains(t, s.Make(t.Context(), s.stores), "exit status 9")
	require.FileExists(t, filepath.Join(s.stores.Files.Data(), "vault"))
	mend()
	require.NoError(t, s.Make(t.Context(), s.stores))
	require.NoFileExists(t, s.stores.Files.Unfinished())
	require.NoError(t, s.Make(t.Context(), s.stores))
	require.Len(t, s.asked(), 2, "finished stores are left alone")
	require.Equal(t, "init --data "+s.stores.Files.Data()+" --region 440000 --connection "+s.stores.Files.Connection()+
		" --network huzheng --url https://gw.440000.example --listen 127.0.0.1:1 --master-key "+s.stores.Files.MasterKey(), s.asked()[1])
}

func TestSomebodyElsesStoresAreLeftAlone(t *testing.T) {
	s := newStand(t)
	thesis := filepath.Join(s.stores.Files.Data(), "thesis.txt")
	require.NoError(t, os.MkdirAll(s.stores.Files.Data(), 0o700))
	require.NoError(t, os.WriteFile(thesis, []byte("years"), 0o600))
	require.ErrorContains(t, s.Make(t.Context(), s.stores), s.stores.Files.Data())
	require.FileExists(t, thesis)
	require.NoFileExists(t, s.stores.Files.Unfinished())
}

func TestAHostOfItsOwnShowsItsCertificate(t *testing.T) {
	s := newStand(t)
	s.stores.TLS = true
	require.NoError(t, s.Make(t.Context(), s.stores))
	require.Contains(t, s.asked()[0], "--tls-certificate "+s.stores.Files.TLSCert()+" --tls-key "+s.stores.Files.TLSKey())
}

func TestACharterIsThereWholeOrNotAtAll(t *testing.T) {
	s := newStand(t)
	charter := filepath.Join(s.dir, "charter", "charter.json")
	mend := s.broken()
	require.ErrorContains(t, s.MakeCharter(t.Context(), "huzheng", charter, "a", "b"), "no charter")
	require.NoFileExists(t, charter)
	mend()
	require.NoError(t, s.MakeCharter(t.Context(), "huzheng", charter, "a", "b"))
	require.NoError(t, s.MakeCharter(t.Context(), "huzheng", charter, "a", "b"))
	require.Len(t, s.asked(), 2, "a charter that is there is never made anew: it may be signed")
	require.NoFileExists(t, charter+".partial")
}

func TestKeysAreMadeOnceAndStayOutOfArguments(t *testing.T) {
	s := newStand(t)
	file := s.stores.Files.Access()
	want := gateway.Access{Region: "440000", Name: "广东", URL: "http://127.0.0.1:1", Key: "hz_1_secret"}
	for range 2 {
		require.NoError(t, s.MakeAccess(t.Context(), s.stores.Files.Data(), file, gateway.Access{Region: want.Region, Name: want.Name, URL: want.URL}))
	}
	require.Len(t, s.asked(), 1)
	got, err := gateway.ReadAccess(file)
	require.NoError(t, err)
	require.Equal(t, want, got)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	require.NoError(t, s.Propose(t.Context(), got, "founder.json"))
	require.NoError(t, s.Approve(t.Context(), got, "520000"))
	require.Equal(t, []string{
		"region propose founder.json --api http://127.0.0.1:1", "key hz_1_secret",
		"region approve 520000 --api http://127.0.0.1:1", "key hz_1_secret",
	}, s.asked()[1:])
	version, err := s.Version(t.Context())
	require.NoError(t, err)
	require.Equal(t, "v1.2.3", version)
}
