package npz

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/tensor"
)

// array1 returns a .npy file of version 1 with the given header and values.
func array1(header string, data int) []byte {
	b := append([]byte(magic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

func openBytes(b []byte) (*Reader, error) {
	return OpenFS(fstest.MapFS{"f.npy": {Data: b}}, "f.npy")
}

func TestHeader(t *testing.T) {
	tests := []struct {
		name, header string
		data         int
		want         string // "" if it is read
	}{
		{"an array", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n", 24, ""},
		{"another order and other quotes", `{"shape":(2,3),"fortran_order":True,"descr":"<f4"}`, 24, ""},
		{"a scalar", "{'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4, ""},
		{"an empty array", "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 0)}", 0, ""},
		{"lengths of Python 2", "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L)}", 24, ""},
		{"no byte order", "{'descr': 'f4', 'fortran_order': False, 'shape': (1,)}", 4, ""},

		{"not a dictionary", "[]", 0, "expected '{'"},
		{"nothing", "", 0, "expected '{'"},
		{"text after the end", "{'descr': '<f4', 'fortran_order': False, 'shape': ()}x", 4, `expected the end of the header, got "x"`},
		{"an additional key", "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", 4, `"x" is not one of`},
		{"a missing key", "{'descr': '<f4', 'fortran_order': False}", 4, "expected the keys descr, fortran_order and shape"},
		{"a key twice", "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4, "descr occurs twice"},
		{"a call", "{'descr': '<f4', 'fortran_order': False, 'shape': exit()}", 4, "expected '('"},
		{"a negative length", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 4, "nonnegative"},
		{"a long length", "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775808,)}", 4, "at most 63 bits"},
		{"a number for fortran_order", "{'descr': '<f4', 'fortran_order': 1, 'shape': ()}", 4, "expected True or False"},
		{"a string that does not end", "{'descr': '<f4", 0, "expected a string"},
		{"an escape", `{'desc\x72': '<f4', 'fortran_order': False, 'shape': ()}`, 4, "without escapes"},
		{"a missing comma", "{'descr': '<f4' 'fortran_order': False, 'shape': ()}", 4, "expected a comma or '}'"},
		{"deeply nested records", "{'descr': " + strings.Repeat("[", 60000) + ", 'fortran_order': False, 'shape': ()}", 4, "nested too deeply"},

		{"too few values", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", 23, "<f4[2 3] needs 6 elements of 4 bytes, but 23 bytes follow the header"},
		{"too many values", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}", 25, "holds more than one array"},
		{"more elements than an int can count", "{'descr': '<f4', 'fortran_order': True, 'shape': (4294967296, 4294967296)}", 4, "more elements than an int"},
		{"more bytes than any file has", "{'descr': '<f4', 'fortran_order': True, 'shape': (4611686018427387905,)}", 4, "needs 4611686018427387905 elements"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := openBytes(array1(tt.header, tt.data))
			if tt.want == "" {
				require.NoError(t, err)
				require.NoError(t, r.Check("f"))
				return
			}
			require.ErrorIs(t, err, format.ErrCorrupt)
			formattest.RequireSays(t, err, tt.want)
		})
	}
}

func TestStart(t *testing.T) {
	good := array1("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4)
	for name, tt := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":             {nil, "does not begin with"},
		"another magic":       {[]byte("\x93NUMPX\x01\x00\x00\x00"), "does not begin with"},
		"version 0":           {[]byte(magic + "\x00\x00\x00\x00"), "version 0.0"},
		"version 4":           {[]byte(magic + "\x04\x00\x00\x00\x00\x00"), "version 4.0"},
		"a long header":       {[]byte(magic + "\x02\x00\xff\xff\xff\xff"), "its header has 4294967295 bytes"},
		"no header":           {[]byte(magic + "\x02\x00\xff\xff\x00\x00"), "end in the header"},
		"no version":          {good[:7], "end in the header"},
		"no length":           {good[:9], "end in the header"},
		"half a header":       {good[:20], "end in the header"},
		"no values":           {good[:len(good)-4], "needs 1 elements"},
		"not UTF-8":           {[]byte(magic + "\x03\x00\x01\x00\x00\x00\xff"), "not UTF-8"},
		"a truncated archive": {[]byte("PK\x03\x04"), "ZIP archive"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openBytes(tt.file)
			require.ErrorIs(t, err, format.ErrCorrupt)
			formattest.RequireSays(t, err, tt.want)
		})
	}
	_, err := OpenFS(fstest.MapFS{}, "f")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.True(t, Recognize(good))
	require.False(t, Recognize([]byte("PK\x03\x04")))
}

func TestDescr(t *testing.T) {
	for descr, want := range map[string]tensor.DType{"<f4": tensor.DTFloat32, ">f8": tensor.DTFloat64, "|b1": tensor.DTBool, "=i2": tensor.DTInt16, "<c16": tensor.DTComplex128} {
		d, big, err := parseDescr(descr)
		require.NoError(t, err)
		require.Equal(t, want, d)
		require.Equal(t, descr[0] == '>', big)
	}
	for _, descr := range []string{"", "<", "|O", "<U3", "|S1", "<M8[ns]", "<V2", "<f16", "<x9", "f", "<<f4"} {
		_, _, err := parseDescr(descr)
		require.Error(t, err, descr)
	}
	r, err := openBytes(array1("{'descr': '|O', 'fortran_order': False, 'shape': (3,)}", 9))
	require.NoError(t, err)
	require.ErrorIs(t, r.Check("f"), errors.ErrUnsupported)
	require.ErrorContains(t, r.Check("f"), "pickle that is never run")
}
