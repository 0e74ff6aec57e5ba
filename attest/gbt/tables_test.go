package gbt_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/internal/vectors"
)

func TestProvincesVectors(t *testing.T) {
	var file struct {
		Provinces []struct{ Code, Name string }
	}
	vectors.Load(t, "cn_provinces.json", &file)
	got := gbt.Provinces()
	require.Len(t, got, len(file.Provinces))
	for i, v := range file.Provinces {
		assert.Equal(t, v.Code, got[i].Code)
		assert.Equal(t, v.Name, got[i].Chinese)
		assert.NotEmpty(t, got[i].English)
	}
}

func TestDivisions(t *testing.T) {
	for code, level := range map[string]int{
		"440000": 1, "440300": 2, "440305": 3, "429004": 3, "100000": 1, "999999": 3,
		"": 0, "44000": 0, "040000": 0, "440005": 0, "44030a": 0, "4403055": 0,
	} {
		assert.Equal(t, level, gbt.Level(code), code)
		assert.Equal(t, level > 0, gbt.IsDivision(code), code)
	}
	province, ok := gbt.Province("510104")
	require.True(t, ok)
	assert.Equal(t, gbt.Division{Code: "510000", Chinese: "四川省", English: "Sichuan"}, province)
	for _, code := range []string{"999999", "100000", "51010", ""} {
		_, ok := gbt.Province(code)
		assert.False(t, ok, code)
	}
}

func TestWithin(t *testing.T) {
	assert.True(t, gbt.Within("440305", "440300"))
	assert.True(t, gbt.Within("440305", "440000"))
	assert.True(t, gbt.Within("440300", "440000"))
	assert.False(t, gbt.Within("440000", "440300"))
	assert.False(t, gbt.Within("440305", "440400"))
	assert.False(t, gbt.Within("440305", "440304"))
	assert.False(t, gbt.Within("510100", "440000"))
	assert.False(t, gbt.Within("x", "440000"))
	assert.False(t, gbt.Within("440000", ""))
}

func TestWithinIsAnOrder(t *testing.T) {
	code := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"44", "51"}).Draw(t, "p") + rapid.SampledFrom([]string{"0000", "0300", "0305", "0306", "0400", "9004"}).Draw(t, "rest")
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := code.Draw(t, "a"), code.Draw(t, "b"), code.Draw(t, "c")
		require.True(t, gbt.Within(a, a))
		if gbt.Within(a, b) && gbt.Within(b, a) {
			require.Equal(t, a, b)
		}
		if gbt.Within(a, b) && gbt.Within(b, c) {
			require.True(t, gbt.Within(a, c))
		}
	})
}

func TestHolderCodeTypesVectors(t *testing.T) {
	var file struct {
		Codes               []struct{ Code, Name, Holder string }
		LaterExtensionsSeen map[string]string
	}
	vectors.Load(t, "cn_holder_code_types.json", &file)
	require.NotEmpty(t, file.Codes)
	assert.Len(t, gbt.HolderCodeTypes(), len(file.Codes)+len(file.LaterExtensionsSeen))
	for _, v := range file.Codes {
		got, ok := gbt.HolderCodeTypeOf(v.Code)
		require.True(t, ok, v.Code)
		assert.Equal(t, v.Name, got.Chinese)
		assert.Equal(t, v.Holder, string(got.Holder))
	}
	for code, name := range file.LaterExtensionsSeen {
		got, ok := gbt.HolderCodeTypeOf(code)
		require.True(t, ok, code)
		assert.Equal(t, name, got.Chinese)
	}
}

func TestCheckHolderCode(t *testing.T) {
	require.NoError(t, gbt.CheckHolderCode(gbt.HolderCodeCitizen, "11010519491231002X"))
	require.NoError(t, gbt.CheckHolderCode(gbt.HolderCodeUSCC, "91350100M000100Y43"))
	require.NoError(t, gbt.CheckHolderCode("414", "no check is known for passports"))
	assert.Equal(t, attest.CodeCitizenNumber, attest.CodeOf(gbt.CheckHolderCode(gbt.HolderCodeCitizen, "91350100M000100Y43")))
	assert.Equal(t, attest.CodeUSCC, attest.CodeOf(gbt.CheckHolderCode(gbt.HolderCodeUSCC, "11010519491231002X")))
	assert.Equal(t, attest.CodeHolderCodeType, attest.CodeOf(gbt.CheckHolderCode("112", "1")))
}

func TestMetadataVectors(t *testing.T) {
	var file struct {
		Basic struct {
			Fields [][3]*string
		} `json:"basic_GBT36903"`
		States map[string]string `json:"certState_MOHURD"`
	}
	vectors.Load(t, "cn_metadata_fields.json", &file)
	got := gbt.Fields()
	require.Len(t, got, len(file.Basic.Fields))
	for i, v := range file.Basic.Fields {
		want := gbt.Field{Chinese: *v[0], English: *v[2]}
		if v[1] != nil {
			want.Pinyin = *v[1]
		}
		assert.Equal(t, want, got[i])
	}
	require.Len(t, gbt.CertificateStates(), len(file.States))
	for code, name := range file.States {
		assert.True(t, gbt.CertificateState(code).Known())
		assert.Equal(t, name, gbt.CertificateState(code).Chinese())
		assert.NotEmpty(t, gbt.CertificateState(code).English())
	}
}

func TestFieldOfAnySpelling(t *testing.T) {
	spellings := map[string]string{}
	for _, f := range gbt.Fields() {
		for _, header := range []string{f.English, f.Chinese, f.Pinyin} {
			if header == "" {
				continue
			}
			require.NotContains(t, spellings, header, "two fields share a spelling")
			spellings[header] = f.English
			for _, variant := range []string{header, " " + header + "\t", strings.ToLower(header)} {
				got, ok := gbt.FieldOf(variant)
				require.True(t, ok, variant)
				assert.Equal(t, f, got)
			}
		}
	}
	for _, header := range []string{"", "  ", "姓名", "certificate"} {
		_, ok := gbt.FieldOf(header)
		assert.False(t, ok, header)
	}
}

func TestCrossProvinceVectors(t *testing.T) {
	var file struct {
		Modes []struct{ Mode string }
		Items []struct{ Item, Batch string }
	}
	vectors.Load(t, "cn_cross_province.json", &file)
	require.Len(t, gbt.ServiceModes(), len(file.Modes))
	for i, v := range file.Modes {
		mode := gbt.ServiceModes()[i]
		assert.Equal(t, v.Mode, string(mode))
		assert.True(t, mode.Known())
		assert.NotEmpty(t, mode.English())
	}
	require.Len(t, gbt.ServiceItems(), len(file.Items))
	for i, v := range file.Items {
		assert.Equal(t, gbt.ServiceItem{Name: v.Item, Batch: v.Batch}, gbt.ServiceItems()[i])
	}
}

func TestUnknownCodesHaveNoName(t *testing.T) {
	assert.False(t, gbt.CertificateState("07").Known())
	assert.Empty(t, gbt.CertificateState("07").Chinese())
	assert.False(t, gbt.ServiceMode("全程").Known())
	assert.Empty(t, gbt.ServiceMode("全程").English())
	_, ok := gbt.HolderCodeTypeOf("000")
	assert.False(t, ok)
}
