package terminal

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestWidthCountsCells(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "广东省": 6, "二级建造师 A": 12, "e\u0301": 1, "·—": 2, "，": 2, "ａ": 2, "\u200b": 0,
	} {
		assert.Equal(t, want, Width(text), "%q", text)
	}
}

func TestTableLinesUp(t *testing.T) {
	table := Table{Columns: []Column{{Title: "省"}, {Title: "数", Align: Right}, {Title: "说明", Max: 8}}}
	table.AddText("广东", "1", "已核验并通过")
	table.AddText("Sichuan", "1000")
	table.Add(Cell{Text: "重庆", Style: Red}, Cell{Text: "22"}, Cell{Text: "ok"})
	var out bytes.Buffer
	require.NoError(t, table.Write(&out, Palette{}))
	assert.Equal(t, strings.Join([]string{
		"省         数  说明",
		"───────  ────  ───────",
		"广东        1  已核验…",
		"Sichuan  1000",
		"重庆       22  ok",
		"",
	}, "\n"), out.String())
}

func TestColourChangesNoColumn(t *testing.T) {
	table := Table{Columns: []Column{{Title: "结果"}, {Title: "x"}}}
	table.Add(Cell{Text: "有效", Style: Green}, Cell{Text: "1"})
	var plain, coloured bytes.Buffer
	require.NoError(t, table.Write(&plain, Palette{}))
	require.NoError(t, table.Write(&coloured, Palette{Colour: true}))
	stripped := coloured.String()
	for _, code := range []Style{Bold, Dim, Green} {
		stripped = strings.ReplaceAll(stripped, "\x1b["+string(code)+"m", "")
	}
	assert.Equal(t, plain.String(), strings.ReplaceAll(stripped, "\x1b[0m", ""))
	assert.Contains(t, coloured.String(), "\x1b[32m有效\x1b[0m")
}

func TestCleanTakesOutWhatTerminalsObey(t *testing.T) {
	for in, want := range map[string]string{
		"张三":               "张三",
		"\x1b[2Jx":         "�[2Jx",
		"a\u202eb":         "a�b",
		"a\nb\rc\td":       "a�b�c�d",
		"\u009b31m":        "�31m",
		"a\xffb":           "a�b",
		"line\u2028second": "line�second",
	} {
		assert.Equal(t, want, Clean(in), "%q", in)
	}
}

func TestTruncateNeverExceeds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune("ab广东省·e\u0301"))).Draw(t, "s")
		width := rapid.IntRange(0, 12).Draw(t, "width")
		cut := Truncate(s, width)
		assert.LessOrEqual(t, Width(cut), width)
		if Width(s) <= width {
			assert.Equal(t, s, cut)
		}
		assert.GreaterOrEqual(t, Width(Pad(cut, width, Right)), width)
	})
}

func TestEnvironmentTurnsColourOff(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	assert.True(t, WantsColour(env()))
	assert.False(t, WantsColour(env("NO_COLOR", "1")))
	assert.False(t, WantsColour(env("TERM", "dumb")))
}
