// Package scan reads a code in a frame of a live camera, for browsers that cannot: the page sends a frame now and then, until
// one has a code in it. A frame is decoded in memory and forgotten; what is in it is for the page to hand in, as if typed.
package scan

import (
	"encoding/json"
	"net/http"

	"github.com/huzheng-ledger/huzheng/web/shell"
	"github.com/huzheng-ledger/huzheng/web/upload"
)

// maxFrame bounds a frame: the page makes them no wider than 960 pixels.
const maxFrame = 1 << 20

// Route answers a frame, sent as the file "photo", with the text in its code, or the parts of a presentation in its codes, one a
// line, and with nothing where there is none. allow says
// whether whoever asks may send one now.
func Route(path string, access shell.Access, decoder upload.Decoder, allow func(*http.Request) bool) shell.Route {
	return shell.Route{Method: http.MethodPost, Path: path, Access: access, MaxBody: maxFrame, Handle: func(p *shell.Page) error {
		if decoder == nil {
			return shell.Missing()
		}
		if !allow(p.Request) {
			return shell.Busy()
		}
		text := ""
		for _, h := range upload.Files(p.Request, 1, "photo") {
			frame, err := upload.Read(h)
			if err == nil {
				texts, _ := decoder.Decode(p.Request.Context(), frame) // an error is a frame without a code
				text = upload.Scanned(texts)
			}
		}
		if text == "" {
			p.Writer.WriteHeader(http.StatusNoContent)
			return nil
		}
		p.Writer.Header().Set("Content-Type", "application/json")
		return json.NewEncoder(p.Writer).Encode(map[string]string{"text": text})
	}}
}
