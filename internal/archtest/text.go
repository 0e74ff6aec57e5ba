package archtest

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// textRule finds, line by line, what no tracked file may say. The expressions are split so that this file does not say it.
type textRule struct {
	name   string
	match  *regexp.Regexp
	only   string // suffix of the files it binds; all where empty
	except []string
}

var textRules = []textRule{
	{name: "nothing is left to be done later", match: regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`), except: []string{"go.sum", "tools/go.sum"}},
	{name: "no path of one machine", match: regexp.MustCompile(`(^|[^\w.])/(wo` + `rk|ro` + `ot|ho` + `me)/`)},
	{
		name:  "no host of a package registry",
		match: regexp.MustCompile(`(proxy|sum)\.go` + `lang\.org|gopr` + `oxy\.|registry\.np` + `mjs|py` + `pi\.org|deb\.deb` + `ian\.org`),
	},
	{
		name: "a nolint names its linter and carries its reason", only: ".go",
		match: regexp.MustCompile(`//\s*nolint(\s|$)|//\s*nolint:[\w,]+\s*($|//\s*$)`),
	},
}

// TrackedFiles lists the files that are, or will be, in version control, below root and with slashes: what git knows or
// would take. Outside a checkout it is every file, bar hidden folders and what the build makes.
func TrackedFiles(ctx context.Context, root string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
		return gitFiles(ctx, root)
	}
	var out []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() && (rel == "bin" || rel != "." && rel != ".ci" && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() {
			out = append(out, rel)
		}
		return nil
	})
	return out, err
}

func gitFiles(ctx context.Context, root string) ([]string, error) {
	out, err := run(ctx, root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return nil, err
	}
	var files []string
	for _, name := range strings.Split(string(out), "\x00") {
		// A file that is deleted and not yet recorded as such is still listed.
		if _, err := os.Stat(filepath.Join(root, name)); name != "" && err == nil {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// CheckText holds one file's content to textRules; what is not text is left alone.
func CheckText(name string, content []byte) []Violation {
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return nil
	}
	var out []Violation
	n := 0
	for line := range bytes.Lines(content) {
		n++
		for _, r := range textRules {
			if !strings.HasSuffix(name, r.only) || slices.Contains(r.except, name) {
				continue
			}
			if found := r.match.Find(bytes.TrimRight(line, "\r\n")); found != nil {
				out = append(out, Violation{Rule: r.name, Where: name + ":" + strconv.Itoa(n), What: strings.TrimSpace(string(found))})
			}
		}
	}
	return out
}

var (
	fence = regexp.MustCompile("^\\s*(```|~~~)")
	link  = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)>?[^)]*\)`)
	code  = regexp.MustCompile("`[^`]*`")
)

// CheckLinks finds relative links of a Markdown file to what exists(path below the root) denies.
func CheckLinks(name string, content []byte, exists func(string) bool) []Violation {
	var out []Violation
	fenced := false
	n := 0
	for line := range strings.Lines(string(content)) {
		n++
		if fence.MatchString(line) {
			fenced = !fenced
		}
		if fenced {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, ":") {
				continue
			}
			if at := path.Join(path.Dir(name), target); !exists(at) {
				out = append(out, Violation{Rule: "a link leads somewhere", Where: name + ":" + strconv.Itoa(n), What: m[1]})
			}
		}
	}
	return out
}
