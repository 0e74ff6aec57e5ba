package text

import (
	"fmt"
	"sync"
)

// Lang is a language of the pages.
type Lang string

// The languages.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Langs lists them, the first one first.
func Langs() []Lang { return []Lang{Chinese, English} }

// Tag is the language's BCP 47 tag.
func (l Lang) Tag() string {
	if l == English {
		return "en"
	}
	return "zh-CN"
}

// Other is the language that a switch leads to.
func (l Lang) Other() Lang {
	if l == English {
		return Chinese
	}
	return English
}

// Words are one text in both languages, with the verbs of package fmt where it takes arguments.
type Words struct{ Chinese, English string }

// In is the text in a language.
func (w Words) In(l Lang) string {
	if l == English {
		return w.English
	}
	return w.Chinese
}

// Section is the words of one section, by key.
type Section map[string]Words

// sections lists every section. A section has its file.
func sections() []Section {
	return []Section{shellWords, signInWords, publicWords, ledgerWords, verdictWords, uploadWords, citizenWords, disputeWords, officeWords,
		officeWork, officeRefusals}
}

var catalogue = sync.OnceValue(func() map[string]Words {
	all := map[string]Words{}
	for _, s := range sections() {
		for key, words := range s {
			if _, twice := all[key]; twice {
				panic("text: two texts have the key " + key)
			}
			all[key] = words
		}
	}
	return all
})

// Keys lists every key.
func Keys() []string {
	keys := make([]string, 0, len(catalogue()))
	for key := range catalogue() {
		keys = append(keys, key)
	}
	return keys
}

// Of is the text of a key. A key that is not there is shown as it is, which a test of the pages finds.
func Of(l Lang, key string, args ...any) string {
	words, ok := catalogue()[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	if len(args) == 0 {
		return words.In(l)
	}
	return fmt.Sprintf(words.In(l), args...)
}

// Has reports whether there is a text of a key.
func Has(key string) bool {
	_, ok := catalogue()[key]
	return ok
}
