package safetensors

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
)

const indexName = "model.safetensors.index.json"

// holding returns a file with float32 scalars of the given names.
func holding(names ...string) *fstest.MapFile {
	var entries []string
	for i, name := range names {
		entries = append(entries, fmt.Sprintf(`%q:{"dtype":"F32","shape":[],"data_offsets":[%d,%d]}`, name, 4*i, 4*i+4))
	}
	return &fstest.MapFile{Data: file(`{"__metadata__":{"format":"pt","first":"`+names[0]+`"},`+strings.Join(entries, ",")+`}`, 4*len(names))}
}

func TestIndex(t *testing.T) {
	good := `{"metadata":{"total_size":12},"weight_map":{"a":"1.safetensors","b":"1.safetensors","c":"sub/2.safetensors"}}`
	files := func(change func(fstest.MapFS)) fstest.MapFS {
		m := fstest.MapFS{"1.safetensors": holding("a", "b"), "sub/2.safetensors": holding("c"), indexName: {Data: []byte(good)}}
		change(m)
		return m
	}
	index := func(old, new string) fstest.MapFS {
		require.Contains(t, good, old)
		return files(func(m fstest.MapFS) { m[indexName].Data = []byte(strings.Replace(good, old, new, 1)) })
	}
	r, err := OpenFS(files(func(fstest.MapFS) {}), indexName)
	require.NoError(t, err)
	require.Equal(t, 3, r.Len())
	require.Equal(t, map[string]string{"format": "pt", "first": "a"}, r.Metadata())
	require.Equal(t, []string{"1.safetensors", "sub/2.safetensors"}, r.Files())
	g, err := r.Graph()
	require.NoError(t, err)
	require.Len(t, g.Nodes, 4)

	tests := []struct {
		name string
		fs   fstest.MapFS
		is   error
		want string
	}{
		{"a missing file", files(func(m fstest.MapFS) { delete(m, "sub/2.safetensors") }), fs.ErrNotExist, `it lists "sub/2.safetensors", which cannot be opened`},
		{"a damaged file", files(func(m fstest.MapFS) { m["1.safetensors"].Data = []byte("x") }), format.ErrCorrupt, "1.safetensors: it has 1 bytes"},
		{"a tensor that no file has", index(`"c":`, `"d":"1.safetensors","c":`), format.ErrCorrupt, `"d": the index says that it is in 1.safetensors, but no file has it`},
		{"a tensor in two files", files(func(m fstest.MapFS) { m["sub/2.safetensors"] = holding("c", "b") }), format.ErrCorrupt, `"b": it is in two files, 1.safetensors and sub/2.safetensors`},
		{"a tensor that is not listed", index(`"b":"1.safetensors",`, ``), format.ErrCorrupt, `"b": it is in 1.safetensors, but the index does not list it`},
		{"a tensor in another file", index(`"b":"1.safetensors"`, `"b":"sub/2.safetensors"`), format.ErrCorrupt, `"b": it is in 1.safetensors, but the index says sub/2.safetensors`},
		{"a tensor that is listed twice", index(`"b":`, `"a":"sub/2.safetensors","b":`), format.ErrCorrupt, `"a" occurs twice, in "1.safetensors" and in "sub/2.safetensors"`},
		{"another total_size", index(`12`, `13`), format.ErrCorrupt, "its total_size is 13, but the files hold 12 bytes"},
		{"no weight_map", index(`"weight_map"`, `"weights"`), format.ErrCorrupt, "no weight_map"},
		{"two weight_maps", index(`"metadata":{"total_size":12}`, `"weight_map":{}`), format.ErrCorrupt, "weight_map occurs twice"},
		{"a number as a file", index(`"sub/2.safetensors"`, `2`), format.ErrCorrupt, "expected a string"},
		{"not JSON", index(`{`, `{{`), format.ErrCorrupt, "expected a string"},
		{"text after the end", index(`}}`, `}}}`), format.ErrCorrupt, "expected the end"},
		{"a fraction for total_size", index(`12`, `12.5`), nil, ""},
		{"no metadata", index(`{"total_size":12}`, `null`), nil, ""},
		{"metadata with other members", index(`"total_size":12`, `"total_parameters":[3]`), nil, ""},
	}
	for _, path := range []string{"../1.safetensors", "/1.safetensors", "sub/../../x", `..\\1.safetensors`, "", ".", "a/", `1\u0000`} {
		tests = append(tests, struct {
			name string
			fs   fstest.MapFS
			is   error
			want string
		}{"path " + path, index("1.safetensors", path), format.ErrCorrupt, "not in the directory of the index"})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := OpenFS(tt.fs, indexName)
			if tt.is == nil {
				require.NoError(t, err)
				require.NoError(t, r.Close())
				return
			}
			require.ErrorIs(t, err, tt.is)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestDirectory(t *testing.T) {
	one := holding("w")
	many := &fstest.MapFile{Data: []byte(`{"weight_map":{"w":"a.safetensors"}}`)}
	for name, tt := range map[string]struct {
		fs   fstest.MapFS
		want string // the file that is opened, or part of the error
	}{
		"one file":                       {fstest.MapFS{"d/x.safetensors": one, "d/config.json": many}, "d/x.safetensors"},
		"model.safetensors":              {fstest.MapFS{"d/x.safetensors": one, "d/model.safetensors": one}, "d/model.safetensors"},
		"an index":                       {fstest.MapFS{"d/a.safetensors": one, "d/b.safetensors": one, "d/x.safetensors.index.json": many}, "d/a.safetensors"},
		"an index and another file":      {fstest.MapFS{"d/a.safetensors": one, "d/model.safetensors": one, "d/" + indexName: many}, "name the one that is meant"},
		"two indexes":                    {fstest.MapFS{"d/a.safetensors.index.json": many, "d/b.safetensors.index.json": many}, "a.safetensors.index.json, b.safetensors.index.json"},
		"several files without an index": {fstest.MapFS{"d/a.safetensors": one, "d/b.safetensors": one}, "it has 2 safetensors files and no index"},
		"none":                           {fstest.MapFS{"d/x": one}, "no safetensors file"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := OpenFS(tt.fs, "d")
			if err != nil {
				require.ErrorContains(t, err, tt.want)
				require.True(t, errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrNotExist))
				return
			}
			require.Equal(t, []string{tt.want}, r.Files())
		})
	}
}
