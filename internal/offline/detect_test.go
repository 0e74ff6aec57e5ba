package offline

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/huzheng-ledger/huzheng/attest"
)

func TestDetect(t *testing.T) {
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256"}`))
	row := `{"v":1,"header":"","row":[],"index":0,"salt":"","path":[],"receipt":{}}`
	for name, c := range map[string]struct {
		data string
		kind Kind
	}{
		"presentation":      {header + ".e30.AA~WyJhIl0~", KindCertificate},
		"with binding":      {header + ".e30.AA~" + header + ".e30.AA\n", KindCertificate},
		"damaged":           {header + "~~~", KindCertificate},
		"receipt":           {header + ".e30.AA\n", KindVerification},
		"row":               {"\n" + row + "\n", KindRow},
		"other JSON":        {`{"v":1}`, KindDocument},
		"doubtful JSON":     {strings.Replace(row, `"v":1`, `"v":1,"v":1`, 1), KindDocument},
		"PDF":               {"%PDF-1.4 ~", KindDocument},
		"nothing":           {"", KindDocument},
		"far too long":      {header + ".e30.AA~" + strings.Repeat("A", maxSniff), KindDocument},
		"prose with dots":   {"eyJ is how. it begins. here\nand goes on", KindDocument},
		"four parts of JWS": {header + ".e30.AA.AA", KindDocument},
	} {
		assert.Equal(t, c.kind, Detect([]byte(c.data)), name)
	}
}

func FuzzDetect(f *testing.F) {
	f.Add([]byte("eyJ.e30.AA~"))
	f.Add([]byte(`{"v":1,"header":"","row":[],"index":0,"salt":"","path":[],"receipt":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		judge := Judge{View: nothing{}}
		switch Detect(data) {
		case KindRow:
			assert.NotEqual(t, attest.Valid, judge.Row(data).Verdict.Result)
		case KindVerification:
			assert.NotEqual(t, attest.Valid, judge.Verification(data, nil).Verdict.Result)
		case KindCertificate:
			assert.NotEqual(t, attest.Valid, judge.Certificate(data, nil).Verdict.Result)
		case KindDocument:
			digest := func(s attest.Suite) [32]byte { return s.Sum(data) }
			assert.NotEqual(t, attest.Valid, judge.Document(digest, string(data), data).Verdict.Result)
		}
	})
}
