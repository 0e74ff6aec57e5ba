package main

import (
	"context"
	"errors"
	"io"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/internal/importer"
)

func TestTheExampleIsAConfiguration(t *testing.T) {
	c, err := parseConfig([]byte(exampleConfig))
	require.NoError(t, err)
	assert.Equal(t, "440000", c.Gateways[0].Region)
	assert.NotZero(t, c.Batch.Wait)
	assert.NotZero(t, c.Witness)
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	replace := func(pattern, with string) string {
		out := regexp.MustCompile(pattern).ReplaceAllString(exampleConfig, with)
		require.NotEqual(t, exampleConfig, out, pattern)
		return out
	}
	for name, c := range map[string]struct{ text, says string }{
		"unknown member":    {exampleConfig + "surprise: 1\n", "surprise"},
		"no network":        {replace(`network: .*`, ""), "network is missing"},
		"a short network":   {replace(`network: .*`, "network: n"), "4 to 64"},
		"a city":            {replace(`region: .*`, `region: "440100"`), "province-level"},
		"a clear port":      {replace(`listen: .*`, "listen: 0.0.0.0:8440"), "needs tls"},
		"no port":           {replace(`listen: .*`, "listen: localhost"), "host:port"},
		"http":              {replace(`url: .*`, "url: http://gw.example"), "https"},
		"half of tls":       {replace(`# tls: .*`, "tls: {key: k}"), "certificate and key"},
		"slow witness":      {replace(`witness: .*`, "witness: 2h"), "nothing is judged"},
		"an endless batch":  {replace(`wait: .*`, "wait: 2h"), "batch.wait"},
		"no gateways":       {"network: n\nledger: {dir: d}\n", "gateways is empty"},
		"not even YAML":     {"\t- :", ""},
		"twice one section": {exampleConfig + "network: again\n", "network"},
	} {
		_, err := parseConfig([]byte(c.text))
		require.ErrorContains(t, err, c.says, name)
	}
}

func TestEveryExitStatusIsDocumented(t *testing.T) {
	documented := map[int]bool{}
	for _, e := range exitTable {
		assert.False(t, documented[e.status], "%d stands once", e.status)
		documented[e.status] = true
		assert.Regexp(t, `\p{Han}`, e.zh)
		assert.NotEmpty(t, e.en)
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want int
	}{
		{t.Context(), usagef("x"), exitUsage},
		{t.Context(), &unreachableError{io.EOF}, exitUnreachable},
		{t.Context(), attest.Errorf(attest.CodeStoreLocked, "x"), exitStore},
		{t.Context(), attest.Errorf(attest.CodeMasterWrong, "x"), exitStore},
		{t.Context(), attest.Errorf(attest.CodeRateLimited, "x"), exitUnreachable},
		{t.Context(), attest.Errorf(attest.CodeForbidden, "x"), exitForbidden},
		{t.Context(), attest.Errorf(attest.CodeCSVEmpty, "x"), exitRefused},
		{t.Context(), errors.New("x"), exitInternal},
		{interrupted, context.Canceled, exitInterrupted},
		{t.Context(), context.Canceled, exitInternal},
	} {
		got := exitOf(c.ctx, c.err)
		assert.Equal(t, c.want, got, "%v", c.err)
		assert.True(t, documented[got])
		zh, en := explain(got, c.err)
		assert.NotEmpty(t, zh)
		assert.NotEmpty(t, en)
	}
}

func TestAKeyNeverCrossesANetworkInTheClear(t *testing.T) {
	getenv := func(string) string { return "" }
	for url, ok := range map[string]bool{
		"https://gw.example": true, "http://127.0.0.1:8440": true, "http://[::1]:8440": true, "http://localhost:1": true,
		"http://gw.example": false, "http://127.0.0.1.example": false, "gw.example": false, "": false, "ftp://127.0.0.1": false,
	} {
		f := remoteFlags{url: url, key: "hz_x"}
		_, err := f.open(getenv)
		assert.Equal(t, ok, err == nil, url)
	}
}

// fakeIssuer refuses the lines that it is told to, and is out of reach for a while first.
type fakeIssuer struct {
	refuse     map[int]attest.Code
	away       int
	operations []string
	sizes      []int
}

func (f *fakeIssuer) schema(context.Context, string, int) ([]byte, error) { return nil, nil }
func (f *fakeIssuer) identity(context.Context) (network, gateway string, err error) {
	return "n", "g", nil
}
func (f *fakeIssuer) settle(context.Context) error { return nil }
func (f *fakeIssuer) close() error                 { return nil }

func (f *fakeIssuer) issue(_ context.Context, operation string, rows []*importer.Row) ([]importer.Issued, []rowFault, error) {
	f.operations, f.sizes = append(f.operations, operation), append(f.sizes, len(rows))
	if f.away > 0 {
		f.away--
		return nil, nil, &unreachableError{io.ErrUnexpectedEOF}
	}
	var faults []rowFault
	var issued []importer.Issued
	for i, row := range rows {
		if code, ok := f.refuse[row.Line]; ok {
			faults = append(faults, rowFault{index: i, code: code})
		}
		issued = append(issued, importer.Issued{Line: row.Line})
	}
	if faults != nil {
		return nil, faults, nil
	}
	return issued, nil, nil
}

func TestRefusedRowsAreLeftOutAndAnswersThatWereLostAreAskedForAgain(t *testing.T) {
	to := &fakeIssuer{refuse: map[int]attest.Code{3: attest.CodeTypeNotAccredited}, away: 2}
	run := &issueRun{app: &app{err: io.Discard}, flags: &issueFlags{version: 1}, to: to}
	rows := []*importer.Row{{Line: 2, Fields: []byte("{}")}, {Line: 3, Fields: []byte("{}")}, {Line: 4, Fields: []byte("{}")}}
	issued, refused, err := run.issueRows(t.Context(), rows)
	require.NoError(t, err)
	assert.Equal(t, []importer.Issued{{Line: 2}, {Line: 4}}, issued)
	require.Len(t, refused, 1)
	assert.Equal(t, 3, refused[0].Line)
	assert.Equal(t, attest.CodeTypeNotAccredited, refused[0].Code)
	assert.Equal(t, []int{3, 3, 3, 2}, to.sizes)
	assert.Equal(t, to.operations[0], to.operations[2], "a lost answer is asked for under the same operation")
	assert.NotEqual(t, to.operations[2], to.operations[3], "other rows are another operation")

	again := &fakeIssuer{refuse: to.refuse}
	run.to = again
	_, _, err = run.issueRows(t.Context(), rows)
	require.NoError(t, err)
	assert.Equal(t, to.operations[2:], again.operations, "another run names them alike")
}
