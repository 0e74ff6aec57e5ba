package statuslist_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/huzheng-ledger/huzheng/attest"
	"github.com/huzheng-ledger/huzheng/attest/statuslist"
	"github.com/huzheng-ledger/huzheng/internal/vectors"
)

// draftList is one list of the published vectors: the long ones name the entries that are not zero, the short ones all.
type draftList struct {
	Name              string
	Bits              int
	Lst               string
	Statuses          map[string]statuslist.Status
	StatusesInOrder   []int
	DecompressedBytes int
}

func (v draftList) want(t *testing.T) map[int]statuslist.Status {
	t.Helper()
	want := make(map[int]statuslist.Status, len(v.Statuses))
	for text, status := range v.Statuses {
		index, err := strconv.Atoi(text)
		require.NoError(t, err)
		want[index] = status
	}
	for index, status := range v.StatusesInOrder {
		want[index] = statuslist.Status(status)
	}
	require.NotEmpty(t, want)
	return want
}

func TestDraftVectors(t *testing.T) {
	var file struct{ Lists []draftList }
	vectors.Load(t, "token_status_list.json", &file)
	require.NotEmpty(t, file.Lists)
	for _, v := range file.Lists {
		t.Run(v.Name, func(t *testing.T) {
			compressed, err := base64.RawURLEncoding.DecodeString(v.Lst)
			require.NoError(t, err)
			list, err := statuslist.Decode(v.Bits, compressed)
			require.NoError(t, err)
			require.Equal(t, v.DecompressedBytes*8/v.Bits, list.Size())

			built, err := statuslist.New(v.Bits, list.Size())
			require.NoError(t, err)
			for i, status := range v.want(t) {
				got, err := list.Get(i)
				require.NoError(t, err)
				assert.Equal(t, status, got, "entry %d", i)
				require.NoError(t, built.Set(i, status))
			}
			assert.Equal(t, list, built, "all other entries are zero")
		})
	}
}

// The two short examples of the draft, 4.1.
func TestDraftGolden(t *testing.T) {
	one, err := statuslist.Encode(1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1)
	require.NoError(t, err)
	assert.Equal(t, []byte{0xb9, 0xa3}, unpack(t, one))
	two, err := statuslist.Encode(2, 1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3)
	require.NoError(t, err)
	assert.Equal(t, []byte{0xc9, 0x44, 0xf9}, unpack(t, two))
}

func unpack(t require.TestingT, l *statuslist.List) []byte {
	compressed, err := l.Compress()
	require.NoError(t, err)
	r, err := zlib.NewReader(bytes.NewReader(compressed))
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = out.ReadFrom(r)
	require.NoError(t, err)
	return out.Bytes()
}

func TestIndexOutOfRange(t *testing.T) {
	list, err := statuslist.New(2, statuslist.Size)
	require.NoError(t, err)
	require.Equal(t, statuslist.Size, list.Size())
	for _, index := range []int{-1, statuslist.Size, 1 << 40} {
		_, err := list.Get(index)
		assert.Equal(t, attest.CodeStatusIndexRange, attest.CodeOf(err))
		assert.Equal(t, attest.CodeStatusIndexRange, attest.CodeOf(list.Set(index, statuslist.Valid)))
	}
	require.NoError(t, list.Set(statuslist.Size-1, statuslist.Suspended))
	got, err := list.Get(statuslist.Size - 1)
	require.NoError(t, err)
	assert.Equal(t, statuslist.Suspended, got)
}

func TestRefusesWhatDoesNotFit(t *testing.T) {
	list, err := statuslist.New(1, 8)
	require.NoError(t, err)
	assert.Equal(t, attest.CodeStatusValue, attest.CodeOf(list.Set(0, statuslist.Suspended)))
	_, err = statuslist.Encode(2, 4)
	assert.Equal(t, attest.CodeStatusValue, attest.CodeOf(err))
	for _, bits := range []int{-1, 0, 3, 5, 16} {
		_, err := statuslist.New(bits, 8)
		assert.Equal(t, attest.CodeStatusListFormat, attest.CodeOf(err))
	}
	_, err = statuslist.New(8, 0)
	assert.Equal(t, attest.CodeStatusListFormat, attest.CodeOf(err))
	_, err = statuslist.New(8, statuslist.MaxBytes+1)
	assert.Equal(t, attest.CodeStatusListSize, attest.CodeOf(err))
}

func TestSetTouchesOneEntry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.SampledFrom([]int{1, 2, 4, 8}).Draw(t, "bits")
		size := rapid.IntRange(1, 40).Draw(t, "size") * 8
		status := rapid.Map(rapid.IntRange(0, 1<<bits-1), func(n int) statuslist.Status { return statuslist.Status(n) })
		model := make([]statuslist.Status, size)
		list, err := statuslist.New(bits, size)
		require.NoError(t, err)
		for range rapid.IntRange(0, 60).Draw(t, "writes") {
			i, s := rapid.IntRange(0, size-1).Draw(t, "i"), status.Draw(t, "s")
			model[i] = s
			require.NoError(t, list.Set(i, s))
		}
		compressed, err := list.Compress()
		require.NoError(t, err)
		back, err := statuslist.Decode(bits, compressed)
		require.NoError(t, err)
		for i, want := range model {
			got, err := back.Get(i)
			require.NoError(t, err)
			require.Equal(t, want, got, "entry %d", i)
		}
	})
}

func compress(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestDecodeRefuses(t *testing.T) {
	good := compress(t, []byte{1, 2, 3})
	damaged := bytes.Clone(good)
	damaged[len(damaged)-1] ^= 1
	for name, c := range map[string]struct {
		in   []byte
		code attest.Code
	}{
		"empty":       {nil, attest.CodeStatusListFormat},
		"no entries":  {compress(t, nil), attest.CodeStatusListFormat},
		"not zlib":    {[]byte("not a status list"), attest.CodeStatusListFormat},
		"truncated":   {good[:len(good)-2], attest.CodeStatusListFormat},
		"checksum":    {damaged, attest.CodeStatusListFormat},
		"trailing":    {append(bytes.Clone(good), 0), attest.CodeStatusListFormat},
		"bomb":        {compress(t, make([]byte, 32<<20)), attest.CodeStatusListSize},
		"one too big": {compress(t, make([]byte, statuslist.MaxBytes+1)), attest.CodeStatusListSize},
		"huge input":  {make([]byte, 2*statuslist.MaxBytes), attest.CodeStatusListSize},
	} {
		_, err := statuslist.Decode(1, c.in)
		assert.Equal(t, c.code, attest.CodeOf(err), name)
	}
	largest, err := statuslist.Decode(1, compress(t, make([]byte, statuslist.MaxBytes)))
	require.NoError(t, err)
	assert.Equal(t, statuslist.MaxBytes*8, largest.Size())
}

func TestStatusOf(t *testing.T) {
	for state, want := range map[attest.StatusState]statuslist.Status{
		"": statuslist.Valid, attest.StatusRevoked: statuslist.Invalid,
		attest.StatusSuperseded: statuslist.Invalid, attest.StatusSuspended: statuslist.Suspended,
	} {
		got, err := statuslist.StatusOf(state)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := statuslist.StatusOf("frozen")
	assert.Equal(t, attest.CodeStatusValue, attest.CodeOf(err))
}

func FuzzDecode(f *testing.F) {
	f.Add(1, compress(f, []byte{0xb9, 0xa3}))
	f.Add(2, compress(f, []byte{0xc9, 0x44, 0xf9}))
	f.Add(8, compress(f, make([]byte, statuslist.MaxBytes+1)))
	f.Fuzz(func(t *testing.T, bits int, data []byte) {
		list, err := statuslist.Decode(bits, data)
		if err != nil {
			require.NotEqual(t, attest.CodeInternal, attest.CodeOf(err))
			return
		}
		again, err := list.Compress()
		require.NoError(t, err)
		back, err := statuslist.Decode(bits, again)
		require.NoError(t, err)
		require.Equal(t, list, back)
	})
}

func BenchmarkCompress(b *testing.B) {
	list, err := statuslist.New(2, statuslist.Size)
	require.NoError(b, err)
	for i := 0; i < statuslist.Size; i += 97 {
		require.NoError(b, list.Set(i, statuslist.Invalid))
	}
	for b.Loop() {
		_, err := list.Compress()
		require.NoError(b, err)
	}
}
