package promises_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/attest"
)

// A needle is a secret in one form in which it might leak.
type needle struct {
	secret, form string
	bytes        []byte
}

// shortest is the least length of a needle: what is shorter stands in random bytes now and then.
const shortest = 8

// needles are the forms of a secret: as text and as UTF-16, hexadecimal and base64 of that, and the unsalted hashes of it
// in the same forms.
func needles(name string, secret []byte) []needle {
	var list []needle
	add := func(form string, b []byte) {
		if len(b) >= shortest {
			list = append(list, needle{name, form, b})
		}
	}
	encoded := func(form string, b []byte) {
		add(form, b)
		add(form+" hex", []byte(hex.EncodeToString(b)))
		add(form+" HEX", []byte(strings.ToUpper(hex.EncodeToString(b))))
		for shift := range 3 {
			for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				add(fmt.Sprintf("%s base64+%d", form, shift), base64At(alphabet, shift, b))
			}
		}
	}
	encoded("text", secret)
	var little, big []byte
	for _, unit := range utf16.Encode([]rune(string(secret))) {
		little, big = binary.LittleEndian.AppendUint16(little, unit), binary.BigEndian.AppendUint16(big, unit)
	}
	encoded("UTF-16LE", little)
	encoded("UTF-16BE", big)
	add("JSON escapes", escaped(secret))
	for _, suite := range []attest.Suite{attest.SuiteStd, attest.SuiteGM} {
		sum := suite.Sum(secret)
		encoded("hash "+string(suite), sum[:])
	}
	return list
}

// base64At is what of b's encoding does not depend on its neighbours when shift bytes stand before it.
func base64At(alphabet *base64.Encoding, shift int, b []byte) []byte {
	text := alphabet.EncodeToString(append(make([]byte, shift), b...))
	first, last := (shift*8+5)/6, (shift+len(b))*8/6
	return []byte(text[first:last])
}

// escaped writes every character that is not ASCII as \uXXXX.
func escaped(secret []byte) []byte {
	var out bytes.Buffer
	for _, unit := range utf16.Encode([]rune(string(secret))) {
		if unit < 0x80 {
			out.WriteByte(byte(unit))
			continue
		}
		fmt.Fprintf(&out, `\u%04x`, unit)
	}
	return out.Bytes()
}

// haystack searches for many needles at once: by the first eight bytes of each.
type haystack struct {
	needles map[uint64][]needle
	seen    [1 << 13]uint64 // a bit for each value of a hash of the first eight bytes
	scanned int
}

func newHaystack(list []needle) *haystack {
	h := &haystack{needles: map[uint64][]needle{}}
	for _, n := range list {
		first := binary.LittleEndian.Uint64(n.bytes)
		h.needles[first] = append(h.needles[first], n)
		word, bit := place(first)
		h.seen[word] |= bit
	}
	return h
}

func place(first uint64) (word, bit uint64) {
	hash := first * 0x9e3779b97f4a7c15 >> 45 // 19 bits
	return hash >> 6, 1 << (hash & 63)
}

// find names every needle that stands in data.
func (h *haystack) find(data []byte) []string {
	var hits []string
	h.scanned += len(data)
	for at := 0; at+8 <= len(data); at++ {
		first := binary.LittleEndian.Uint64(data[at:])
		if word, bit := place(first); h.seen[word]&bit == 0 {
			continue
		}
		for _, n := range h.needles[first] {
			if bytes.HasPrefix(data[at:], n.bytes) {
				hits = append(hits, n.secret+" as "+n.form)
			}
		}
	}
	slices.Sort(hits)
	return slices.Compact(hits)
}

// files are the contents of all files below a folder, by their names.
func files(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		out[path], err = os.ReadFile(path)
		return err
	}))
	return out
}

// TestNeedlesAreFound: the search finds every form of a secret wherever it stands, and nothing where there is nothing.
func TestNeedlesAreFound(t *testing.T) {
	list := slices.Concat(needles("name", []byte("测试甲乙丙丁")), needles("code", []byte("999999199001010013")))
	h := newHaystack(list)
	noise := bytes.Repeat([]byte("\x00测试 999999 \xff"), 1000)
	require.Empty(t, h.find(noise))
	for _, n := range list {
		for _, at := range []int{0, 1, 777, len(noise)} {
			assert.Contains(t, h.find(slices.Concat(noise[:at], n.bytes, noise[at:])), n.secret+" as "+n.form)
		}
	}
	text := []byte("测试甲乙丙丁")
	for shift := range 4 {
		encoded := base64.StdEncoding.EncodeToString(slices.Concat(noise[:shift], text, noise[:9]))
		assert.NotEmpty(t, h.find([]byte(encoded)), "shift %d", shift)
	}
}
