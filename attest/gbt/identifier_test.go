package gbt_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/vectors"
)

const (
	typeConstructor = gbt.TypeCode("11100000000013338W001")
	issuerHunan     = gbt.USCC("11430000006122244L")
)

func TestIdentifierVectors(t *testing.T) {
	var file struct {
		Valid         []struct{ ID, What string }
		InvalidStrict []struct{ ID, ExpectedCheck string }
	}
	vectors.Load(t, "cn_licence_identifiers.json", &file)
	require.NotEmpty(t, file.Valid)
	for _, v := range file.Valid {
		id, err := gbt.ParseIdentifier(v.ID)
		require.NoError(t, err, v.What)
		assert.Equal(t, gbt.OutcomeValid, id.Outcome, v.What)
		assert.Equal(t, v.ID, id.Text())
		lenient := strings.Contains(v.What, "division code")
		assert.Equal(t, lenient, id.IssuerForm() == gbt.IssuerDivision, v.What)
	}

	require.Len(t, file.InvalidStrict, 3)
	legacy, err := gbt.ParseIdentifier(file.InvalidStrict[0].ID)
	require.NoError(t, err)
	assert.Equal(t, gbt.OutcomeLegacyCheck, legacy.Outcome)

	wrong, err := gbt.ParseIdentifier(file.InvalidStrict[1].ID)
	require.Equal(t, attest.CodeIdentifierCheck, attest.CodeOf(err))
	assert.Equal(t, gbt.OutcomeInvalid, wrong.Outcome)

	_, err = gbt.ParseIdentifier(file.InvalidStrict[2].ID)
	require.Equal(t, attest.CodeIdentifierFormat, attest.CodeOf(err))

	for _, v := range file.InvalidStrict[:2] {
		right := v.ID[:len(v.ID)-1] + v.ExpectedCheck
		id, err := gbt.ParseIdentifier(right)
		require.NoError(t, err)
		assert.Equal(t, gbt.OutcomeValid, id.Outcome)
	}
}

func TestNewIdentifierGolden(t *testing.T) {
	id, err := gbt.NewIdentifier(typeConstructor, issuerHunan, "20260000001", 1)
	require.NoError(t, err)
	assert.Equal(t, "1.2.156.3005.2.11100000000013338W001.11430000006122244L.20260000001.001.I", id.Text())
	assert.Equal(t, gbt.IssuerUSCC, id.IssuerForm())

	back, err := gbt.ParseIdentifier(id.Text())
	require.NoError(t, err)
	assert.Equal(t, id, back)
}

// One identifier under every check and issuer form; the check characters were computed apart from this code.
func TestIdentifierOutcomes(t *testing.T) {
	const root = "1.2.156.3005.2.11100000000013338W001."
	cases := []struct {
		rest    string
		outcome gbt.Outcome
		issuer  gbt.IssuerForm
		text    string
	}{
		{"11430000006122244L.20260000001.001.I", gbt.OutcomeValid, gbt.IssuerUSCC, "valid"},
		{"11430000006122244L.20260000001.001.V", gbt.OutcomeLegacyCheck, gbt.IssuerUSCC, "legacy-check"},
		{"11430000006122244L.20260000001.001.0", gbt.OutcomeInvalid, gbt.IssuerUSCC, "invalid"},
		{"11430000006122244M.1.001.0", gbt.OutcomeValid, gbt.IssuerUnverified, "valid"},
		{"430000.1.001.N", gbt.OutcomeValid, gbt.IssuerDivision, "valid"},
	}
	for _, c := range cases {
		id, err := gbt.ParseIdentifier(root + c.rest)
		if c.outcome == gbt.OutcomeInvalid {
			require.Equal(t, attest.CodeIdentifierCheck, attest.CodeOf(err))
		} else {
			require.NoError(t, err)
		}
		assert.Equal(t, c.outcome, id.Outcome, c.rest)
		assert.Equal(t, c.issuer, id.IssuerForm(), c.rest)
		assert.Equal(t, c.text, id.Outcome.String())
	}
}

func TestNewIdentifierRefuses(t *testing.T) {
	cases := map[string]struct {
		typeCode gbt.TypeCode
		issuer   gbt.USCC
		serial   string
		version  int
	}{
		"type":           {"11100000000013338X001", issuerHunan, "1", 1},
		"issuer":         {typeConstructor, "11430000006122244M", "1", 1},
		"lenient issuer": {typeConstructor, "430000", "1", 1},
		"no serial":      {typeConstructor, issuerHunan, "", 1},
		"serial":         {typeConstructor, issuerHunan, "a_1", 1},
		"long serial":    {typeConstructor, issuerHunan, strings.Repeat("1", gbt.MaxSerial+1), 1},
		"version 0":      {typeConstructor, issuerHunan, "1", 0},
		"version 1000":   {typeConstructor, issuerHunan, "1", 1000},
	}
	for name, c := range cases {
		_, err := gbt.NewIdentifier(c.typeCode, c.issuer, c.serial, c.version)
		assert.Equal(t, attest.CodeIdentifierFormat, attest.CodeOf(err), name)
	}
}

func drawIdentifier(t *rapid.T) gbt.Identifier {
	serial := rapid.StringMatching(`[0-9A-Z]{1,64}`).Draw(t, "serial")
	id, err := gbt.NewIdentifier(typeConstructor, issuerHunan, serial, rapid.IntRange(1, 999).Draw(t, "version"))
	require.NoError(t, err)
	return id
}

// A changed character may give the check of the faulty routine by chance; it never gives a valid identifier.
func TestIdentifierFindsEverySubstitution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawIdentifier(t).Text()
		i := rapid.IntRange(len(gbt.IdentifierRoot)+1, len(text)-1).Filter(func(i int) bool { return text[i] != '.' }).Draw(t, "i")
		other := rapid.SampledFrom([]byte(strings.ReplaceAll(alphabet, text[i:i+1], ""))).Draw(t, "other")
		id, _ := gbt.ParseIdentifier(text[:i] + string(other) + text[i+1:])
		require.NotEqual(t, gbt.OutcomeValid, id.Outcome)
	})
}

func TestIdentifierNeverLeaks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := drawIdentifier(t)
		if len(id.Serial) < 4 {
			return
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			require.NotContains(t, fmt.Sprintf(verb, id), "."+id.Serial+".")
		}
		bad := []string{
			id.Text() + "X",
			strings.Replace(id.Text(), "."+id.Version+".", ".x.", 1),
			strings.ToLower(id.Text()),
			"2" + id.Text(),
		}
		for _, s := range bad {
			_, err := gbt.ParseIdentifier(s)
			require.Error(t, err)
			require.NotContains(t, err.Error(), id.Serial)
		}
	})
}

func FuzzParseIdentifier(f *testing.F) {
	f.Add("1.2.156.3005.2.11100000000013338W001.11430000006122244L.20260000001.001.I")
	f.Add("1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9")
	f.Add("1.2.156.3005.2.....")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := gbt.ParseIdentifier(s)
		if err != nil {
			require.Equal(t, gbt.OutcomeInvalid, id.Outcome)
			return
		}
		require.NotEqual(t, gbt.OutcomeInvalid, id.Outcome)
		require.Equal(t, s, id.Text(), "one identifier has one spelling")
	})
}
