package safetensors

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/formattest"
)

// file returns a file with a header and data. Only the contents of the header may be wrong.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

func openBytes(b []byte) (*Reader, error) {
	return OpenFS(fstest.MapFS{"f": {Data: b}}, "f")
}

func TestHeader(t *testing.T) {
	const a = `"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`
	tests := []struct {
		name, header string
		data         int
		want         string // "" if it is read
	}{
		{"one tensor", `{` + a + `}`, 4, ""},
		{"no tensors", `{}`, 0, ""},
		{"spaces after the header", `{}   `, 0, ""},
		{"an unknown field", `{"a":{"x":[{"y":[]},1.5e3,null],"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4, ""},
		{"null metadata", `{"__metadata__":null}`, 0, ""},
		{"empty tensors between others", `{"e":{"dtype":"F32","shape":[0,9],"data_offsets":[4,4]},"f":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},` + a + `}`, 4, ""},

		{"a space before the header", ` {}`, 0, `expected '{', got " {}"`},
		{"nothing", ``, 0, `expected '{', got ""`},
		{"not an object", `[]`, 0, `expected '{'`},
		{"text after the header", `{}x`, 0, `at byte 2: expected the end, got "x"`},
		{"a zero byte after the header", "{}\x00", 0, "zero byte"},
		{"a comma at the end", `{` + a + `,}`, 4, "expected a string"},
		{"a missing end", `{` + a, 4, "expected a comma or the end of the object, got the end"},
		{"not UTF-8", "{\"\xff\":1}", 0, "not UTF-8"},
		{"a line break in a name", "{\"a\nb\":1}", 0, "control character"},
		{"half of a surrogate pair", `{"\ud800":1}`, 0, "expected an escape sequence"},
		{"two low surrogates", `{"\udc00\udc00":1}`, 0, "surrogate"},
		{"an escape that JSON lacks", `{"\x41":1}`, 0, "escape"},

		{"one name twice", `{` + a + `,"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8, `f: "a": two tensors have this name`},
		{"one name twice, the same bytes", `{` + a + `,` + a + `}`, 4, `and overlaps`},
		{"one name twice, once escaped", `{` + a + `,"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8, `two tensors have this name`},
		{"one field twice", `{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}`, 4, `"a": at byte 40: shape occurs twice`},
		{"metadata twice", `{"__metadata__":{},"__metadata__":{}}`, 0, "__metadata__ occurs twice"},
		{"one pair of metadata twice", `{"__metadata__":{"k":"1","k":"2"}}`, 0, `"k" occurs twice`},
		{"a number as metadata", `{"__metadata__":{"k":1}}`, 0, "expected a string"},
		{"no dtype", `{"a":{"shape":[1],"data_offsets":[0,4]}}`, 4, "expected dtype, shape and data_offsets"},
		{"an unknown dtype", `{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}`, 4, `f: "a": its dtype "F33" is unknown`},
		{"a number as the dtype", `{"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}}`, 4, "expected a string"},
		{"a shape with a fraction", `{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, 4, "expected a whole number"},
		{"a negative shape", `{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4, "expected a whole number"},
		{"a shape with a leading zero", `{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}`, 4, "expected a whole number"},
		{"a shape beyond 64 bits", `{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}}`, 4, "more than 63 bits"},
		{"a shape that overflows", `{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}`, 4, "more elements than an int"},
		{"a size that overflows", `{"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}`, 4, "needs 4611686018427387905 elements"},
		{"three offsets", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}`, 4, "got [0 4 8]"},
		{"an end before the beginning", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, 4, "got [4 0]"},

		{"a size that differs from the shape's", `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4, "F32[2] needs 2 elements of 32 bits, but its data_offsets span 4 bytes"},
		{"half a byte", `{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}`, 1, "F4[3] needs 3 elements of 4 bits"},
		{"a gap before the first tensor", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8, "but the 4 bytes before it do not belong to any tensor"},
		{"a gap between tensors", `{` + a + `,"b":{"dtype":"U8","shape":[1],"data_offsets":[5,6]}}`, 6, "the 1 bytes before it do not belong to any tensor"},
		{"a gap at the end", `{` + a + `}`, 6, "its last 2 bytes do not belong to any tensor"},
		{"an overlap", `{` + a + `,"b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}}`, 7, `"b": it begins at 3 and overlaps "a", which ends at 4`},
		{"an empty tensor within another", `{"e":{"dtype":"F32","shape":[0],"data_offsets":[2,2]},` + a + `}`, 4, "and overlaps"},
		{"a truncated file", `{` + a + `}`, 3, "it ends at 4, but the file has only 3 bytes of tensors"},
		{"a tensor beyond any file", `{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}`, 1, "cut off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := openBytes(file(tt.header, tt.data))
			if tt.want == "" {
				require.NoError(t, err)
				require.NoError(t, r.Close())
				return
			}
			formattest.RequireSays(t, err, tt.want)
			require.IsType(t, new(raw.Error), err)
			if !errors.Is(err, errors.ErrUnsupported) {
				require.ErrorIs(t, err, format.ErrCorrupt)
			}
		})
	}
}

func TestLength(t *testing.T) {
	for name, tt := range map[string]struct {
		file []byte
		want string
	}{
		"an empty file":                          {nil, "it has 0 bytes"},
		"seven bytes":                            {make([]byte, 7), "it has 7 bytes"},
		"a header beyond the file":               {file(`{}`, 0)[:9], "its header has 2 bytes, but the file ends after 1"},
		"a header beyond any file":               {[]byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"), "expected at most 100000000"},
		"a header that is larger than the limit": {binary.LittleEndian.AppendUint64(nil, maxHeader+1), "expected at most 100000000"},
		"no header":                              {make([]byte, 8), "expected '{'"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openBytes(tt.file)
			require.ErrorIs(t, err, format.ErrCorrupt)
			require.ErrorContains(t, err, tt.want)
		})
	}
	_, err := OpenFS(fstest.MapFS{}, "f")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestMetadata(t *testing.T) {
	r, err := openBytes(file(`{"__metadata__":{"format":"pt","\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00":"x"}}`, 0))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"format": "pt", "\"\\/\b\f\n\r\té😀": "x"}, r.Metadata())
	r.Metadata()["format"] = "changed"
	require.Equal(t, "pt", r.Metadata()["format"])
}

func TestRecognize(t *testing.T) {
	require.True(t, Recognize(file(`{}`, 0)))
	require.True(t, Recognize(file(`{"a`, 0)[:9]), "a truncated file")
	require.False(t, Recognize([]byte(`{"metadata": {}, "weight_map": {}}`)))
	require.False(t, Recognize(nil))
	require.False(t, Recognize(make([]byte, 9)))
	require.True(t, RecognizeIndex([]byte("\n { ")))
	require.False(t, RecognizeIndex([]byte("PK")))
}
