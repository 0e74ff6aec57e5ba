package registry_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/merkle"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// judged is one verification and the verdict it must lead to. code is the verdict's; where a check carries another one
// that matters, check and its code say so.
type judged struct {
	name   string
	change func(s *stage)
	result attest.Result
	code   attest.Code
	also   map[attest.CheckName]attest.Code
}

func TestJudge(t *testing.T) {
	seen := map[attest.Code]bool{}
	results := map[attest.Result]bool{}
	for _, cases := range [][]judged{accepted(), unreadable(), unsigned(), anchored(), timely(), bound(), recognised(), doubtful()} {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				s := newStage(t, attest.SuiteStd)
				c.change(s)
				v := attest.Judge(s.evidence())
				assert.Equal(t, c.result, v.Result, "%+v", v.Checks)
				assert.Equal(t, c.code, v.Code, "%+v", v.Checks)
				for name, code := range c.also {
					check, ok := v.Check(name)
					require.True(t, ok)
					assert.Equal(t, code, check.Code, name)
				}
				assert.Equal(t, v, attest.Judge(s.evidence()), "equal evidence gives an equal verdict")
				for _, check := range v.Checks {
					seen[check.Code] = true
				}
				results[v.Result], seen[v.Code] = true, true
			})
		}
	}
	for _, r := range attest.Results() {
		assert.True(t, results[r], "no case ends in %s", r)
	}
	for _, name := range codesUsed(t, "../judge.go", "../judge_decide.go", "../recognition.go") {
		assert.True(t, seen[codeValue(t, name)], "no case reaches %s", name)
	}
}

func nothing(*stage) {}

func accepted() []judged {
	return []judged{
		{"accepted by an agreement", nothing, attest.Valid, attest.CodeOK,
			map[attest.CheckName]attest.Code{attest.CheckRecognition: attest.CodeAgreementAccepts, attest.CheckBinding: attest.CodeBindingNotAsked}},
		{"accepted within the region", func(s *stage) { s.request.Relying = "440000" }, attest.Valid, attest.CodeOK,
			map[attest.CheckName]attest.Code{attest.CheckRecognition: attest.CodeSameRegion}},
		{"nothing disclosed", func(s *stage) { s.show = nil }, attest.Valid, attest.CodeOK, nil},
		{"a predicate disclosed", func(s *stage) { s.show = []string{"age_over_60"} }, attest.Valid, attest.CodeOK, nil},
		{"without end", func(s *stage) { s.issue(func(c *attest.Certificate) { c.Expires = 0 }) }, attest.Valid, attest.CodeOK, nil},
		{"the key was retired since", func(s *stage) {
			s.Do("440000#g1", &registry.RotateKey{Op: "rotate-0001", Owner: s.authority, Retire: s.key})
		}, attest.Valid, attest.CodeOK, nil},
		{"the authority was suspended since", func(s *stage) { setState(s, attest.AuthoritySuspended) }, attest.Valid, attest.CodeOK, nil},
		{"the authority was dissolved since", func(s *stage) { setState(s, attest.AuthorityDissolved) }, attest.Valid, attest.CodeOK, nil},
		{"the scope was narrowed since", func(s *stage) {
			s.Do("440000#g1", &registry.SetScope{Op: "scope-00001", Code: s.authority, Types: []string{testledger.TypeRealEstate}})
		}, attest.Valid, attest.CodeOK, nil},
		{"the key is void from a later block", func(s *stage) { compromise(s, 1) }, attest.Valid, attest.CodeOK, nil},
		{"a key binding that was not asked for", func(s *stage) {
			s.bound(s.Holder(8), "x", "y", 0)
			s.request.Audience, s.request.Nonce = "", ""
		}, attest.Valid, attest.CodeOK, nil},
	}
}

func setState(s *stage, state attest.AuthorityState) {
	s.Do("440000#g1", &registry.SetAuthorityState{Op: "state-00001", Code: s.authority, State: state})
}

// compromise voids the issuer's key from so many blocks after the certificate's batch.
func compromise(s *stage, after int64) {
	batch, err := s.Batch(s.issued.Batch)
	require.NoError(s.t, err)
	s.Do("440000#g1", &registry.MarkCompromised{Op: "compromised-1", Key: s.key,
		From: uint64(int64(batch.Block) + after)})
}

func unreadable() []judged {
	edit := func(from, to string) func(s *stage) {
		return func(s *stage) { s.present = []byte(strings.Replace(string(s.presentation()), from, to, 1)) }
	}
	tree := func(change func(visible, hidden map[string]string)) func(s *stage) {
		return func(s *stage) { s.tree(attest.TypeCertificate, change) }
	}
	return []judged{
		{"no SD-JWT at all", func(s *stage) { s.present = []byte("%PDF-1.7") }, attest.Invalid, attest.CodeSDJWTFormat, nil},
		{"nothing", func(s *stage) { s.present = []byte{} }, attest.Invalid, attest.CodeSDJWTFormat, nil},
		{"over the limit", func(s *stage) { s.present = make([]byte, registry.MaxPresentation+1) }, attest.Undetermined, attest.CodeSDJWTSize, nil},
		{"a disclosure too many", edit("~", "~WyJzYWx0IiwieCIsMV0~"), attest.Invalid, attest.CodeDisclosureExtra, nil},
		{"a disclosure twice", func(s *stage) {
			p := string(s.presentation())
			s.present = []byte(p + strings.Split(p, "~")[1] + "~")
		}, attest.Invalid, attest.CodeDisclosureTwice, nil},
		{"alg none", func(s *stage) { s.reheader(`{"alg":"none","typ":"dc+sd-jwt"}`, s.key) }, attest.Invalid, attest.CodeAlgNone, nil},
		{"an unknown type of token", func(s *stage) { s.tree("vc+sd-jwt", func(_, _ map[string]string) {}) },
			attest.Undetermined, attest.CodeSDJWTType, nil},
		{"a visible claim of tomorrow", tree(func(v, _ map[string]string) { v["extra"] = `1` }), attest.Undetermined, attest.CodeClaimUnknown, nil},
		{"a status of tomorrow", tree(func(v, _ map[string]string) {
			v["status"] = strings.Replace(v["status"], "{", `{"other_list":1,`, 1)
		}), attest.Undetermined, attest.CodeClaimUnknown, nil},
		{"a holder named in two ways", tree(func(v, _ map[string]string) { v["cnf"] = strings.Replace(v["cnf"], "{", `{"kid":"x",`, 1) }),
			attest.Undetermined, attest.CodeClaimUnknown, nil},
		{"a holder's key of tomorrow", tree(func(v, _ map[string]string) { v["cnf"] = strings.Replace(v["cnf"], "P-256", "P-512", 1) }),
			attest.Undetermined, attest.CodeAlgUnknown, nil},
		{"an end behind a disclosure", func(s *stage) {
			s.tree(attest.TypeCertificate, func(v, h map[string]string) { delete(v, "exp"); h["exp"] = "1" })
			s.show = []string{"exp"}
		}, attest.Invalid, attest.CodeClaimReserved, nil},
		{"an end of zero", tree(func(v, _ map[string]string) { v["exp"] = "0" }), attest.Invalid, attest.CodeProfile, nil},
		{"no time of issue", tree(func(v, _ map[string]string) { delete(v, "iat") }), attest.Invalid, attest.CodeJSONMissing, nil},
		{"a time of half a second", tree(func(v, _ map[string]string) { v["iat"] = "1767196800.5" }), attest.Invalid, attest.CodeJSONNumber, nil},
		{"an issuer in words", tree(func(v, _ map[string]string) { v["iss"] = `"https://x.example/v1/authorities/张三"` }),
			attest.Invalid, attest.CodeProfile, nil},
		{"a type in another form", tree(func(v, _ map[string]string) { v["vct"] = `"https://x.example/type"` }), attest.Invalid, attest.CodeProfile, nil},
		{"another's status list", tree(func(v, _ map[string]string) {
			v["status"] = `{"status_list":{"idx":7,"uri":"https://x.example/status-lists/0"}}`
		}), attest.Invalid, attest.CodeProfile, nil},
		{"a status index out of range", tree(func(v, _ map[string]string) { v["status"] = strings.Replace(v["status"], ":7,", ":131072,", 1) }),
			attest.Invalid, attest.CodeStatusIndexRange, nil},
		{"no status", tree(func(v, _ map[string]string) { delete(v, "status") }), attest.Undetermined, attest.CodeStatusMissing, nil},
		{"a field that the type does not have", func(s *stage) {
			s.tree(attest.TypeCertificate, func(_, h map[string]string) { h["shoeSize"] = "42" })
			s.show = []string{"shoeSize"}
		}, attest.Undetermined, attest.CodeClaimUnknown, nil},
	}
}

func unsigned() []judged {
	return []judged{
		{"another algorithm", func(s *stage) {
			s.reheader(s.header(func(h map[string]string) { h["alg"] = "ES512" }), s.key)
		}, attest.Undetermined, attest.CodeAlgUnknown, nil},
		{"the other suite's algorithm", func(s *stage) {
			s.reheader(s.header(func(h map[string]string) { h["alg"] = "SM2-SM3" }), s.key)
		}, attest.Invalid, attest.CodeAlgMismatch, nil},
		{"another key under the issuer's kid", func(s *stage) { s.reheader(s.header(func(map[string]string) {}), s.key+"@thief") },
			attest.Invalid, attest.CodeSignature, nil},
		{"a key of another authority", func(s *stage) {
			s.Do("440000#g1", s.NewAuthority("440000", 2, testledger.TypeConstructor))
			other := testledger.USCC(s.t, "440000", 2) + "#k1"
			s.reheader(s.header(func(h map[string]string) { h["kid"] = other }), other)
		}, attest.Invalid, attest.CodeKeyMismatch, nil},
		{"a region's key", func(s *stage) {
			s.reheader(s.header(func(h map[string]string) { h["kid"] = "440000#g1" }), "440000#g1")
		},
			attest.Invalid, attest.CodeKeyMismatch, nil},
		{"a key that is not registered", func(s *stage) {
			s.reheader(s.header(func(h map[string]string) { h["kid"] = s.authority + "#k9" }), s.authority+"#k9")
		}, attest.Undetermined, attest.CodeKeyUnknown, nil},
		{"a key for another use", func(s *stage) {
			s.edit = func(e *attest.Evidence) {
				key := *e.Key
				key.Use = attest.UseGateway
				e.Key = &key
			}
		}, attest.Invalid, attest.CodeKeyUse, nil},
		{"an issuer that is not registered", func(s *stage) {
			s.issue(func(c *attest.Certificate) {
				c.Issuer = strings.Replace(c.Issuer, s.authority, testledger.USCC(s.t, "440000", 5), 1)
			})
		}, attest.Undetermined, attest.CodeIssuerUnknown, nil},
		{"the issuer under another gateway", func(s *stage) {
			s.issue(func(c *attest.Certificate) {
				c.Issuer = strings.Replace(c.Issuer, "440000.example", "510000.example", 1)
			})
		}, attest.Invalid, attest.CodeIssuerMismatch, nil},
		{"the key was void when it anchored", func(s *stage) { compromise(s, 0) }, attest.Invalid, attest.CodeKeyCompromised, nil},
		{"the key was void before", func(s *stage) { compromise(s, -1) }, attest.Invalid, attest.CodeKeyCompromised, nil},
	}
}

func anchored() []judged {
	none := map[attest.CheckName]attest.Code{attest.CheckKey: attest.CodeNotChecked, attest.CheckAuthority: attest.CodeNotChecked}
	return []judged{
		{"no receipt", func(s *stage) { s.receipt = []byte{} }, attest.Undetermined, attest.CodeReceiptMissing, none},
		{"an unreadable receipt", func(s *stage) { s.receipt = []byte(`{`) }, attest.Undetermined, attest.CodeJSONSyntax, nil},
		{"a receipt over the limit", func(s *stage) { s.receipt = make([]byte, registry.MaxReceipt+1) }, attest.Undetermined, attest.CodeJSONSize, nil},
		{"a receipt for another leaf", func(s *stage) { s.issued.Leaf++ }, attest.Undetermined, attest.CodeReceiptPath, none},
		{"a receipt with another index", func(s *stage) { s.editReceipt(func(r *merkle.Receipt) { r.Index ^= 1 }) },
			attest.Undetermined, attest.CodeReceiptPath, nil},
		{"a receipt for another size", func(s *stage) { s.editReceipt(func(r *merkle.Receipt) { r.Size++ }) },
			attest.Undetermined, attest.CodeReceiptSize, nil},
		{"a receipt beyond its size", func(s *stage) { s.editReceipt(func(r *merkle.Receipt) { r.Index = r.Size }) },
			attest.Undetermined, attest.CodeReceiptIndex, nil},
		{"a receipt for another batch", func(s *stage) {
			first := s.issued
			s.issue(func(c *attest.Certificate) { c.StatusIndex = 8 })
			s.editReceipt(func(r *merkle.Receipt) { r.Batch = first.Batch })
		}, attest.Undetermined, attest.CodeReceiptPath, nil},
		{"a receipt for a batch that is not anchored", func(s *stage) { s.editReceipt(func(r *merkle.Receipt) { r.Batch = "nowhere" }) },
			attest.Undetermined, attest.CodeBatchUnknown, nil},
		{"a receipt of another kind", func(s *stage) { s.editReceipt(func(r *merkle.Receipt) { r.Kind = "document" }) },
			attest.Undetermined, attest.CodeReceiptKind, nil},
		{"a receipt of another suite", func(s *stage) { s.editReceipt(func(r *merkle.Receipt) { r.Suite = attest.SuiteGM }) },
			attest.Undetermined, attest.CodeHashUnknown, nil},
		{"a batch of another kind", func(s *stage) { anchorAs(s, s.key, attest.KindDocument, nil) }, attest.Undetermined, attest.CodeReceiptKind, nil},
		{"a batch by another key of the authority", func(s *stage) {
			other := s.authority + "#k2"
			s.Do("440000#g1", &registry.RotateKey{Op: "rotate-0001", Owner: s.authority,
				Add: &registry.NewKey{Name: "k2", Use: attest.UseIssue, Public: s.Signer(other).Public()}})
			anchorAs(s, other, attest.KindCertificate, []string{testledger.TypeConstructor})
		}, attest.Undetermined, attest.CodeKeyMismatch, nil},
		{"a batch of other types", func(s *stage) {
			s.Do("440000#g1", &registry.SetScope{Op: "scope-00001", Code: s.authority, Types: []string{testledger.TypeRealEstate}})
			anchorAs(s, s.key, attest.KindCertificate, []string{testledger.TypeRealEstate})
		}, attest.Invalid, attest.CodeTypeNotAccredited, nil},
		{"a version of the type that is not registered", func(s *stage) { s.issue(func(c *attest.Certificate) { c.TypeVersion = 2 }) },
			attest.Undetermined, attest.CodeTypeUnknown, nil},
	}
}

// anchorAs anchors the certificate's tree, one leaf longer, once more: by another key, as another kind or with other types.
func anchorAs(s *stage, key string, kind attest.Kind, types []string) {
	leaves := [][32]byte{attest.CommitCertificate(s.Suite, s.issued.IssuerJWT()), {1}}
	s.issued.Tree, s.issued.Leaf = merkle.NewTree(s.Suite, leaves), 0
	s.issued.Batch = registry.BatchID(key, kind, s.Suite, s.issued.Tree.Root(), 2)
	s.Do(key, &registry.Anchor{ID: s.issued.Batch, Kind: kind, Suite: s.Suite, Root: s.issued.Tree.Root(), Size: 2, Types: types})
}

func TestJudgeGM(t *testing.T) {
	s := newStage(t, attest.SuiteGM)
	s.bound(s.Holder(7), "office-1", "nonce-1", 0)
	v := attest.Judge(s.evidence())
	require.Equal(t, attest.Valid, v.Result, "%+v", v.Checks)
	s.reheader(s.header(func(h map[string]string) { h["alg"] = "ES256" }), s.key)
	s.bind, s.request.Nonce, s.request.Audience = nil, "", ""
	v = attest.Judge(s.evidence())
	require.Equal(t, attest.Invalid, v.Result)
	require.Equal(t, attest.CodeAlgMismatch, v.Code)
}

// TestVerdictSaysWhy: a verdict names what it rests on, so that a receipt can be checked without asking again.
func TestVerdictSaysWhy(t *testing.T) {
	s := newStage(t, attest.SuiteStd)
	v := attest.Judge(s.evidence())
	assert.Equal(t, attest.CommitCertificate(attest.SuiteStd, s.issued.IssuerJWT()), v.Commitment)
	assert.Equal(t, s.authority, v.Authority)
	assert.Equal(t, "440000", v.Issuer)
	assert.Equal(t, testledger.TypeConstructor, v.Type)
	assert.Equal(t, 1, v.Version)
	assert.Equal(t, "builders", v.Agreement)
	assert.Equal(t, 1, v.Revision)
	assert.Equal(t, s.Seen.Height, v.Height)
	assert.Equal(t, s.Seen.Digest, v.Digest)
	assert.Equal(t, s.Regions, v.Agreeing)
	names := make([]attest.CheckName, len(v.Checks))
	for i, c := range v.Checks {
		names[i] = c.Name
	}
	assert.Equal(t, []attest.CheckName{attest.CheckParse, attest.CheckSignature, attest.CheckInclusion, attest.CheckKey,
		attest.CheckAuthority, attest.CheckValidity, attest.CheckStatus, attest.CheckDispute, attest.CheckBinding,
		attest.CheckRecognition, attest.CheckFreshness, attest.CheckWitness}, names)
}

// codesUsed are the Code constants that files mention.
func codesUsed(t *testing.T, files ...string) []string {
	var out []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && strings.HasPrefix(id.Name, "Code") && id.Name != "Code" && id.Name != "CodeOf" {
				out = append(out, id.Name)
			}
			return true
		})
	}
	require.NotEmpty(t, out)
	return out
}

// codeValue is the value of a constant of codes.go.
func codeValue(t *testing.T, name string) attest.Code {
	file, err := parser.ParseFile(token.NewFileSet(), "../codes.go", nil, 0)
	require.NoError(t, err)
	constant := file.Scope.Lookup(name)
	require.NotNil(t, constant, "%s is not in codes.go", name)
	text := constant.Decl.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value
	value, err := strconv.Unquote(text)
	require.NoError(t, err)
	return attest.Code(value)
}

// TestReceiptNamesNoClaim: whatever was disclosed, no value of it is in the verification receipt.
func TestReceiptNamesNoClaim(t *testing.T) {
	s := newStage(t, attest.SuiteStd)
	s.show = []string{"certificateNumber", "certificateHolderName", "certificateHolderCode"}
	r := attest.VerificationReceipt{ID: "id", Network: s.Network, Region: "510000", Verdict: attest.Judge(s.evidence())}
	require.Equal(t, attest.Valid, r.Verdict.Result)
	raw, err := r.Sign(s.Signer("510000#w1"))
	require.NoError(t, err)
	for _, value := range []string{"TEST-0001", "测试一", "999999199001010013"} {
		require.NotContains(t, payload(t, raw), value)
		require.Contains(t, string(s.evidence().Claims.JSON()), value, "the canary is there to be found")
	}
}
