package registry_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// stage is one verification about to happen: a certificate of 广东 shown in 四川, all in order. A case changes something.
type stage struct {
	*testledger.Consortium
	t         *testing.T
	authority string // USCC of the issuer
	key       string // its key id
	issued    *testledger.Issued

	show    []string // claims to disclose
	present []byte   // in place of the presentation
	receipt []byte   // in place of the receipt; empty but not nil: none
	bind    func(presentation []byte) []byte
	request attest.Request
	policy  attest.Policy
	edit    func(e *attest.Evidence) // what no ledger would say
}

func newStage(t *testing.T, suite attest.Suite) *stage {
	t.Helper()
	s := &stage{Consortium: testledger.Found(t, suite), t: t, policy: attest.DefaultPolicy(),
		show: []string{"certificateNumber", "certificateHolderName"},
		request: attest.Request{Relying: "510000", Verifier: "office-1", UseCause: "办理注册", Scenario: testledger.Scenario,
			Now: testledger.Start + 1000}}
	s.Do("440000#g1", testledger.NewType(testledger.TypeConstructor, 1))
	s.Do("440000#g1", s.NewAuthority("440000", 1, testledger.TypeConstructor))
	s.authority = testledger.USCC(t, "440000", 1)
	s.key = s.authority + "#k1"
	s.Agree(s.Agreement("builders"))
	s.issue(nil)
	return s
}

// issue issues and anchors a certificate, after change.
func (s *stage) issue(change func(c *attest.Certificate)) {
	c := s.Certificate(s.authority, 7)
	if change != nil {
		change(c)
	}
	s.issued = s.Issue(s.key, c, 7)
}

// tree issues what SignCertificate would not: the claims as JSON text, visible and hidden, header as the signer makes it.
func (s *stage) tree(typ string, change func(visible, hidden map[string]string)) {
	visible := map[string]string{}
	require.NoError(s.t, json.Unmarshal(rawMembers(s.t, s.issued.Issuer.Payload), &visible))
	hidden := map[string]string{"certificateNumber": `"TEST-0001"`}
	s.show = []string{"certificateNumber"}
	change(visible, hidden)
	var nodes []attest.Node
	for _, name := range []string{"iss", "vct", "iat", "nbf", "exp", "cnf", "status", "extra"} {
		if v, ok := visible[name]; ok {
			nodes = append(nodes, attest.Node{Name: name, Value: []byte(v)})
		}
	}
	for name, v := range hidden {
		nodes = append(nodes, attest.Node{Name: name, Hidden: true, Value: []byte(v)})
	}
	sd, err := attest.IssueSDJWT(s.Signer(s.key), typ, nodes, 1, testledger.Salts("tree"))
	require.NoError(s.t, err)
	s.issued = s.Anchor(s.key, sd, s.Certificate(s.authority, 7), 7)
}

// rawMembers is the payload's visible members, each as JSON text.
func rawMembers(t *testing.T, payload []byte) []byte {
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(payload, &members))
	out := map[string]string{}
	for name, v := range members {
		if !strings.HasPrefix(name, "_") {
			out[name] = string(v)
		}
	}
	text, err := json.Marshal(out)
	require.NoError(t, err)
	return text
}

// reheader puts another protected header on the certificate and signs it anew with the key of that id.
func (s *stage) reheader(header, signer string) {
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." +
		base64.RawURLEncoding.EncodeToString(s.issued.Issuer.Payload)
	signature, err := s.Signer(signer).Sign([]byte(input))
	require.NoError(s.t, err)
	jwt := input + "." + base64.RawURLEncoding.EncodeToString(signature)
	_, disclosures, _ := strings.Cut(s.issued.String(), "~")
	sd, err := attest.ParseSDJWT([]byte(jwt+"~"+disclosures), attest.Limits{})
	if err != nil {
		s.present = []byte(jwt + "~" + disclosures)
		return
	}
	s.issued = s.Anchor(s.key, sd, s.Certificate(s.authority, 7), 7)
}

func (s *stage) header(change func(h map[string]string)) string {
	h := map[string]string{}
	require.NoError(s.t, json.Unmarshal(s.issued.Issuer.Header.Raw(), &h))
	change(h)
	text, err := json.Marshal(h)
	require.NoError(s.t, err)
	return string(text)
}

// editReceipt is the certificate's receipt after change.
func (s *stage) editReceipt(change func(r *merkle.Receipt)) {
	r, err := merkle.ParseReceipt(s.issued.Receipt(s.Consortium))
	require.NoError(s.t, err)
	change(r)
	s.receipt = r.JSON()
}

// status records a change of the certificate's status, at seconds after the start.
func (s *stage) status(op, state, reason string, at int64) {
	e := registry.StatusEntry{Index: s.issued.Index, State: state, From: testledger.Start + at, Reason: reason}
	if state == "superseded" {
		e.Successor = base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	}
	s.Do(s.key, &registry.SetStatus{Op: "operation-" + op, Authority: s.authority, Entries: []registry.StatusEntry{e}})
}

// bound asks for key binding and has holder bind to what is asked, at seconds before now.
func (s *stage) bound(holder attest.Signer, audience, nonce string, before int64) {
	s.request.Audience, s.request.Nonce = "office-1", "nonce-1"
	s.bind = func(presentation []byte) []byte {
		out, err := attest.BindKey(presentation, holder, audience, nonce, s.request.Now-before)
		require.NoError(s.t, err)
		return out
	}
}

func (s *stage) presentation() []byte {
	if s.present != nil {
		return s.present
	}
	p := s.issued.Present(s.Consortium, s.show...)
	if s.bind != nil {
		p = s.bind(p)
	}
	return p
}

// evidence is what a verifier would gather.
func (s *stage) evidence() *attest.Evidence {
	receipt := s.receipt
	if receipt == nil {
		receipt = s.issued.Receipt(s.Consortium)
	}
	e := registry.Gather(s.Memory, s.presentation(), receipt, s.request, s.policy)
	if s.edit != nil {
		s.edit(e)
	}
	return e
}
