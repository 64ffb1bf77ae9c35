package slicekey

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/tensor"
)

// The bytes are from keys that TensorFlow wrote.
func TestSliceKeyLiteralBytes(t *testing.T) {
	tests := []struct {
		name  string
		key   string
		slice tensor.Slice
		want  string
	}{
		{"B-12 a full extent is 80 7f", "cols", tensor.Slice{tensor.Full, {Start: 1, Length: 9}}, "\x00cols\x00\x01\x01\x02\x80\x7f\x81\x89"},
		{"bytes 00 and ff are escaped", "a\x00b\xffc", tensor.Slice{{Start: 0, Length: 65}}, "\x00a\x00\xffb\xff\x00c\x00\x01\x01\x01\x80\xc0\x41"},
		{"numbers from 64 take two bytes, from 8192 three", "", tensor.Slice{{Start: 65, Length: 8900}}, "\x00\x00\x01\x01\x01\xc0\x41\xe0\x22\xc4"},
		{"66000", "", tensor.Slice{{Start: 100, Length: 66000}}, "\x00\x00\x01\x01\x01\xc0\x64\xe1\x01\xd0"},
		{"several axes", "n", tensor.Slice{{Start: 65, Length: 100}, {Start: 66000, Length: 63}, {Start: 64, Length: 1 << 30}},
			"\x00n\x00\x01\x01\x03\xc0\x41\xc0\x64\xe1\x01\xd0\xbf\xc0\x40\xf8\x40\x00\x00\x00"},
		{"a scalar has rank 0, which is encoded as a number of zero bytes", "s", tensor.Slice{}, "\x00s\x00\x01\x00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, string(Of(test.key, test.slice)))
			name, s, ok := Parse([]byte(test.want))
			require.True(t, ok)
			require.Equal(t, test.key, name)
			require.Equal(t, test.slice, s)
		})
	}
}

func TestSignedNumbers(t *testing.T) {
	tests := []struct {
		v    int64
		want string
	}{
		{0, "\x80"}, {-1, "\x7f"}, {63, "\xbf"}, {-64, "\x40"},
		{64, "\xc0\x40"}, {-65, "\x3f\xbf"}, {8191, "\xdf\xff"}, {8192, "\xe0\x20\x00"},
		{1<<55 - 1, "\xff\x7f\xff\xff\xff\xff\xff\xff"}, {1 << 55, "\xff\x80\x80\x00\x00\x00\x00\x00\x00"},
		{math.MaxInt64, "\xff\xc0\x7f\xff\xff\xff\xff\xff\xff\xff"}, {math.MinInt64, "\x00\x3f\x80\x00\x00\x00\x00\x00\x00\x00"},
	}
	for _, test := range tests {
		require.Equal(t, test.want, string(appendSigned(nil, test.v)), "%d", test.v)
		v, rest, ok := parseSigned([]byte(test.want + "rest"))
		require.True(t, ok, "%d", test.v)
		require.Equal(t, test.v, v)
		require.Equal(t, "rest", string(rest))
	}
}

func TestSliceKeyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.Map(rapid.SliceOf(rapid.SampledFrom([]byte{0, 1, 'a', 'b', 0xfe, 0xff})), func(b []byte) string { return string(b) })
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		s := tensor.Slice{tensor.Full}
		require.Equal(t, a < b, string(Of(a, s)) < string(Of(b, s)), "the names are in order")
		require.Less(t, string(Of(a, s)), "\x01", "parts come before all keys except the header's")
	})
}

// FuzzSliceKey parses any bytes as keys. Encoding the result must give the same key.
func FuzzSliceKey(f *testing.F) {
	f.Add([]byte("\x00cols\x00\x01\x01\x02\x80\x7f\x81\x89"))
	f.Add([]byte("\x00a\x00\xffb\xff\x00c\x00\x01\x01\x01\x80\xc0\x41"))
	f.Add([]byte("\x00\x00\x01\x08\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\x00a\x00\x01\x01\x01\x80\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, key []byte) {
		name, s, ok := Parse(key)
		if ok && string(Of(name, s)) != string(key) {
			t.Fatalf("%q is parsed as %q %v, which has the key %q", key, name, s, Of(name, s))
		}
	})
}

func TestSliceKeyFaults(t *testing.T) {
	for _, test := range []struct{ name, key string }{
		{"empty", ""},
		{"an ordinary key", "w/.ATTRIBUTES/VARIABLE_VALUE"},
		{"another leading number", "\x01\x01a\x00\x01\x01\x00"},
		{"a name that does not end", "\x00abc"},
		{"a lone escape", "\x00a\xffb\x00\x01\x00"},
		{"a rank with more axes than bytes", "\x00a\x00\x01\x02\xff\xff\x80\x81"},
		{"a rank that is not in its shortest form", "\x00a\x00\x01\x02\x00\x01\x80\x81"},
		{"a truncated axis", "\x00a\x00\x01\x01\x01\x80"},
		{"a truncated number", "\x00a\x00\x01\x01\x01\x80\xc0"},
		{"a number that is not in its shortest form", "\x00a\x00\x01\x01\x01\x80\xc0\x01"},
		{"a negative start", "\x00a\x00\x01\x01\x01\x7f\x81"},
		{"a length of -2", "\x00a\x00\x01\x01\x01\x80\x7e"},
		{"a full extent that starts at 1", "\x00a\x00\x01\x01\x01\x81\x7f"},
		{"bytes after the last axis", "\x00a\x00\x01\x01\x01\x80\x81x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, ok := Parse([]byte(test.key))
			require.False(t, ok)
		})
	}
}

// Encoded bytes sort in the same order as the values that they encode: the purpose of OrderedCode.
func TestEncodedOrder(t *testing.T) {
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
		require.Equal(t, bytes.Compare(s, u), bytes.Compare(appendString(nil, string(s)), appendString(nil, string(u))))
	})
}
