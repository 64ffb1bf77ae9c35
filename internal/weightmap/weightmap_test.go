package weightmap

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
)

var kind = Kind{Name: "test", Endings: []string{".bin"}, Default: "model.bin"}

// disk is a filesystem that maps names to contents.
func disk(files map[string]string) fsx.ReadFS {
	m := make(fstest.MapFS)
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsx.FromFS(m)
}

func read(t *testing.T, text string) (*Index, error) {
	t.Helper()
	f, err := disk(map[string]string{"model.bin.index.json": text}).Open("model.bin.index.json")
	require.NoError(t, err)
	return Read(raw.File("model.bin.index.json", f))
}

func TestRead(t *testing.T) {
	for name, tt := range map[string]struct{ text, problem string }{
		"an index":                       {`{"metadata":{"total_size":8},"weight_map":{"a":"1.bin","b":"d/2.bin"}}`, ""},
		"a total that is a string":       {`{"metadata":{"total_size":"8"},"weight_map":{}}`, ""},
		"no weight map":                  {`{"metadata":{}}`, "it has no weight_map"},
		"two weight maps":                {`{"weight_map":{},"weight_map":{}}`, "occurs twice"},
		"a name twice":                   {`{"weight_map":{"a":"1.bin","a":"2.bin"}}`, "occurs twice, in \"1.bin\" and in \"2.bin\""},
		"a file in the parent directory": {`{"weight_map":{"a":"../1.bin"}}`, "not in the directory of the index"},
		"an absolute file":               {`{"weight_map":{"a":"/1.bin"}}`, "not in the directory of the index"},
		"a file of another system":       {`{"weight_map":{"a":"C:\\1.bin"}}`, "not in the directory of the index"},
		"a file with a zero":             {`{"weight_map":{"a":"1\u0000.bin"}}`, "not in the directory of the index"},
		"the directory":                  {`{"weight_map":{"a":"."}}`, "not in the directory of the index"},
		"a file that is not a string":    {`{"weight_map":{"a":1}}`, "expected a string"},
		"text after the end":             {`{"weight_map":{}}x`, "expected the end"},
		"zeros":                          {"{\x00\x00", "zero byte"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, tt.text)
			if tt.problem == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, format.ErrCorrupt)
			require.ErrorContains(t, err, "model.bin.index.json")
			require.ErrorContains(t, err, tt.problem)
		})
	}
}

func TestCheck(t *testing.T) {
	ix, err := read(t, `{"metadata":{"total_size":8},"weight_map":{"a":"1.bin","b":"2.bin"}}`)
	require.NoError(t, err)
	require.NoError(t, ix.Check([][]string{{"a"}, {"b"}}, 8))
	require.NoError(t, ix.Check([][]string{{"a"}, {"b"}}, -1), "no total")
	for problem, keys := range map[string][][]string{
		"it is in two files":         {{"a", "b"}, {"b"}},
		"the index does not list it": {{"a", "c"}, {"b"}},
		"the index says":             {{"b"}, {"a"}},
		"no file has it":             {{"a"}, {}},
		"its total_size is 8, but":   {{"a"}, {"b"}},
	} {
		err := ix.Check(keys, 9)
		require.ErrorIs(t, err, format.ErrCorrupt)
		require.ErrorContains(t, err, problem)
	}
}

func TestOpen(t *testing.T) {
	ix, err := read(t, `{"weight_map":{"a":"1.bin","b":"2.bin"}}`)
	require.NoError(t, err)
	blobs, err := ix.Open(disk(map[string]string{"1.bin": "one", "2.bin": "three"}))
	require.NoError(t, err)
	require.Len(t, blobs, 2)
	require.EqualValues(t, 5, blobs[1].Size())
	_, err = ix.Open(disk(map[string]string{"1.bin": "one"}))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "2.bin")
}

func TestFind(t *testing.T) {
	for name, tt := range map[string]struct {
		files         []string
		path          string
		want, problem string
	}{
		"the path itself":               {[]string{"m.bin"}, "m.bin", "m.bin", ""},
		"its index":                     {[]string{"m.bin.index.json"}, "m.bin", "m.bin.index.json", ""},
		"the only index":                {[]string{"d/m.bin.index.json", "d/m-1.bin", "d/m-2.bin"}, "d", "d/m.bin.index.json", ""},
		"the default":                   {[]string{"d/model.bin", "d/other.bin"}, "d", "d/model.bin", ""},
		"the only file":                 {[]string{"d/x.bin", "d/x.txt"}, "d", "d/x.bin", ""},
		"no files":                      {[]string{"d/x.txt"}, "d", "", "it has no test file"},
		"two files":                     {[]string{"d/x.bin", "d/y.bin"}, "d", "", "name the one that is meant"},
		"two indexes":                   {[]string{"d/x.bin.index.json", "d/y.bin.index.json"}, "d", "", "several indexes"},
		"the default index and another": {[]string{"d/model.bin", "d/model.bin.index.json"}, "d", "", "name the one that is meant"},
	} {
		t.Run(name, func(t *testing.T) {
			files := make(map[string]string)
			for _, f := range tt.files {
				files[f] = "x"
			}
			got, err := kind.Find(disk(files), tt.path)
			if tt.problem != "" {
				require.ErrorContains(t, err, tt.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}
