package torch_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/torch"
)

// node returns the number of the node at a path.
func node(t *testing.T, r *torch.Reader, path ...string) int {
	g, err := r.Graph()
	require.NoError(t, err)
	require.NoError(t, g.Check())
	at := 0
	for _, name := range path {
		next := -1
		for _, c := range g.Nodes[at].Children {
			if c.Name == name {
				next = c.ID
			}
		}
		require.GreaterOrEqual(t, next, 0, "%s in %v", name, path)
		at = next
	}
	return at
}

// Tied weights become one object.
func TestGraph(t *testing.T) {
	r, err := torch.OpenFile("testdata/tied.pt")
	require.NoError(t, err)
	defer r.Close()
	g, err := r.Graph()
	require.NoError(t, err)
	require.Len(t, g.Nodes, 7, "root, emb, weight, head, head.bias, buffer, rows")
	require.Equal(t, node(t, r, "emb", "weight"), node(t, r, "head", "weight"))
	require.NotEqual(t, node(t, r, "emb", "weight"), node(t, r, "rows"), "part of the same storage")
	require.Equal(t, "emb.weight", g.Nodes[node(t, r, "head", "weight")].Attributes[0].Key)
	for _, key := range []string{"emb.weight", "head.weight"} {
		_, ok, err := r.Lookup(key)
		require.NoError(t, err)
		require.True(t, ok, "%s is still a key", key)
	}
}

func TestSkipped(t *testing.T) {
	r, err := torch.OpenFile("testdata/training.ckpt")
	require.NoError(t, err)
	defer r.Close()
	require.Equal(t, []string{"__main__.Config"}, r.Skipped())
	require.Equal(t, []string{"testdata/training.ckpt"}, r.Files())
}

// These directories are complete, or their index of several files is wrong.
func TestSeveralFiles(t *testing.T) {
	const index, first, second = "pytorch_model.bin.index.json", "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"
	files := func(change func(m fstest.MapFS)) fstest.MapFS {
		m := fstest.MapFS{}
		for _, name := range []string{index, first, second} {
			data, err := os.ReadFile(path.Join("testdata/sharded", name))
			require.NoError(t, err)
			m["d/"+name] = &fstest.MapFile{Data: data}
		}
		change(m)
		return m
	}
	weights := func(text string) func(fstest.MapFS) {
		return func(m fstest.MapFS) { m["d/"+index] = &fstest.MapFile{Data: []byte(`{"weight_map": {` + text + `}}`)} }
	}
	a := fmt.Sprintf(`"a.weight": %q, "a.bias": %q`, first, first)
	for _, c := range []struct {
		name, path string
		change     func(fstest.MapFS)
		is         error
		want       string // "" if it opens
	}{
		{"the directory", "d", func(fstest.MapFS) {}, nil, ""},
		{"the index", "d/" + index, func(fstest.MapFS) {}, nil, ""},
		{"the name of the one file", "d/pytorch_model.bin", func(fstest.MapFS) {}, nil, ""},
		{"a missing file", "d", func(m fstest.MapFS) { delete(m, "d/"+second) }, fs.ErrNotExist, `d/pytorch_model.bin.index.json: it lists "pytorch_model-00002-of-00002.bin", which cannot be opened`},
		{"a tensor that is not listed", "d", weights(a), nil, ""}, // its file does not exist either
		{"a stale index", "d", weights(fmt.Sprintf(`"a.weight": %q, "b.weight": %q`, first, second)), format.ErrCorrupt, `"a.bias": it is in pytorch_model-00001-of-00002.bin, but the index does not list it: the index belongs to another save`},
		{"a tensor that no file has", "d", weights(a + fmt.Sprintf(`, "c": %q, "b.weight": %q`, first, second)), format.ErrCorrupt, `"c": the index says that it is in pytorch_model-00001-of-00002.bin, but no file has it`},
		{"a tensor in two files", "d", func(m fstest.MapFS) { m["d/"+second] = m["d/"+first] }, format.ErrCorrupt, `it is in two files, pytorch_model-00001-of-00002.bin and pytorch_model-00002-of-00002.bin`},
		{"a damaged file", "d", func(m fstest.MapFS) { m["d/"+second] = &fstest.MapFile{Data: []byte("PK\x03\x04")} }, format.ErrCorrupt, "d/pytorch_model-00002-of-00002.bin: it is not an intact ZIP archive"},
		{"no files", "e", func(m fstest.MapFS) { m["e/readme.txt"] = &fstest.MapFile{} }, fs.ErrNotExist, "e: it has no PyTorch file and no index of several"},
		{"nothing", "f", func(fstest.MapFS) {}, fs.ErrNotExist, "f: open: file does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := torch.OpenFS(files(c.change), c.path)
			if c.want == "" {
				require.NoError(t, err)
				require.NoError(t, r.Close())
				return
			}
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestRecognize(t *testing.T) {
	for _, name := range []string{"legacy.pth", "legacy_protocol1.pth", "legacy_protocol4.pth"} {
		data, err := os.ReadFile("testdata/" + name)
		require.NoError(t, err)
		require.True(t, torch.Recognize(data[:262]), name)
	}
	require.False(t, torch.Recognize([]byte("PK\x03\x04")))
	require.False(t, torch.Recognize(nil))
	members := func(names ...string) bool {
		return torch.RecognizeMembers(func(yield func(string) bool) {
			for _, n := range names {
				if !yield(n) {
					return
				}
			}
		})
	}
	require.True(t, members("m/version", "m/data.pkl"))
	require.False(t, members("m/extra/data.pkl", "data.pkl", "w.npy"))
}
