package gen

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/safetensors"
	"github.com/gockpt/ckpt/internal/cli/text"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// compiledPackages imports the packages of generated source from the go command's compiled packages.
var compiledPackages = sync.OnceValues(func() (types.Importer, error) {
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}",
		"github.com/gockpt/ckpt", "github.com/gockpt/ckpt/layers", "github.com/gockpt/ckpt/tensor").Output()
	if err != nil {
		return nil, err
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }), nil
})

// requireCompiles type-checks source as a package.
func requireCompiles(t testing.TB, source string) {
	t.Helper()
	packages, err := compiledPackages()
	require.NoError(t, err)
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "model.go", source, parser.ParseComments)
	require.NoError(t, err, source)
	_, err = (&types.Config{Importer: packages}).Check("model", fset, []*ast.File{f}, nil)
	require.NoError(t, err, "%s", source)
}

// TestGenReservesWhatItDeclares gives objects the names of declarations in generated source that are not
// types of objects.
func TestGenReservesWhatItDeclares(t *testing.T) {
	for _, names := range [][]string{
		{"new_model", "model"}, {"NewModel", "new_model"}, {"model", "new_training", "training"}, {"state", "slots"}, {"State", "Slots", "new_state"},
		{"new", "make", "len", "nil", "string", "any", "error", "map", "type", "func"}, {"ckpt", "layers", "tensor", "m", "x", "s", "v", "ok"},
		{"marshal_binary", "unmarshal_binary", "data"}, {"slot", "create_slot", "slot_names", "checkpoint_tensors", "set_checkpoint_tensors"},
		{"init", "main", "_", "model2", "model_2", "Model2_2"}, {"ǆ", "ⅰ", "ª", "ß", "ſ", "٣", "ﬁ"},
	} {
		for _, kind := range []string{"groups", "several tensors", "optimizers", "Python's state"} {
			t.Run(kind+" called "+strings.Join(names, " "), func(t *testing.T) {
				g := &objectgraph.Graph{Nodes: make([]objectgraph.Node, 2)}
				g.Nodes[1].Attributes = variableAttribute("v")
				for i, name := range names {
					id := len(g.Nodes)
					g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: name, ID: id})
					n := objectgraph.Node{}
					switch {
					case kind == "groups", kind == "optimizers":
						n.Children = []objectgraph.Child{{Name: names[(i+1)%len(names)], ID: 1}, {Name: "own" + strconv.Itoa(i), ID: 1}}
						for _, other := range names {
							n.Children = append(n.Children, objectgraph.Child{Name: other + "_", ID: 1})
						}
						if kind == "optimizers" {
							n.Slots = []objectgraph.Slot{{Original: 1, Name: name, Variable: 1}}
						}
					case kind == "several tensors":
						for _, other := range names {
							n.Attributes = append(n.Attributes, objectgraph.Attribute{Name: objectgraph.Escape(other), Key: "v"})
						}
						n.Attributes = append(n.Attributes, objectgraph.Attribute{Name: "t" + strconv.Itoa(i), Key: "v"})
					default:
						n.Attributes = []objectgraph.Attribute{{Name: objectgraph.PythonState, Key: "text"}}
					}
					g.Nodes = append(g.Nodes, n)
				}
				prefix := storeGraph(t, g, map[string]tensor.Any{"v": tensor.New[float32](2, 3), "text": tensor.Scalar("{}")})
				for _, opts := range []Options{
					{Package: "model"}, {Package: "model", Type: "NewModel"}, {Package: "model", Type: "State"}, {Package: "tensor"}, {Package: "ckpt"},
				} {
					source, _ := generate(t, prefix, opts)
					requireCompiles(t, source)
				}
			})
		}
	}
}

func variableAttribute(key string) []objectgraph.Attribute {
	return []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: key, Key: key}}
}

// storeGraph writes a checkpoint with a graph and tensors, and returns its prefix.
func storeGraph(t testing.TB, g *objectgraph.Graph, tensors map[string]tensor.Any) string {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "ckpt")
	w := bundle.Create(fsx.OS{}, prefix, bundle.Options{})
	for key, v := range tensors {
		require.NoError(t, w.Add(0, key, format.SourceOf(v)))
	}
	require.NoError(t, w.Add(0, objectgraph.GraphKey, format.SourceOf(tensor.Scalar(string(g.Marshal())))))
	require.NoError(t, w.Commit(t.Context()))
	return prefix
}

// A dice makes names and graphs from a fuzzer's bytes.
type dice struct{ rest []byte }

func (d *dice) n(n int) int {
	if len(d.rest) == 0 || n < 1 {
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return int(b) % n
}

// sampleNames has names of layers and their weights, names that source declares, and names that a forger
// would try.
var sampleNames = []string{
	"kernel", "bias", "_kernel", "gamma", "beta", "moving_mean", "moving_variance", "embeddings", "recurrent_kernel", "cell", "layer", "forward_layer", "backward_layer",
	"_query_dense", "_key_dense", "_value_dense", "_output_dense", "weight", "running_mean", "running_var", "weight_ih_l0", "weight_hh_l0", "out_proj", "in_proj_weight",
	"variables", "layers", "layer-0", "layer_with_weights-0", "0", "1", "2", "new_model", "model", "state", "slots", "training", "a.b", "a/b", "a,b", "'", "`", "\"", "", "-", "\n", "\x1b", "é", "_",
	"optimizer", "m", "v", "save_counter", "root", "type", "New", "ckpt", "tensor", "X", "x1", "x_1", "x__1", "Slot", "CheckpointTensors",
}

func (d *dice) name() string {
	if len(d.rest) > 0 && d.rest[0] > 230 { // any text
		n := min(d.n(256)-228, len(d.rest))
		s := string(d.rest[:max(n, 0)])
		d.rest = d.rest[max(n, 0):]
		return strings.ToValidUTF8(s, "?")
	}
	return sampleNames[d.n(len(sampleNames))]
}

// sampleTensors has shapes and dtypes by which layers are recognized.
var sampleTensors = []tensor.Any{
	tensor.New[float32](2, 3), tensor.New[float32](3), tensor.New[float32](2, 2), tensor.New[float32](2, 8), tensor.New[float32](1, 2, 3), tensor.New[float32](2, 2, 3, 3),
	tensor.New[float32](), tensor.New[int64](), tensor.New[uint8](2), tensor.New[bool](1), tensor.Scalar("{}"), tensor.New[float32](0, 2), tensor.New[complex64](1), tensor.New[int8](2, 2),
}

// graph returns an object graph. Every key is the index of a tensor in sampleTensors.
func (d *dice) graph() *objectgraph.Graph {
	g := &objectgraph.Graph{Nodes: make([]objectgraph.Node, 1+d.n(24))}
	for id := range g.Nodes {
		n := &g.Nodes[id]
		switch d.n(5) {
		case 0, 1:
			n.Attributes = []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: d.name() + "/" + d.name(), Key: strconv.Itoa(d.n(len(sampleTensors)))}}
		case 2:
			for range d.n(4) {
				n.Attributes = append(n.Attributes, objectgraph.Attribute{Name: objectgraph.Escape(d.name()), Key: strconv.Itoa(d.n(len(sampleTensors)))})
			}
		}
		for range d.n(6) {
			n.Children = append(n.Children, objectgraph.Child{Name: d.name(), ID: d.n(len(g.Nodes))})
		}
		for range d.n(12) - 9 {
			n.Slots = append(n.Slots, objectgraph.Slot{Original: d.n(len(g.Nodes)), Name: d.name(), Variable: d.n(len(g.Nodes))})
		}
	}
	return g
}

// FuzzGen generates source for graphs of objects, and for files with only names, like those of PyTorch and
// Keras. All of it must compile.
func FuzzGen(f *testing.F) {
	for i := range 40 {
		seed := make([]byte, 120)
		for k := range seed {
			seed[k] = byte((i + 1) * (k + 3) * 37 >> (k % 5))
		}
		f.Add(seed)
	}
	f.Add([]byte("\x03\x05\x02new_model and others"))
	f.Fuzz(requireSource)
}

// TestGenOfRandomGraphs is FuzzGen with random bytes.
func TestGenOfRandomGraphs(t *testing.T) {
	for i := range thorough.Pick(5000, 100) {
		b := make([]byte, 1000)
		_, _ = rand.NewChaCha8([32]byte{byte(i), byte(i >> 8)}).Read(b)
		t.Run(strconv.Itoa(i), func(t *testing.T) { requireSource(t, b) })
	}
}

// requireSource generates source for the file that b builds.
func requireSource(t *testing.T, b []byte) {
	d := &dice{rest: bytes.Clone(b)}
	tensors := make(map[string]tensor.Any)
	for i, v := range sampleTensors {
		tensors[strconv.Itoa(i)] = v
	}
	path := ""
	switch kind := d.n(4); kind {
	case 0, 1:
		path = storeGraph(t, d.graph(), tensors)
	default:
		names := make(map[string]tensor.Any)
		for range 1 + d.n(20) {
			name := d.name()
			for range d.n(4) {
				name += "." + d.name()
			}
			if v := sampleTensors[d.n(len(sampleTensors))]; v.DType() != tensor.DTString && v.DType() != tensor.DTComplex64 && name != "" {
				names[name] = v
			}
		}
		path = filepath.Join(t.TempDir(), "model.safetensors")
		var w format.Writer = safetensors.Create(fsx.OS{}, path, safetensors.Options{})
		if kind == 3 {
			path = filepath.Join(t.TempDir(), "model.weights.h5")
			w = keras.CreateFile(path, nil)
		}
		for i, name := range slices.Sorted(maps.Keys(names)) {
			key := name
			if kind == 3 {
				key = fmt.Sprintf("layers/%s/vars/%d", strings.ReplaceAll(strings.ReplaceAll(name, "/", ""), "\x00", "")+strconv.Itoa(i/2), i%2)
			}
			require.NoError(t, w.Add(0, key, format.SourceOf(names[name])), "%q", key)
		}
		require.NoError(t, w.Commit(t.Context()))
	}
	opts := Options{Package: "model"}
	if d.n(3) == 0 {
		opts.Type = []string{"NewModel", "Model", "Slots", "State", "X"}[d.n(5)]
	}
	source, _ := generate(t, path, opts)
	requireCompiles(t, source)
	unseen := func(r rune) bool { return text.Unprintable(r) && r != '\n' && r != '\t' }
	require.False(t, strings.ContainsFunc(source, unseen), "%q", source)
}
