package savedv1

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/tensor"
)

func TestSliceKey(t *testing.T) {
	for _, tt := range []struct {
		name  string
		slice tensor.Slice
		want  string
	}{
		{"half", tensor.Slice{tensor.Full}, "\x00half\x00\x01\x01\x01\x80\x7f"},
		{"a scalar", tensor.Slice{}, "\x00a scalar\x00\x01\x00"},
		{"w", tensor.Slice{{Start: 4, Length: 3}, {Start: 0, Length: 3}}, "\x00w\x00\x01\x01\x02\x84\x83\x80\x83"},
		{"a\x00b\xffc", tensor.Slice{}, "\x00a\x00\xffb\xff\x00c\x00\x01\x00"},
		{"n", tensor.Slice{{Start: 65, Length: 100}, {Start: 66000, Length: 63}, {Start: 64, Length: 1 << 30}},
			"\x00n\x00\x01\x01\x03\xc0\x41\xc0\x64\xe1\x01\xd0\xbf\xc0\x40\xf8\x40\x00\x00\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, string(sliceKey(tt.name, tt.slice)))
		})
	}
}

// OrderedCode's purpose: encoded bytes sort in the same order as the values that they encode.
func TestOrder(t *testing.T) {
	number := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1<<15, 1<<15), rapid.SampledFrom([]int64{
		math.MinInt64, math.MaxInt64, -65, -64, 63, 64, -1 << 13, 1<<13 - 1, 1 << 13, 1<<62 - 1, 1 << 62, -1 << 62, -1<<62 - 1}))
	compare := func(a, b int64) int {
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		require.Equal(t, compare(a, b), bytes.Compare(appendSigned(nil, a), appendSigned(nil, b)))
		if a >= 0 && b >= 0 {
			require.Equal(t, compare(a, b), bytes.Compare(appendNumber(nil, uint64(a)), appendNumber(nil, uint64(b))))
		}
		s, u := rapid.SliceOf(rapid.Byte()).Draw(t, "s"), rapid.SliceOf(rapid.Byte()).Draw(t, "u")
		require.Equal(t, bytes.Compare(s, u), bytes.Compare(appendText(nil, string(s)), appendText(nil, string(u))))
	})
}
