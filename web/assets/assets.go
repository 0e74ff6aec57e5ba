// Package assets serves the pages' one stylesheet and their scripts, each under a name that carries its hash: a browser
// keeps it for ever, and asks anew when it has changed.
package assets

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed files
var files embed.FS

// Prefix begins the path of every asset.
const Prefix = "/assets/"

type asset struct {
	data        []byte
	contentType string
}

var load = sync.OnceValues(func() (byURL map[string]asset, urls map[string]string) {
	byURL, urls = map[string]asset{}, map[string]string{}
	root, err := fs.Sub(files, "files")
	if err != nil {
		panic(err) // the binary is not whole
	}
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		sum := sha256.Sum256(data)
		url := Prefix + hex.EncodeToString(sum[:6]) + "/" + name
		byURL[url], urls[name] = asset{data, contentType(name)}, url
		return err
	})
	if err != nil {
		panic(err) // as above
	}
	return byURL, urls
})

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	default:
		return mime.TypeByExtension(path.Ext(name))
	}
}

// URL is the path of an asset by its name; empty: there is none, which a test of the pages finds.
func URL(name string) string {
	_, urls := load()
	return urls[name]
}

// Names lists every asset.
func Names() []string {
	_, urls := load()
	names := make([]string, 0, len(urls))
	for name := range urls {
		names = append(names, name)
	}
	return names
}

// Handler serves them.
func Handler() http.Handler {
	byURL, _ := load()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := byURL[r.URL.Path]
		if !ok || strings.Contains(r.URL.RawQuery, "=") {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.contentType)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.data))
	})
}
