package registry_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// TestScripts runs the rules by the scripts in testdata/rules; `go test -run TestScripts -rewrite` writes what they
// say now. A directive is a command's name with its members; its output is the event and what was written, or the
// refusal. On every directive:
//
//	by=440000#g1        whose key signs and which kid it gives; "440000#g1@thief" signs with another key under that kid
//	net=… submitter=…   another network in the command, another organisation that submits it
//	quiet               the output leaves out what was written
//	as=…                names the command: its digest prints as cmd:<name>, `repeat <name>` submits its bytes again and
//	                    proposal=<name> approves it
//
// A440000.1 stands for the code of the first authority of a region, type:constructor and type:realestate for those
// types, root:x and cert:x for the hash and the commitment called x, batch:x/y for the batch of root x by key y.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata/rules", func(t *testing.T, path string) {
		s := &script{network: "test-network", ledger: testledger.NewMemory(), commands: map[string]submitted{},
			symbols: map[string]string{
				testledger.TypeConstructor: "type:constructor",
				testledger.TypeRealEstate:  "type:realestate",
			}}
		for _, region := range []string{"110000", "430000", "440000", "440300", "500000", "510000"} {
			for n := range 4 {
				s.symbols[testledger.USCC(t, region, n)] = fmt.Sprintf("A%s.%d", region, n)
			}
		}
		datadriven.RunTest(t, path, s.run)
	})
}

type script struct {
	t        *testing.T
	d        *datadriven.TestData
	network  string
	ledger   *testledger.Memory
	commands map[string]submitted
	symbols  map[string]string // what an output has → what a reader sees
}

type submitted struct {
	tx  registry.Tx
	raw []byte
}

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	s.t, s.d = t, d
	switch d.Cmd {
	case "pass":
		s.ledger.Pass(int(s.number("blocks", 1)))
		return "height " + strconv.FormatUint(s.ledger.Seen.Height, 10)
	case "state":
		return s.state()
	case "repeat":
		return s.submit(s.commands[d.CmdArgs[0].Key])
	case "raw":
		return s.submit(submitted{tx: registry.Tx{Submitter: s.text("submitter")}, raw: []byte(s.plain(d.Input))})
	}
	build, ok := builders[d.Cmd]
	require.True(t, ok, "no directive %s", d.Cmd)
	command := build(s)
	network := s.network
	if d.HasArg("net") {
		network = s.text("net")
	}
	raw, err := registry.Sign(network, command, testledger.Signer(t, attest.SuiteStd, s.text("by")))
	require.NoError(t, err)
	name := s.text("as")
	if name == "" {
		name = strconv.Itoa(len(s.commands) + 1)
	}
	s.symbols[testledger.Digest(raw)] = "cmd:" + name
	s.commands[name] = submitted{tx: s.tx(), raw: raw}
	return s.submit(s.commands[name])
}

// tx is a transaction by the signer's region, unless the directive says otherwise.
func (s *script) tx() registry.Tx {
	tx := registry.Tx{ID: "tx", Time: testledger.Start}
	owner, _, _ := strings.Cut(s.text("by"), "#")
	if a, err := s.ledger.Authority(owner); err == nil && a != nil {
		owner = a.Region
	}
	if tx.Submitter = testledger.MSP(owner); s.d.HasArg("submitter") {
		tx.Submitter = s.text("submitter")
	}
	return tx
}

// submit applies the command once on a state that shows a command its own writes and once on one that does not, and
// demands the same of both.
func (s *script) submit(c submitted) string {
	blind := &testledger.Overlay{Below: s.ledger.Get}
	blindEvent, blindErr := registry.Apply(blind, c.tx, c.raw)
	require.Empty(s.t, blind.Violations)
	event, writes, err := s.ledger.Apply(c.tx, c.raw)
	require.Equal(s.t, blindErr, err)
	if err != nil {
		require.NotEqual(s.t, attest.CodeInternal, attest.CodeOf(err))
		return "REFUSED " + s.readable(err.Error())
	}
	require.Equal(s.t, blindEvent, event)
	require.Equal(s.t, blind.Writes, writes)
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s", event.Name, s.readable(event.Key))
	if event.Repeat {
		out.WriteString(" (repeat)")
	}
	if s.d.HasArg("quiet") {
		return out.String()
	}
	for _, w := range writes {
		fmt.Fprintf(&out, "\n  %s = %s", s.readable(w.Key), s.readable(string(w.Value)))
	}
	return out.String()
}

// state prints the records under a prefix.
func (s *script) state() string {
	var lines []string
	for _, key := range s.ledger.Keys() {
		if strings.HasPrefix(key, s.plain(s.d.CmdArgs[0].Key)) {
			lines = append(lines, s.readable(key)+" = "+s.readable(string(s.ledger.Get(key))))
		}
	}
	return strings.Join(lines, "\n")
}

var publicKey = regexp.MustCompile(`"jwk":\{[^}]*\}`)

func (s *script) readable(text string) string {
	for from, to := range s.symbols {
		text = strings.ReplaceAll(text, from, to)
	}
	return publicKey.ReplaceAllString(text, `"jwk":{…}`)
}

var symbol = regexp.MustCompile(`A\d{6}\.\d|type:[a-z]+|cmd:[\w-]+|(root|batch|cert):[\w-]+`)

// plain puts values in the place of symbols.
func (s *script) plain(text string) string {
	return symbol.ReplaceAllStringFunc(text, func(name string) string {
		for value, known := range s.symbols {
			if known == name {
				return value
			}
		}
		value := hash(name)
		s.symbols[value] = name
		return value
	})
}

func hash(name string) string {
	sum := sha256.Sum256([]byte(name))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (s *script) text(name string) string { return strings.Join(s.list(name), ",") }

func (s *script) list(name string) []string {
	arg, ok := s.d.Arg(name)
	if !ok {
		return nil
	}
	out := make([]string, len(arg.Vals))
	for i, v := range arg.Vals {
		out[i] = s.plain(v)
	}
	return out
}

func (s *script) number(name string, otherwise int64) int64 {
	if !s.d.HasArg(name) {
		return otherwise
	}
	n, err := strconv.ParseInt(s.text(name), 10, 64)
	require.NoError(s.t, err)
	return n
}

// time is in seconds after testledger.Start; zero where the directive has none.
func (s *script) time(name string) int64 {
	if !s.d.HasArg(name) {
		return 0
	}
	return testledger.Start + s.number(name, 0)
}

// newKey reads "<name>:<use>"; the key belongs to the owner of that id.
func (s *script) newKey(name, owner string) registry.NewKey {
	id, use, _ := strings.Cut(s.text(name), ":")
	return registry.NewKey{Name: id, Use: attest.KeyUse(use),
		Public: testledger.Signer(s.t, attest.SuiteStd, registry.KeyID(owner, id)).Public()}
}

func (s *script) small(text string) uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	require.NoError(s.t, err)
	return uint32(n)
}
