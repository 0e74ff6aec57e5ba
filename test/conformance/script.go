package conformance

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/attest/registry"
	"github.com/huzheng-ledger/huzheng/internal/testledger"
)

// NetworkID is the consortium that every script founds or finds founded.
const NetworkID = "conformance"

// Member is a region and the organisation that submits for it.
type Member struct{ Region, MSP string }

// Step is one command on its way to a ledger.
type Step struct {
	About   string // what it is, for a reader of a failure
	MSP     string // the organisation that submits
	Command []byte
}

// script collects steps about few subjects, so that commands meet: valid, repeated, conflicting, refused, by several signers.
type script struct {
	t       testing.TB
	rng     *rand.Rand
	seed    uint64
	members []Member
	steps   []Step
	codes   []string // of authorities; the first of each member, in their order
	types   []string
	serial  int
}

// Script is the sequence of a seed: the consortium's founding, then about length commands. The same arguments give the same
// bytes. Scripts of different seeds are about different subjects, so that several may run on one ledger. Members are in the
// order of their codes.
func Script(t testing.TB, members []Member, seed uint64, length int) []Step {
	t.Helper()
	s := &script{t: t, rng: rand.New(rand.NewPCG(seed, 0)), seed: seed, members: members} //nolint:gosec // a seeded test
	s.found()
	s.settle()
	for len(s.steps) < length {
		s.draw()
	}
	return s.steps
}

func (s *script) found() {
	charter := registry.Charter{Network: NetworkID, Suite: attest.SuiteStd}
	for _, m := range s.members {
		f := testledger.Founder(s.t, attest.SuiteStd, m.Region)
		f.Region.MSP = m.MSP
		charter.Founders = append(charter.Founders, f)
	}
	found := &registry.Found{}
	for _, m := range s.members {
		signature, err := registry.SignCharter(charter, s.signer(govern(m)))
		require.NoError(s.t, err)
		found.Signatures = append(found.Signatures, signature)
	}
	first := s.members[0]
	s.add("found", first, govern(first), found)
	s.again("found again", len(s.steps)-1)
}

// settle registers, for every member, an authority of this seed's own with two types.
func (s *script) settle() {
	for i, m := range s.members {
		s.codes = append(s.codes, s.uscc(m, i))
	}
	for i, m := range s.members {
		code := s.codes[0] + fmt.Sprintf("%03d", i+1)
		s.types = append(s.types, code)
		s.add("register type", m, govern(m), testledger.NewType(code, 1))
	}
	for i, m := range s.members {
		s.add("register authority", m, govern(m), s.authority(m, s.codes[i], s.types[:2]...))
	}
}

func govern(m Member) string  { return registry.KeyID(m.Region, "g1") }
func gateway(m Member) string { return registry.KeyID(m.Region, "w1") }

func (s *script) signer(key string) attest.Signer {
	return testledger.Signer(s.t, attest.SuiteStd, key)
}

// uscc is the n-th authority of this seed in the member's region. It does not exist outside of tests.
func (s *script) uscc(m Member, n int) string {
	code, err := gbt.NewUSCC("11", m.Region, fmt.Sprintf("9%05d%02d", s.seed%100_000, n))
	require.NoError(s.t, err)
	return string(code)
}

func (s *script) authority(m Member, code string, types ...string) *registry.RegisterAuthority {
	return &registry.RegisterAuthority{
		Authority: attest.Authority{Code: code, Name: "测试机构", Region: m.Region, Division: m.Region,
			Issuer: attest.IssuerURL("https://"+m.Region+".example", code), Types: types},
		Key: registry.NewKey{Name: "k1", Use: attest.UseIssue, Public: s.signer(registry.KeyID(code, "k1")).Public()},
	}
}

// add signs a command with the key of that id and lets the member submit it. It returns its digest, as approvals name it.
func (s *script) add(about string, by Member, key string, c registry.Command) string {
	raw, err := registry.Sign(NetworkID, c, s.signer(key))
	require.NoError(s.t, err)
	s.steps = append(s.steps, Step{About: about + " by " + strings.SplitN(key, "@", 2)[0], MSP: by.MSP, Command: raw})
	return testledger.Digest(raw)
}

func (s *script) again(about string, step int) {
	repeated := s.steps[step]
	repeated.About = about + ": " + repeated.About
	s.steps = append(s.steps, repeated)
}

// op is an operation id that no other script and no other step has.
func (s *script) op() string {
	s.serial++
	return "conformance-" + strconv.FormatUint(s.seed, 10) + "-" + strconv.Itoa(s.serial)
}

// chance is true n times in a hundred.
func (s *script) chance(n int) bool { return s.rng.IntN(100) < n }

func (s *script) member() (int, Member) {
	i := s.rng.IntN(len(s.members))
	return i, s.members[i]
}
