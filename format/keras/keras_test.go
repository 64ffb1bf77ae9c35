package keras_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/hdf5"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// reach returns the key at a path of edges.
func reach(t testing.TB, r *keras.Reader, path string) string {
	g, err := r.Graph()
	require.NoError(t, err)
	require.NoError(t, g.Check())
	at := 0
	for step := range strings.SplitSeq(path, " ") {
		next := -1
		for _, c := range g.Nodes[at].Children {
			if c.Name == step && next < 0 {
				next = c.ID
			}
		}
		if next < 0 {
			return ""
		}
		at = next
	}
	if len(g.Nodes[at].Attributes) == 0 {
		return ""
	}
	return g.Nodes[at].Attributes[0].Key
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ file, path, key string }{
		// The layers dense_1 and dense are stored as dense and dense_1. The names that the program gave them
		// take precedence.
		{"model.keras", "dense_1 kernel", "layers/dense/vars/0"},
		{"model.keras", "dense kernel", "layers/dense_1/vars/0"},
		{"model.keras", "layers dense kernel", "layers/dense/vars/0"},
		{"model.keras", "layers dense vars 1", "layers/dense/vars/1"},
		{"model.keras", "layers dense _kernel", "layers/dense/vars/0"},
		{"model.keras", "both_ways forward_layer cell recurrent_kernel", "layers/bidirectional/forward_layer/cell/vars/1"},
		{"model.keras", "attend _query_dense _kernel", "layers/multi_head_attention/query_dense/vars/0"},
		{"model.keras", "each layer kernel", "layers/time_distributed/layer/vars/0"},
		{"model.keras", "norm gamma", "layers/layer_normalization/vars/0"},
		{"model.keras", "norm beta", ""},
		{"model.keras", "inside norm beta", "layers/sequential/layers/batch_normalization/vars/0"}, // because there is no gamma
		{"model.keras", "inside norm moving_variance", "layers/sequential/layers/batch_normalization/vars/2"},
		{"model.keras", "inside layers 1 moving_mean", "layers/sequential/layers/batch_normalization/vars/1"},
		{"sharded.weights.json", "inside last bias", "layers/sequential/layers/dense_1/vars/1"},
		{"sharded.weights.json", "inside norm moving_variance", "layers/sequential/layers/batch_normalization/vars/2"}, // the last of three
		{"sharded.weights.json", "inside norm beta", ""},                                                               // could also be gamma
		{"model.h5", "dense kernel", "model_weights/dense/everything/dense/kernel"},
		{"model.h5", "both_ways backward_layer cell kernel", "model_weights/both_ways/both_ways/backward_lstm/lstm_cell/kernel"},
		{"model.h5", "attend _output_dense bias", "model_weights/attend/attend/attention_output/bias"},
		{"keras2.h5", "gru cell kernel", "model_weights/gru/gru/gru_cell/kernel:0"},
		{"keras2.h5", "conv kernel", "model_weights/conv/conv/kernel:0"},
		{"keras2.h5", "batch_normalization gamma", "model_weights/batch_normalization/batch_normalization/gamma:0"},
		{"keras2_weights.h5", "layers out vars 1", "out/out/bias:0"},
		{"keras2_weights.h5", "layer_with_weights-3 kernel", "out/out/kernel:0"},
		{"keras2.keras", "gru cell bias", "layers/gru/cell/vars/2"},
		{"bfloat16.weights.h5", "half kernel", "layers/dense/vars/0"},
	} {
		t.Run(c.file+" "+c.path, func(t *testing.T) {
			r, err := keras.OpenFile("testdata/" + c.file)
			require.NoError(t, err)
			defer r.Close()
			got := reach(t, r, c.path)
			if want := c.key; want != got && c.file == "model.h5" && got != "" { // some versions of Keras 3 put a model's name there
				want = strings.Replace(want, "/everything", "", 1)
				require.Equal(t, want, got)
				return
			}
			require.Equal(t, c.key, got)
		})
	}
}

func TestWhatAFileSaysOfItself(t *testing.T) {
	for file, want := range map[string]struct {
		format, version string
		config          bool
	}{
		"model.keras":          {"keras", "3.", true},
		"model.h5":             {"hdf5", "3.", true},
		"keras2.h5":            {"hdf5", "2.", true},
		"keras2_weights.h5":    {"hdf5", "2.", false},
		"sharded.weights.json": {"keras", "", false},
	} {
		r, err := keras.OpenFile("testdata/" + file)
		require.NoError(t, err)
		require.Equal(t, want.format, r.Format(), file)
		require.True(t, strings.HasPrefix(r.Version(), want.version), file)
		require.Equal(t, want.config, json.Valid(r.Config()), file)
		require.NoError(t, r.Close())
	}
}

func TestBFloat16(t *testing.T) {
	r, err := keras.OpenFile("testdata/bfloat16.weights.h5")
	require.NoError(t, err)
	defer r.Close()
	dst := tensor.New[tensor.BFloat16](2, 2)
	require.NoError(t, r.Read(t.Context(), "layers/dense/vars/0", dst))
	require.NotZero(t, dst.Data()[0])
}

// weights returns an HDF5 file with one number per key, and attributes by "path@name".
func weights(t testing.TB, attributes map[string][]string, keys ...string) []byte {
	disk := errfs.New()
	w := hdf5.NewWriter(disk, "w.h5")
	for _, key := range keys {
		require.NoError(t, w.Add(0, key, format.SourceOf(tensor.New[float32](1))))
	}
	for at, texts := range attributes {
		path, name, _ := strings.Cut(at, "@")
		g, err := w.Group(path)
		require.NoError(t, err)
		value, err := tensor.FromSlice(texts, len(texts))
		require.NoError(t, err)
		g.Attributes = append(g.Attributes, hdf5.Attribute{Name: name, Value: value})
	}
	require.NoError(t, w.Commit(t.Context()))
	return disk.Files()["w.h5"]
}

// archive returns a ZIP file. members alternate between names and contents.
func archive(t testing.TB, method uint16, members ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: members[i], Method: method})
		require.NoError(t, err)
		_, err = w.Write([]byte(members[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func open(t testing.TB, files map[string]string, name string) (*keras.Reader, error) {
	disk := errfs.New()
	for name, data := range files {
		require.NoError(t, disk.WriteFile(name, []byte(data)))
	}
	r, err := keras.Open(disk, name)
	if err != nil {
		require.Zero(t, disk.OpenFiles())
	} else {
		t.Cleanup(func() { require.NoError(t, r.Close()); require.Zero(t, disk.OpenFiles()) })
	}
	return r, err
}

func TestNumbersAndBackslashes(t *testing.T) {
	var keys []string
	for _, n := range []string{"0", "1", "2", "9", "10", "11"} {
		keys = append(keys, `layers\dense_`+n+"/vars/"+n)
	}
	r, err := open(t, map[string]string{"w": string(weights(t, nil, append(keys, "enc/vars/0", "enc/vars/2", "enc/vars/10")...))}, "w")
	require.NoError(t, err)
	require.Equal(t, `layers\dense_10/vars/10`, reach(t, r, "layers dense_10 vars 10"))
	g, err := r.Graph()
	require.NoError(t, err)
	var order []string
	for _, n := range g.Nodes {
		for _, c := range n.Children {
			if len(n.Children) == 3 {
				order = append(order, c.Name)
			}
		}
	}
	require.Equal(t, []string{"0", "2", "10"}, order)
}

func TestLongListsOfNames(t *testing.T) {
	r, err := open(t, map[string]string{"w": string(weights(t, map[string][]string{
		"@layer_names0": {"a"}, "@layer_names1": {"b/c"}, "a@weight_names": {"x/kernel:0"}, "b/c@weight_names0": {"kernel:0"}, "b/c@weight_names1": {"bias:0"},
	}, "a/x/kernel:0", "b/c/kernel:0", "b/c/bias:0"))}, "w")
	require.NoError(t, err)
	require.Equal(t, "a/x/kernel:0", reach(t, r, "a kernel"))
	require.Equal(t, "b/c/bias:0", reach(t, r, "b/c bias"))
	require.Equal(t, "b/c/kernel:0", reach(t, r, "layer_with_weights-1 vars 0"))
}

func TestHDF5ThatKerasDidNotWrite(t *testing.T) {
	r, err := open(t, map[string]string{"w": string(weights(t, nil, "a/b.c"))}, "w")
	require.NoError(t, err)
	require.Equal(t, "hdf5", r.Format())
	require.Equal(t, "a/b.c", reach(t, r, "a b c"))
}

func TestArchives(t *testing.T) {
	w := string(weights(t, nil, "layers/dense/vars/0"))
	const config, metadata = `{"class_name":"Sequential","config":{"layers":[{"class_name":"Dense","config":{"name":"head","scale":Infinity}}]}}`, `{"keras_version":"3.1.0"}`
	for name, method := range map[string]uint16{"stored": zip.Store, "deflated": zip.Deflate} {
		t.Run(name, func(t *testing.T) {
			r, err := open(t, map[string]string{"m": string(archive(t, method, "metadata.json", metadata, "config.json", config, "model.weights.h5", w))}, "m")
			require.NoError(t, err)
			require.Equal(t, "3.1.0", r.Version())
			require.Equal(t, "layers/dense/vars/0", reach(t, r, "head vars 0"))
			require.Equal(t, &keras.Archive{Config: []byte(config), Metadata: []byte(metadata)}, r.Archive())
			require.NoError(t, r.Read(t.Context(), "layers/dense/vars/0", tensor.New[float32](1)))
		})
	}
	for name, c := range map[string]struct {
		members []string
		is      error
		want    string
	}{
		"two members with one name": {[]string{"metadata.json", metadata, "config.json", config, "model.weights.h5", w, "model.weights.h5", w}, format.ErrCorrupt, `two members of the archive have the name "model.weights.h5"`},
		"no weights":                {[]string{"metadata.json", metadata, "config.json", config}, format.ErrNotFound, "model.weights.h5"},
		"not a model":               {[]string{"x", "y"}, format.ErrCorrupt, "config.json"},
		"npz":                       {[]string{"config.json", config, "model.weights.npz", ""}, errors.ErrUnsupported, "model.weights.npz"},
		"bad metadata":              {[]string{"metadata.json", "{", "config.json", config, "model.weights.h5", w}, format.ErrCorrupt, "metadata.json"},
		"bad weights":               {[]string{"metadata.json", metadata, "config.json", config, "model.weights.h5", "x"}, format.ErrCorrupt, "model.weights.h5"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, map[string]string{"m": string(archive(t, zip.Store, c.members...))}, "m")
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestShards(t *testing.T) {
	one, two := string(weights(t, nil, "layers/a/vars/0")), string(weights(t, nil, "layers/a/vars/1", "layers/b/vars/0"))
	good := map[string]string{"1.h5": one, "2.h5": two, "w": `{"weight_map":{"/layers/a/vars":["1.h5","2.h5"],"/layers/b/vars":"2.h5"}}`}
	r, err := open(t, good, "w")
	require.NoError(t, err)
	require.Equal(t, 3, r.Len())
	require.Equal(t, "layers/a/vars/1", reach(t, r, "layers a vars 1"))
	for name, c := range map[string]struct {
		index string
		is    error
		want  string
	}{
		"missing":       {`{"weight_map":{"/layers/a/vars":["1.h5","3.h5"]}}`, fs.ErrNotExist, `the shard "3.h5" that it lists is missing`},
		"elsewhere":     {`{"weight_map":{"/layers/a/vars":"../1.h5"}}`, format.ErrCorrupt, "not the name of a file beside the list"},
		"not listed":    {`{"weight_map":{"/layers/a/vars":["1.h5","2.h5"]}}`, format.ErrCorrupt, `"layers/b/vars"`},
		"not there":     {`{"weight_map":{"/layers/a/vars":["1.h5","2.h5"],"/layers/b/vars":["1.h5","2.h5"]}}`, format.ErrCorrupt, "found in 1 of them"},
		"another shard": {`{"weight_map":{"/layers/a/vars":"2.h5","/layers/b/vars":"1.h5"}}`, format.ErrCorrupt, "belongs to other shards"},
		"no map":        {`{}`, format.ErrCorrupt, "weight_map"},
		"no shards":     {`{"weight_map":{}}`, format.ErrCorrupt, "lists no shards"},
		"not JSON":      {`{"weight_map":1}`, format.ErrCorrupt, "not a list of shards"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, map[string]string{"1.h5": one, "2.h5": two, "w": c.index}, "w")
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err = open(t, map[string]string{"1.h5": one, "2.h5": one, "w": `{"weight_map":{"/layers/a/vars":["1.h5","2.h5"]}}`}, "w")
	require.ErrorIs(t, err, format.ErrCorrupt, "a variable in two shards")
}

func TestLegacyFaults(t *testing.T) {
	for name, c := range map[string]struct {
		attributes map[string][]string
		want       string
	}{
		"no group":       {map[string][]string{"@layer_names": {"a", "b"}, "a@weight_names": {"w"}}, `the layer "b", which has no group`},
		"no weight":      {map[string][]string{"@layer_names": {"a"}, "a@weight_names": {"w", "v"}}, `weight_names has "v", but there is no such dataset`},
		"a layer twice":  {map[string][]string{"@layer_names": {"a", "a"}, "a@weight_names": {"w"}}, `layer_names has "a" twice`},
		"a weight twice": {map[string][]string{"@layer_names": {"a"}, "a@weight_names": {"w", "w"}}, `weight_names has "w" twice`},
	} {
		r, err := open(t, map[string]string{"w": string(weights(t, c.attributes, "a/w"))}, "w")
		require.NoError(t, err, name)
		_, err = r.Graph()
		require.ErrorIs(t, err, format.ErrCorrupt, name)
		require.ErrorContains(t, err, c.want, name)
	}
}

// The test replaces numbers of a legacy file by numbers that are likely to do harm.
func TestMutants(t *testing.T) {
	data, err := os.ReadFile("testdata/keras2.h5")
	require.NoError(t, err)
	disk := errfs.New()
	for mutant := range formattest.Mutants(data, 8, thorough.Pick(5, 71)) {
		require.NoError(t, disk.WriteFile("f", mutant))
		r, err := keras.Open(disk, "f")
		if err != nil {
			require.True(t, errors.Is(err, format.ErrCorrupt) || errors.Is(err, errors.ErrUnsupported), err)
			continue
		}
		if g, err := r.Graph(); err == nil {
			require.NoError(t, g.Check())
		} else {
			require.ErrorIs(t, err, format.ErrCorrupt)
		}
		require.NoError(t, r.Close())
	}
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"model.keras", "model.h5", "keras2.h5", "sharded.weights.json", "bfloat16.weights.h5"} {
		data, err := os.ReadFile("testdata/" + name)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		allocated := formattest.Allocated(func() {
			r, err := open(t, map[string]string{"f": string(data)}, "f")
			if err != nil {
				return
			}
			if g, err := r.Graph(); err == nil {
				require.NoError(t, g.Check())
			}
			if names, err := r.ReadableNames(); err == nil {
				require.LessOrEqual(t, len(names), r.Len())
			}
		})
		require.Less(t, allocated, uint64(256*len(data)+64<<20), "archive members may unpack to a larger size")
	})
}
