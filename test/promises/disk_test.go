package promises_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/api"
	"github.com/huzheng-ledger/huzheng/api/apitest"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/sample"
)

// smallDisk mounts a file system of that size for the test, or skips it with the reason.
func smallDisk(t *testing.T, bytes int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.Mkdir(dir, 0o700))
	if err := syscall.Mount("huzheng-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		t.Skipf("a small file system cannot be mounted here (%v); internal/pebblekv, internal/vault, internal/index and client/embedded fill theirs in memory", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// fill takes what is left of the disk but for keep bytes, until the file is removed.
func fill(t *testing.T, dir string, keep int64) (file string) {
	t.Helper()
	var stat syscall.Statfs_t
	require.NoError(t, syscall.Statfs(dir, &stat))
	file = filepath.Join(dir, "ballast")
	f, err := os.Create(file)
	require.NoError(t, err)
	_, err = io.CopyN(f, zeros{}, int64(stat.Bavail)*stat.Bsize-keep)
	if !errors.Is(err, syscall.ENOSPC) {
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
	return file
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestAFullDiskLosesNothing is promise 12 for the system: certificates are issued until the disk has no room. From then on
// every answer is an error and none a verdict; with room again and opened anew, everything that was acknowledged is there,
// is anchored, and verifies in the other province.
func TestAFullDiskLosesNothing(t *testing.T) {
	dir := smallDisk(t, 64<<20)
	w := gatewaytest.Found(t, gatewaytest.Options{Dir: dir})
	home := w.Regions[0]
	acknowledged := []string{home.Constructor(0).ID}
	ballast := fill(t, dir, 256<<10)
	var refusal *apitest.Response
	for n := range 10_000 {
		answer := home.Client.Do(apitest.Request{Path: "/v1/certificates", Key: fmt.Sprintf("until-full-%d", n),
			Body: api.IssueRequest{Certificates: []api.NewCertificate{home.NewCertificate(sample.TypeConstructor, n+1)}}})
		if answer.Status != http.StatusCreated {
			refusal = answer
			break
		}
		var out api.IssueResponse
		answer.JSON(&out)
		acknowledged = append(acknowledged, out.Certificates[0].ID)
	}
	require.NotNil(t, refusal, "the disk never filled")
	assert.Contains(t, []int{http.StatusServiceUnavailable, http.StatusInternalServerError, http.StatusGatewayTimeout}, refusal.Status, "%s", refusal.Body)
	assert.Contains(t, []string{"STORE_FULL", "STORE_FAILED"}, refusal.Problem().Code)
	home.Client.Do(apitest.Request{Path: "/v1/verifications", Body: api.VerificationRequest{Presentation: "a~", UseCause: gatewaytest.UseCause,
		Scenario: gatewaytest.Scenario}}).Refused(refusal.Status, refusal.Problem().Code)
	var health api.Health
	home.Client.As("").Get("/readyz").Require(http.StatusServiceUnavailable).JSON(&health)
	require.NotEmpty(t, health.Reasons)
	assert.Equal(t, refusal.Problem().Code, health.Reasons[0].Code)

	require.Error(t, w.Close(), "a store that failed says so when it is closed")
	require.NoError(t, os.Remove(ballast))
	w.Reopen()
	home, abroad := w.Regions[0], w.Regions[1]
	require.NoError(t, home.Gateway.Notary().Flush(t.Context()))
	w.Settle()
	for _, id := range acknowledged {
		v := abroad.Verify(home.Present(id, abroad, "nonce-1"))
		require.Equal(t, api.Result("valid"), v.Result, "%s %+v", v.Code, v.Checks)
	}
	t.Logf("%d acknowledged until the disk was full, 0 lost", len(acknowledged))
}
