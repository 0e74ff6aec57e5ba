package shell

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/huzheng-ledger/huzheng/attest/gbt"
	"github.com/huzheng-ledger/huzheng/web/assets"
	"github.com/huzheng-ledger/huzheng/web/text"
)

//go:embed layout/*.html
var layoutFiles embed.FS

// pages are the templates of all pages, once for each language.
type pages struct {
	byLang map[text.Lang]map[string]*template.Template
}

func parsePages(sections []Section) (*pages, error) {
	out := &pages{byLang: map[text.Lang]map[string]*template.Template{}}
	for _, lang := range text.Langs() {
		layout, err := template.New("layout").Funcs(funcs(lang)).ParseFS(layoutFiles, "layout/*.html")
		if err != nil {
			return nil, err
		}
		out.byLang[lang] = map[string]*template.Template{}
		for _, s := range sections {
			if err := out.parseSection(lang, layout, s); err != nil {
				return nil, fmt.Errorf("section %s: %w", s.Name, err)
			}
		}
	}
	return out, nil
}

func (out *pages) parseSection(lang text.Lang, layout *template.Template, s Section) error {
	if s.Pages == nil {
		return nil
	}
	names, err := fs.Glob(s.Pages, "*.html")
	if err != nil {
		return err
	}
	var partials []string
	for _, name := range names {
		if strings.HasPrefix(name, "_") {
			partials = append(partials, name)
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, "_") {
			continue
		}
		page := template.Must(layout.Clone())
		if _, err := page.ParseFS(s.Pages, append(partials, name)...); err != nil {
			return err
		}
		out.byLang[lang][s.Name+"/"+strings.TrimSuffix(name, ".html")] = page
	}
	return nil
}

// cst is China Standard Time, which is meant wherever a time is shown.
var cst = time.FixedZone("CST", 8*60*60)

// funcs are what templates call: t for a text, say for one of two sentences, asset for the path of an asset, day and
// moment for a time in Unix seconds, lastday for the end of a period, province for the name of a division's province, number
// for digits in groups.
func funcs(lang text.Lang) template.FuncMap {
	return template.FuncMap{
		"t":       func(key string, args ...any) string { return text.Of(lang, key, args...) },
		"say":     func(zh, en string) string { return text.Words{Chinese: zh, English: en}.In(lang) },
		"asset":   assets.URL,
		"day":     gbt.Day,
		"lastday": gbt.LastDay,
		"moment": func(unix int64) string {
			return time.Unix(unix, 0).In(cst).Format(time.DateTime)
		},
		"province": func(code string) string { return Province(lang, code) },
		"number":   Number,
	}
}

// Province is the short name of the province that a division code belongs to; the code where it is none.
func Province(lang text.Lang, code string) string {
	d, ok := gbt.Province(code)
	switch {
	case !ok:
		return code
	case lang == text.English:
		return d.English
	default:
		return strings.TrimSuffix(strings.TrimSuffix(d.Chinese, "省"), "市")
	}
}

// Number writes digits in groups of three.
func Number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// view is what a template sees: the page as P, the handler's data as D.
type view struct {
	P      *Page
	D      any
	Region string // name of the province
	Nav    []navView
	SignIn bool // somebody can sign in here
}

type navView struct {
	Path, Key string
	Current   bool
}

// Render answers with a page. Nothing has been written where it fails.
func (p *Page) Render(status int, name string, data any) error {
	page, ok := p.shell.pages.byLang[p.Lang][name]
	if !ok {
		return fmt.Errorf("there is no template %s", name)
	}
	v := view{P: p, D: data, Region: p.regionName(), Nav: p.navigation(), SignIn: p.shell.o.SignIn != nil}
	var out bytes.Buffer
	if err := page.ExecuteTemplate(&out, "layout", v); err != nil {
		return err
	}
	h := p.Writer.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Lang.Tag())
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	p.Writer.WriteHeader(status)
	_, _ = p.Writer.Write(out.Bytes()) // the browser has gone
	return nil
}

// regionName is the province in the page's language: in full in Chinese, as its seal has it.
func (p *Page) regionName() string {
	if p.Lang == text.English {
		return Province(p.Lang, p.shell.o.Region)
	}
	return p.shell.o.Name
}

func (p *Page) navigation() []navView {
	var out []navView
	for _, item := range p.shell.nav {
		if p.Session != nil && !item.Access.Allows(p.person()) {
			continue
		}
		path := p.Request.URL.Path
		current := path == item.Path || item.Path != "/" && strings.HasPrefix(path, item.Path+"/")
		out = append(out, navView{Path: item.Path, Key: item.Key, Current: current})
	}
	return out
}

// Here is the page's own path with its query, for links that switch language or text size; of the answer to a form it is
// the first page.
func (p *Page) Here(set string) string {
	if p.Request.Method != http.MethodGet && p.Request.Method != http.MethodHead {
		return "?" + set
	}
	query := p.Request.URL.Query()
	name, value, _ := strings.Cut(set, "=")
	query.Set(name, value)
	return p.Request.URL.Path + "?" + query.Encode()
}
