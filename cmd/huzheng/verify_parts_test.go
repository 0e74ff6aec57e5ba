package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/qr/qrtest"
)

// TestCodesOfOnePresentationAreVerifiedTogether gives what several QR codes show as pictures, as one picture and as texts.
func TestCodesOfOnePresentationAreVerifiedTogether(t *testing.T) {
	w := gatewaytest.Found(t, gatewaytest.Options{})
	home, away := w.Regions[0], w.Regions[1]
	id := home.Constructor(1).ID
	w.Settle()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, content []byte) { require.NoError(t, os.WriteFile(at(name), content, 0o600)) }
	const needed = "certificateHolderName,certificateHolderCode"
	for holder, fields := range map[string]string{"a": needed, "b": needed + ",certificateName"} { // two presentations of one certificate
		status, _, errs := command(t, home, "certificate", "present", id, "--fields", fields, "--api", home.URL,
			"--out", at(holder+".hzp"))
		require.Equal(t, exitOK, status, errs)
		text, err := os.ReadFile(at(holder + ".hzp"))
		require.NoError(t, err)
		parts := qrtest.PartsOf(t, string(text))
		for i, picture := range parts.Pictures {
			write(fmt.Sprintf("%s%d.png", holder, i), picture)
		}
		write(holder+".png", parts.Sheet)
		write(holder+".parts.txt", []byte(strings.Join(parts.Texts, "\n")+"\n"))
	}
	verify := func(want int, names ...string) string {
		t.Helper()
		args := []string{"verify", "--api", away.URL, "--scenario", gatewaytest.Scenario, "--use-cause", gatewaytest.UseCause, "--json"}
		for _, name := range names {
			args = append(args, at(name))
		}
		status, out, errs := command(t, away, args...)
		require.Equal(t, want, status, "%v: %s%s", names, out, errs)
		return out + errs
	}
	for _, c := range []struct {
		names     []string
		judged    int
		fromPhoto bool
	}{
		{[]string{"a1.png", "a0.png", "a1.png"}, 1, true},
		{[]string{"a.png"}, 1, true},
		{[]string{"a.parts.txt"}, 1, false},
		{[]string{"b0.png", "a0.png", "b1.png", "a1.png"}, 2, true}, // of two presentations, each whole
		{[]string{"a.hzp", "b.png"}, 2, false},
	} {
		var report verifyReport
		require.NoError(t, json.Unmarshal([]byte(verify(exitOK, c.names...)), &report), "%v", c.names)
		assert.Len(t, report.Files, c.judged, "%v", c.names)
		assert.Equal(t, c.fromPhoto, report.Files[0].Carrier == carrierPicture, "%v", c.names)
	}
	out := verify(exitRefused, "a1.png")
	assert.Contains(t, out, string(attest.CodePortableMissing))
	assert.Contains(t, out, "1 / 2")
	assert.Contains(t, verify(exitRefused, "a1.png", "b0.png"), string(attest.CodePortableMixed))
}
