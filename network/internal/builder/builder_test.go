package builder_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/network/internal/builder"
)

func connection() builder.Connection {
	return builder.Connection{
		Address: "127.0.0.1:17052", DialTimeout: "10s", TLSRequired: true, ClientAuthRequired: true, RootCert: "-----root-----",
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	return filepath.Join(dir, name)
}

func TestOnlyItsNamesAreMeant(t *testing.T) {
	for _, args := range [][]string{nil, {"/usr/bin/huzheng-net", "up"}, {"detector"}} {
		meant, err := builder.Run(args, os.Getenv)
		require.False(t, meant, args)
		require.NoError(t, err)
	}
	meant, err := builder.Run([]string{"/x/bin/detect", "one folder"}, os.Getenv)
	require.True(t, meant)
	require.Error(t, err, "two are needed")
}

func TestDetect(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "metadata.json", `{"type":"`+builder.Type+`","label":"huzheng_1"}`)
	_, err := builder.Run([]string{"detect", t.TempDir(), dir}, os.Getenv)
	require.NoError(t, err)
	write(t, dir, "metadata.json", `{"type":"golang","label":"huzheng_1"}`)
	_, err = builder.Run([]string{"detect", t.TempDir(), dir}, os.Getenv)
	require.ErrorContains(t, err, "golang")
}

func TestBuildAndReleaseAddThePeersOwnKey(t *testing.T) {
	source, built, released, keys := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	text, err := json.Marshal(connection())
	require.NoError(t, err)
	write(t, source, "connection.json", string(text))
	env := map[string]string{builder.EnvCert: write(t, keys, "cert.pem", "the certificate"), builder.EnvKey: write(t, keys, "key.pem", "the key")}

	_, err = builder.Run([]string{"build", source, t.TempDir(), built}, nil)
	require.NoError(t, err)
	_, err = builder.Run([]string{"release", built, released}, func(name string) string { return env[name] })
	require.NoError(t, err)

	data, err := os.ReadFile(filepath.Join(released, "chaincode", "server", "connection.json"))
	require.NoError(t, err)
	var got builder.Connection
	require.NoError(t, json.Unmarshal(data, &got))
	want := connection()
	want.ClientCert, want.ClientKey = "the certificate", "the key"
	require.Equal(t, want, got)
}

func TestConnectionWithoutTLSIsRefused(t *testing.T) {
	source := t.TempDir()
	write(t, source, "connection.json", `{"address":"127.0.0.1:1","dial_timeout":"1s"}`)
	_, err := builder.Run([]string{"build", source, t.TempDir(), t.TempDir()}, nil)
	require.ErrorContains(t, err, "TLS")
}

func TestPackageIsTheSameBytesAndChangesWithTheProgram(t *testing.T) {
	one, err := builder.Package("huzheng_1_1", connection(), "aa11")
	require.NoError(t, err)
	again, err := builder.Package("huzheng_1_1", connection(), "aa11")
	require.NoError(t, err)
	require.Equal(t, one, again)
	other, err := builder.Package("huzheng_1_1", connection(), "bb22")
	require.NoError(t, err)
	require.NotEqual(t, one, other)

	digest, err := builder.Digest(other)
	require.NoError(t, err)
	require.Equal(t, "bb22", digest)
	_, err = builder.Digest([]byte("no package"))
	require.Error(t, err)
}
