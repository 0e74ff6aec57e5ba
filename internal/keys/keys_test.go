package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
)

var suites = []attest.Suite{attest.SuiteStd, attest.SuiteGM}

func master(t testing.TB, seed byte) *Master {
	t.Helper()
	m, err := NewMaster(bytes.Repeat([]byte{seed}, MasterSize))
	require.NoError(t, err)
	return m
}

func TestMasterFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "master")
	_, err := LoadMaster(path)
	require.Equal(t, attest.CodeMasterMissing, attest.CodeOf(err))
	made, err := NewMasterFile(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = NewMasterFile(path)
	require.Equal(t, attest.CodeMasterExists, attest.CodeOf(err))
	read, err := LoadMaster(path)
	require.NoError(t, err)
	require.Equal(t, made.secret, read.secret)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "a temporary file is left behind")

	require.NoError(t, os.Chmod(path, 0o640))
	_, err = LoadMaster(path)
	require.Equal(t, attest.CodeMasterPermissions, attest.CodeOf(err))
	require.NoError(t, os.Chmod(path, 0o600))
	for _, bad := range []string{"", "xyz", strings.Repeat("0", 62), strings.Repeat("0", 66)} {
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o600))
		_, err = LoadMaster(path)
		require.Equal(t, attest.CodeMasterFormat, attest.CodeOf(err), bad)
	}
	_, err = LoadMaster(dir)
	require.Equal(t, attest.CodeMasterFormat, attest.CodeOf(err))
}

func TestMasterNeverLiesBesideTheData(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	require.NoError(t, os.MkdirAll(filepath.Join(data, "deep"), 0o700))
	_, err := NewMasterFile(filepath.Join(data, "deep", "master"), data)
	require.Equal(t, attest.CodeMasterBeside, attest.CodeOf(err))
	link := filepath.Join(dir, "elsewhere")
	require.NoError(t, os.Symlink(filepath.Join(data, "deep"), link))
	_, err = NewMasterFile(filepath.Join(link, "master"), data)
	require.Equal(t, attest.CodeMasterBeside, attest.CodeOf(err))
	path := filepath.Join(dir, "database.key") // a name that only begins like the folder's
	_, err = NewMasterFile(path, filepath.Join(dir, "data"))
	require.NoError(t, err)
	_, err = LoadMaster(path, filepath.Join(dir, "data"))
	require.NoError(t, err)
}

func TestMasterFromTheEnvironment(t *testing.T) {
	t.Setenv(MasterEnv, "")
	_, err := LoadMaster("")
	require.Equal(t, attest.CodeMasterMissing, attest.CodeOf(err))
	t.Setenv(MasterEnv, strings.Repeat("ab", MasterSize))
	m, err := LoadMaster("")
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat([]byte{0xab}, MasterSize), m.secret[:])
	require.NotContains(t, m.String(), "abab")
	t.Setenv(MasterEnv, "ab")
	_, err = LoadMaster("")
	require.Equal(t, attest.CodeMasterFormat, attest.CodeOf(err))
}

// TestDerivationIsFrozen pins what stores on disks depend on.
func TestDerivationIsFrozen(t *testing.T) {
	m := master(t, 1)
	seen := map[[32]byte]bool{}
	var out strings.Builder
	for _, suite := range suites {
		for _, p := range []Purpose{PurposeCheck, PurposeWrap, PurposeSigning, PurposeSubject, PurposeOperation, PurposeAudit} {
			key, err := m.Derive(suite, p)
			require.NoError(t, err)
			require.False(t, seen[key])
			seen[key] = true
			out.WriteString(string(suite) + " " + string(p) + " " + hex.EncodeToString(key[:]) + "\n")
		}
	}
	want, err := os.ReadFile("testdata/derived.txt")
	require.NoError(t, err)
	require.Equal(t, string(want), out.String())
	_, err = m.Derive("none", PurposeWrap)
	require.Equal(t, attest.CodeAlgUnknown, attest.CodeOf(err))
}

func TestKeysComeBackFromTheirFolder(t *testing.T) {
	for _, suite := range suites {
		t.Run(string(suite), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "keys")
			_, err := OpenStore(dir, master(t, 1))
			require.Equal(t, attest.CodeKeyStore, attest.CodeOf(err))
			store, err := CreateStore(dir, master(t, 1))
			require.NoError(t, err)
			made, err := store.Generate(suite, "440000#gateway")
			require.NoError(t, err)
			_, err = store.Generate(suite, "440000#gateway")
			require.Equal(t, attest.CodeKeyExists, attest.CodeOf(err))
			for _, id := range []string{"", "a", "#a", "a#", "a#b#c", "../x#y", "a#b/c"} {
				_, err = store.Generate(suite, id)
				require.Equal(t, attest.CodeKeyFormat, attest.CodeOf(err), id)
				_, err = store.Signer(id)
				require.Equal(t, attest.CodeKeyMissing, attest.CodeOf(err), id)
			}

			store, err = OpenStore(dir, master(t, 1))
			require.NoError(t, err)
			read, err := store.Signer("440000#gateway")
			require.NoError(t, err)
			require.True(t, made.Public().Equal(read.Public()))
			require.Equal(t, "440000#gateway", read.KeyID())
			signature, err := read.Sign([]byte("message"))
			require.NoError(t, err)
			require.NoError(t, made.Public().Verify([]byte("message"), signature))
			list, err := store.List()
			require.NoError(t, err)
			require.Len(t, list, 1)
			require.Equal(t, suite, list[0].Suite)
			owned, err := store.Owned("440000")
			require.NoError(t, err)
			require.Equal(t, []string{"440000#gateway"}, owned)
			owned, err = store.Owned("44000")
			require.NoError(t, err)
			require.Empty(t, owned)

			wrong, err := OpenStore(dir, master(t, 2))
			require.NoError(t, err)
			_, err = wrong.Signer("440000#gateway")
			require.Equal(t, attest.CodeMasterWrong, attest.CodeOf(err))
		})
	}
}

// TestChangedKeyFileIsFound flips each byte of a key file: it never opens as another key.
func TestChangedKeyFileIsFound(t *testing.T) {
	dir := t.TempDir()
	store, err := CreateStore(dir, master(t, 1))
	require.NoError(t, err)
	_, err = store.Generate(attest.SuiteStd, "440000#k")
	require.NoError(t, err)
	path := filepath.Join(dir, "440000#k.key")
	sound, err := os.ReadFile(path)
	require.NoError(t, err)
	for at := range bytes.TrimSpace(sound) {
		changed := bytes.Clone(sound)
		changed[at] ^= 1
		require.NoError(t, os.WriteFile(path, changed, 0o600))
		store, err := OpenStore(dir, master(t, 1))
		require.NoError(t, err)
		_, err = store.Signer("440000#k")
		code := attest.CodeOf(err)
		require.Contains(t, []attest.Code{attest.CodeKeyDamaged, attest.CodeMasterWrong, attest.CodeAlgUnknown}, code, "byte %d", at)
	}
}

func TestSignersServeManyAtOnce(t *testing.T) {
	for _, suite := range suites {
		signer, private, err := Generate(suite, "a#b")
		require.NoError(t, err)
		again, err := FromPrivate(suite, "a#b", private)
		require.NoError(t, err)
		require.True(t, signer.Public().Equal(again.Public()))
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 50 {
					signature, err := again.Sign([]byte("m"))
					if assert.NoError(t, err) && assert.Len(t, signature, attest.SignatureSize) {
						assert.NoError(t, signer.Public().Verify([]byte("m"), signature))
					}
				}
			})
		}
		wait.Wait()
	}
	_, _, err := Generate("none", "a#b")
	require.Equal(t, attest.CodeAlgUnknown, attest.CodeOf(err))
	_, err = FromPrivate(attest.SuiteStd, "a#b", make([]byte, 32))
	require.Equal(t, attest.CodeKeyFormat, attest.CodeOf(err))
}

// odd is a module that answers with whatever it is told to.
type odd struct {
	crypto.Signer
	der []byte
	err error
}

func (o odd) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return o.der, o.err }

func TestOddModulesAreRefused(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	_, err = FromCryptoSigner("a#b", p384)
	require.Equal(t, attest.CodeKeyFormat, attest.CodeOf(err))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	for _, der := range [][]byte{nil, {0x30}, {0x30, 0}, {0x30, 3, 2, 1, 1}, {0x30, 6, 2, 1, 0x81, 2, 1, 1}, {0x30, 7, 2, 1, 1, 2, 1, 1, 0}} {
		s, err := FromCryptoSigner("a#b", odd{Signer: key, der: der})
		require.NoError(t, err)
		_, err = s.Sign([]byte("m"))
		require.Equal(t, attest.CodeKeySign, attest.CodeOf(err), der)
	}
	s, err := FromCryptoSigner("a#b", odd{Signer: key, err: io.ErrUnexpectedEOF})
	require.NoError(t, err)
	_, err = s.Sign([]byte("m"))
	require.Equal(t, attest.CodeKeySign, attest.CodeOf(err))
}

func TestSealedOpensOnlyWithItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		suite := rapid.SampledFrom(suites).Draw(t, "suite")
		var key, other [32]byte
		copy(key[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		other = key
		other[0] ^= 1
		aead, err := NewAEAD(suite, key)
		require.NoError(t, err)
		otherAEAD, err := NewAEAD(suite, other)
		require.NoError(t, err)
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		additional := rapid.SliceOf(rapid.Byte()).Draw(t, "additional")
		var nonces Nonces
		sealed := Seal(nil, aead, &nonces, plain, additional)
		opened, ok := Open(nil, aead, sealed, additional)
		require.True(t, ok)
		require.True(t, bytes.Equal(plain, opened))
		_, ok = Open(nil, otherAEAD, sealed, additional)
		require.False(t, ok)
		_, ok = Open(nil, aead, sealed, append(additional, 0))
		require.False(t, ok)
		at := rapid.IntRange(0, len(sealed)-1).Draw(t, "at")
		sealed[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		_, ok = Open(nil, aead, sealed, additional)
		require.False(t, ok)
		_, ok = Open(nil, aead, sealed[:NonceSize], additional)
		require.False(t, ok)
	})
}

func TestNoncesNeverRepeat(t *testing.T) {
	var nonces Nonces
	seen := map[string]bool{}
	for range 1000 {
		n := string(nonces.Append(nil))
		require.Len(t, n, NonceSize)
		require.False(t, seen[n])
		seen[n] = true
	}
	nonces.next = 1<<32 - 1 // the counter runs over: a fresh prefix is drawn
	last := nonces.Append(nil)
	require.NotEqual(t, last[:8], nonces.Append(nil)[:8])
}

func BenchmarkSign(b *testing.B) {
	for _, suite := range suites {
		b.Run(string(suite), func(b *testing.B) {
			signer, _, err := Generate(suite, "a#b")
			require.NoError(b, err)
			message := make([]byte, 1200)
			for b.Loop() {
				if _, err := signer.Sign(message); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGenerate(b *testing.B) {
	for _, suite := range suites {
		b.Run(string(suite), func(b *testing.B) {
			for b.Loop() {
				if _, _, err := Generate(suite, "holder"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// FuzzKeyFile: a key file of any bytes is read or refused, and never with a panic.
func FuzzKeyFile(f *testing.F) {
	f.Add([]byte(`{"format":"huzheng-key/1","id":"a#b","suite":"std","public":{},"check":"","sealed":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if file, err := parseKeyFile(data); err == nil {
			assert.NotNil(t, file.Public)
		}
	})
}
