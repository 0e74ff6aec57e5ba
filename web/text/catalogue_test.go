package text_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/web/text"
)

var verbs = regexp.MustCompile(`%(\[\d+\])?[a-z%]`)

func TestEveryTextIsInBothLanguages(t *testing.T) {
	keys := text.Keys()
	require.NotEmpty(t, keys)
	for _, key := range keys {
		zh, en := text.Of(text.Chinese, key), text.Of(text.English, key)
		assert.NotEmpty(t, zh, key)
		assert.NotEmpty(t, en, key)
		assert.ElementsMatch(t, verbs.FindAllString(zh, -1), verbs.FindAllString(en, -1), "%s takes the same arguments in both", key)
		if key != "shell.switch" { // which names the other language
			assert.False(t, strings.ContainsFunc(en, func(r rune) bool { return unicode.Is(unicode.Han, r) }), "%s is English", key)
		}
	}
	t.Logf("%d texts", len(keys))
}

// use finds keys in templates ({{t "key"}}) and in code ("section.key").
var use = regexp.MustCompile(`"((?:shell|signin|public|ledger|citizen|office|upload|verdict)\.[a-z0-9_.-]+)"`)

// uses lists the keys in templates and code, and the beginnings of those that are put together.
func uses(t *testing.T) (used map[string]bool, prefixes []string) {
	t.Helper()
	used = map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, filepath.Join("..", "text")) {
			return err
		}
		data, err := os.ReadFile(path)
		for _, m := range use.FindAllStringSubmatch(string(data), -1) {
			if strings.HasSuffix(m[1], ".") { // a word is put behind it
				prefixes = append(prefixes, m[1])
			} else {
				used[m[1]] = true
			}
		}
		return err
	})
	require.NoError(t, err)
	return used, prefixes
}

func TestTextsAndTheirUsesMatch(t *testing.T) {
	used, prefixes := uses(t)
	for key := range used {
		if !strings.HasSuffix(key, ".html") {
			assert.True(t, text.Has(key), "there is no text %s", key)
		}
	}
	for _, key := range text.Keys() {
		found := used[key]
		for _, prefix := range prefixes {
			found = found || strings.HasPrefix(key, prefix)
		}
		assert.True(t, found, "nothing shows the text %s", key)
	}
}
