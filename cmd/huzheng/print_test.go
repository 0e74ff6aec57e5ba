package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/paper"
)

// command runs the program with a key for a region.
func command(t *testing.T, r *gatewaytest.Region, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{out: &out, err: &errs, getenv: func(name string) string {
		if name == keyEnv {
			return r.Token
		}
		return ""
	}}
	return a.run(t.Context(), args), out.String(), errs.String()
}

// TestPaperAndPicturesAreVerified prints and presents in one province and verifies the files in another.
func TestPaperAndPicturesAreVerified(t *testing.T) {
	if _, err := paper.NewPrinter(""); attest.CodeOf(err) == attest.CodeFontMissing {
		t.Skip("no Chinese TrueType font on this machine: install fonts-droid-fallback")
	}
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, away := w.Regions[0], w.Regions[1]
	id := home.Constructor(1).ID
	w.Settle()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	run := func(want int, r *gatewaytest.Region, args ...string) string {
		t.Helper()
		status, out, errs := command(t, r, args...)
		require.Equal(t, want, status, "%s%s", out, errs)
		return out + errs
	}
	verify := func(want int, file string, more ...string) string {
		t.Helper()
		return run(want, away, append([]string{"verify", at(file), "--api", away.URL, "--scenario", gatewaytest.Scenario,
			"--use-cause", gatewaytest.UseCause}, more...)...)
	}
	run(exitOK, home, "certificate", "print", id, "--api", home.URL, "--out", at("c.pdf"))
	run(exitUsage, home, "certificate", "print", id, "--api", home.URL, "--out", at("c.pdf")) // it is there
	assert.Contains(t, verify(exitOK, "c.pdf"), "以 PDF 附件为准")
	assert.Contains(t, verify(exitOK, "c.pdf", "--json"), `"carrier": "pdf_attachment"`)

	fields := "certificateHolderName,certificateHolderCode"
	for _, name := range []string{"c.hzp", "c.png"} {
		run(exitOK, home, "certificate", "present", id, "--fields", fields, "--api", home.URL, "--out", at(name))
		verify(exitOK, name)
		assert.Contains(t, verify(exitVerdict, name, "--nonce", "mine", "--json"), "BINDING_NONCE")
	}
	run(exitOK, home, "certificate", "present", id, "--fields", fields, "--nonce", "mine", "--api", home.URL, "--out", at("n.hzp"))
	verify(exitOK, "n.hzp", "--nonce", "mine")
	verify(exitVerdict, "n.hzp")
	run(exitOK, home, "certificate", "present", id, "--api", home.URL, "--out", at("c.svg"))

	var report verifyReport
	require.NoError(t, json.Unmarshal([]byte(verify(exitOK, "c.pdf", "--json")), &report))
	receipt, _, err := attest.ParseVerificationReceipt([]byte(report.Files[0].Receipt))
	require.NoError(t, err)
	run(exitOK, away, "receipt", "print", receipt.ID, "--api", away.URL, "--out", at("r.pdf"))
	w.Settle() // the receipt may have been anchored meanwhile: the snapshot must show that the regions agree on it
	trusted(t, away, at("trust.hzs"), at("key.jwk.json"))
	out := run(exitOK, away, "verify", at("r.pdf"), "--snapshot", at("trust.hzs"), "--trust-key", at("key.jwk.json"))
	assert.Contains(t, out, gatewaytest.UseCause)

	altered(t, at)
	assert.Contains(t, verify(exitRefused, "cut.pdf"), string(attest.CodePDFFormat))
	assert.Contains(t, verify(exitRefused, "other.pdf"), string(attest.CodePDFAttachment))
	assert.Contains(t, verify(exitRefused, "blank.gif"), string(attest.CodeQRMissing))
	assert.Contains(t, verify(exitRefused, "cut.hzp"), string(attest.CodePortableFormat))
}

// trusted writes what an offline verifier of the region has.
func trusted(t *testing.T, r *gatewaytest.Region, snapshot, key string) {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, r.Gateway.Snapshot(&out))
	require.NoError(t, os.WriteFile(snapshot, out.Bytes(), 0o600))
	k, err := r.Gateway.Index().Key(r.Code + "#gw-1")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(key, k.Public.JWK(), 0o600))
}

// altered leaves files that are none.
func altered(t *testing.T, at func(string) string) {
	t.Helper()
	for name, from := range map[string]string{"cut.pdf": "c.pdf", "cut.hzp": "c.hzp"} {
		content, err := os.ReadFile(at(from))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(at(name), content[:len(content)/2], 0o600))
	}
	require.NoError(t, os.WriteFile(at("other.pdf"), []byte("%PDF-1.4\n%%EOF\n"), 0o600))
	blank := "GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
	require.NoError(t, os.WriteFile(at("blank.gif"), []byte(blank), 0o600))
}
