package api

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
)

// TestAVerificationIsWrittenAsEncodingJSONWouldWriteIt: also one with a member that openapi.yaml has been given since.
func TestAVerificationIsWrittenAsEncodingJSONWouldWriteIt(t *testing.T) {
	written := func(v *Verification) []byte {
		w := attest.NewObjectWriter(nil)
		v.write(w)
		return w.Close()
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.MakeCustom[Verification](rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{
			reflect.TypeFor[json.RawMessage](): rapid.SampledFrom([]any{json.RawMessage(`{}`), json.RawMessage(`{"name":"示例 <b>"}`)}),
			reflect.TypeFor[string]():          rapid.SampledFrom([]any{"", "OK", "有效 \"quoted\" \\ <b> & \x00\x1f\u2028"}),
			reflect.TypeFor[[]RegionCode]():    rapid.SampledFrom([]any{[]RegionCode{}, []RegionCode{"440000", "510000"}}),
		}}).Draw(t, "verification")
		if v.Checks == nil {
			v.Checks = []Check{}
		}
		data, err := json.Marshal(v)
		require.NoError(t, err)
		require.JSONEq(t, string(data), string(written(&v)))
	})
}
