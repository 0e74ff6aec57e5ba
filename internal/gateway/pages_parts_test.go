package gateway_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/huzheng-ledger/huzheng/internal/gateway/gatewaytest"
	"github.com/huzheng-ledger/huzheng/internal/qr/qrtest"
)

// TestPicturesOfSeveralCodesAreOnePresentation hands in what several QR codes show: a picture of each, one picture of all, and
// the texts that a scanner reads.
func TestPicturesOfSeveralCodesAreOnePresentation(t *testing.T) {
	s := newStory(t)
	b := s.citizen(t, "citizen1.440000")
	page := s.home.URL + "/citizen/certificates/" + s.mine.ID + "/portable"
	present := func(fields ...string) *qrtest.Parts {
		status, text, _ := b.fill(page, page, url.Values{"field": fields, "as": {"file"}})
		require.Equal(t, http.StatusOK, status)
		return qrtest.PartsOf(t, text)
	}
	drawn, others := present(gatewaytest.Disclosed()...), present(gatewaytest.Disclosed()[:1]...).Texts
	parts, sheet := drawn.Texts, drawn.Sheet
	pictures := map[string]string{}
	for i, picture := range drawn.Pictures {
		pictures[fmt.Sprintf("%d.png", len(parts)-i)] = string(picture) // in the other order
	}
	judge := func(files map[string]string, fields ...string) (int, string) {
		form := map[string]string{"useCause": "查验"}
		if len(fields) > 0 {
			form["text"] = fields[0]
		}
		return newBrowser(t).upload(s.abroad.URL, form, files)
	}
	const valid = `<h1 id="verdict">有效</h1>`
	for name, files := range map[string]map[string]string{"pictures": pictures, "one picture": {"a.png": string(sheet)},
		"texts": {"a.txt": strings.Join(parts, "\n"), "b.txt": parts[0]}} {
		status, body := judge(files)
		assert.Equal(t, http.StatusOK, status, name)
		assert.Contains(t, body, valid, name)
	}
	status, body := judge(nil, strings.Join(parts, "\r\n")) // as a form sends lines
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, valid, "pasted")

	status, body = judge(map[string]string{"a.png": pictures["1.png"]})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, zh("upload.parts-missing"))
	assert.Contains(t, body, fmt.Sprintf("1 / %d", len(parts)), "and says which")
	status, body = judge(map[string]string{"a.txt": parts[0], "b.txt": others[1]})
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, zh("upload.parts-mixed"))
}
