package growth

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/tensor"
)

// cases make hostile input in an empty directory, with a size in proportion to n, and pass it to the code
// that reads it.
var cases = map[string]func(t *testing.T, dir string, n int){
	"a state file that lists n checkpoints, for a Manager": func(t *testing.T, dir string, n int) {
		stateFile(t, dir, n)
		_, err := ckpt.NewManager(checkpoint(t, built()), dir, ckpt.KeepLast(3))
		require.NoError(t, err)
	},
	"a state file that lists n checkpoints, and two saves": func(t *testing.T, dir string, n int) {
		stateFile(t, dir, n)
		m, err := ckpt.NewManager(checkpoint(t, built()), dir, ckpt.KeepLast(1), silent())
		require.NoError(t, err)
		for range 2 {
			_, err = m.Save(t.Context())
			require.NoError(t, err)
		}
	},
	"a state file that lists n checkpoints, all kept": func(t *testing.T, dir string, n int) {
		stateFile(t, dir, n)
		m, err := ckpt.NewManager(checkpoint(t, built()), dir, silent())
		require.NoError(t, err)
		for range 2 {
			_, err = m.Save(t.Context())
			require.NoError(t, err)
		}
		_ = m.Checkpoints()
	},
	"a state file that lists n checkpoints, for calls that only read": func(t *testing.T, dir string, n int) {
		stateFile(t, dir, n)
		_, err := ckpt.Latest(dir)
		words(err)
		_, err = ckpt.Open(dir)
		words(err)
		_, err = checkpoint(t, built()).Save(t.Context(), filepath.Join(dir, "own"))
		words(err)
		s, err := ckpt.NewSaver(built(), silent())
		require.NoError(t, err)
		for range 2 {
			_, err = s.Save(t.Context(), filepath.Join(dir, "saved"))
			words(err)
		}
	},
	"a state file that lists one checkpoint n times": func(t *testing.T, dir string, n int) {
		writeStateFile(t, dir, make([]string, n))
		m, err := ckpt.NewManager(checkpoint(t, built()), dir, ckpt.KeepLast(1), silent())
		require.NoError(t, err)
		_, err = m.Save(t.Context())
		words(err)
	},
	"a directory of n files, and no state file": func(t *testing.T, dir string, n int) {
		for i := range n {
			require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("ckpt-%d.index", i)), nil, 0o666))
		}
		_, err := ckpt.Open(dir)
		words(err)
		m, err := ckpt.NewManager(checkpoint(t, built()), dir, ckpt.KeepLast(1), silent())
		require.NoError(t, err)
		_, err = m.RestoreOrInitialize(t.Context())
		words(err)
		_, err = m.Save(t.Context())
		words(err)
	},
	"a section with n attributes at one node": func(t *testing.T, dir string, n int) {
		g := graph(2)
		g.Nodes[0].Children = []objectgraph.Child{{Name: "w", ID: 1}}
		g.Nodes[1].Attributes = value("w/.ATTRIBUTES/VARIABLE_VALUE")
		for i := range n {
			g.Nodes[1].Attributes = append(g.Nodes[1].Attributes, objectgraph.Attribute{Name: strconv.Itoa(i)})
		}
		mergeForged(t, dir, g)
	},
	"a section with n slots of one optimizer": func(t *testing.T, dir string, n int) {
		g := graph(2)
		g.Nodes[0].Children = []objectgraph.Child{{Name: "w", ID: 1}}
		g.Nodes[1].Attributes = value("w/.ATTRIBUTES/VARIABLE_VALUE")
		for i := range n {
			g.Nodes[0].Slots = append(g.Nodes[0].Slots, objectgraph.Slot{Original: 1, Name: strconv.Itoa(i), Variable: 1})
		}
		mergeForged(t, dir, g)
	},
	"a section with n children with one name": func(t *testing.T, dir string, n int) {
		g := graph(n + 2)
		g.Nodes[0].Children = []objectgraph.Child{{Name: "w", ID: 1}}
		g.Nodes[1].Attributes = value("w/.ATTRIBUTES/VARIABLE_VALUE")
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: "x", ID: i + 2})
		}
		mergeForged(t, dir, g)
	},
	"n children under an alias": func(t *testing.T, dir string, n int) {
		g := graph(n + 2)
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: "v", ID: i + 2})
			g.Nodes[i+2].Attributes = value("k")
		}
		g.Nodes[1].Attributes = value("k")
		g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: "w", ID: 1})
		verbs(t, forge(t, dir, g), func() any {
			return new(struct {
				W tensor.Tensor[float32] `ckpt:"w,alias=v"`
			})
		})
	},
	"n children with one name": func(t *testing.T, dir string, n int) {
		g := graph(n + 1)
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: "w", ID: i + 1})
			g.Nodes[i+1].Attributes = value("k")
		}
		verbs(t, forge(t, dir, g), func() any { return new(variable) })
	},
	"n attributes with one full name": func(t *testing.T, dir string, n int) {
		g := graph(1)
		for i := range n {
			g.Nodes[0].Attributes = append(g.Nodes[0].Attributes, objectgraph.Attribute{FullName: "w", Key: "k" + strconv.Itoa(i)})
		}
		verbs(t, forge(t, dir, g), func() any { return new(variable) })
	},
	"n values with names similar to those of the program's n": func(t *testing.T, dir string, n int) {
		g, program := graph(n+1), make(map[string]*tensor.Tensor[float32])
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: fmt.Sprintf("a_layer_with_weights_%05da", i), ID: i + 1})
			g.Nodes[i+1].Attributes = value("k")
			program[fmt.Sprintf("other_layers_with_weights_%05db", i)] = tensor.New[float32]()
		}
		verbs(t, forge(t, dir, g), func() any { return &program })
	},
	"n values of long names, and a program of n": func(t *testing.T, dir string, n int) {
		g, program := graph(2), make(map[string]*tensor.Tensor[float32])
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: strings.Repeat("x", 50), ID: 1})
			program[strings.Repeat("y", 46)+strconv.Itoa(i)] = tensor.New[float32]()
		}
		g.Nodes[1].Attributes = value("k")
		verbs(t, forge(t, dir, g), func() any { return &program })
	},
	"n nil objects in a program, and n stored ones": func(t *testing.T, dir string, n int) {
		g, program := graph(n+1), make(map[string]*variable)
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: strconv.Itoa(i), ID: i + 1})
			g.Nodes[i+1].Attributes = value("k")
			program[strconv.Itoa(-i)] = nil
		}
		verbs(t, forge(t, dir, g), func() any { return &program })
	},
	"a group of n objects, and n stored ones": func(t *testing.T, dir string, n int) {
		g, program := graph(n+1), ckpt.Group{}
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: strconv.Itoa(i), ID: i + 1})
			g.Nodes[i+1].Attributes = value("k")
			program[strconv.Itoa(n-i)] = tensor.New[float32]()
		}
		verbs(t, forge(t, dir, g), func() any { return program })
	},
	"one object with n names": func(t *testing.T, dir string, n int) {
		g, program := graph(2), make(map[string]*tensor.Tensor[float32])
		shared := tensor.New[float32]()
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: strconv.Itoa(i), ID: 1})
			program[strconv.Itoa(i)] = shared
		}
		g.Nodes[1].Attributes = value("k")
		verbs(t, forge(t, dir, g), func() any { return &program })
	},
	"n stored objects for one object of the program": func(t *testing.T, dir string, n int) {
		g, program := graph(n+1), make(map[string]*variable)
		shared := built()
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: strconv.Itoa(i), ID: i + 1})
			program[strconv.Itoa(i)] = shared
		}
		verbs(t, forge(t, dir, g), func() any { return &program })
	},
	"a list of n elements in any order": func(t *testing.T, dir string, n int) {
		g := graph(n + 1)
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: strconv.Itoa(n - 1 - i), ID: i + 1})
			g.Nodes[i+1].Attributes = value("k")
		}
		verbs(t, forge(t, dir, g), func() any { return ckpt.Group{"list": new([]*tensor.Tensor[float32])} })
	},
	"n names of one map": func(t *testing.T, dir string, n int) {
		g := graph(n + 1)
		for i := range n {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: "x" + strconv.Itoa(i), ID: i + 1})
			g.Nodes[i+1].Attributes = value("k")
		}
		verbs(t, forge(t, dir, g), func() any { return ckpt.Group{"map": new(map[string]*tensor.Tensor[float32])} })
	},
	"n slots of one optimizer": func(t *testing.T, dir string, n int) {
		g := graph(n + 2)
		g.Nodes[0].Children = []objectgraph.Child{{Name: "w", ID: 1}}
		g.Nodes[1].Attributes = value("k")
		for i := range n {
			g.Nodes[0].Slots = append(g.Nodes[0].Slots, objectgraph.Slot{Original: 1, Name: "s" + strconv.Itoa(i), Variable: i + 2})
			g.Nodes[i+2].Attributes = value("k")
		}
		verbs(t, forge(t, dir, g), func() any { return new(variable) })
	},
	"a chain of n values": func(t *testing.T, dir string, n int) {
		g := graph(n)
		for i := range n - 1 {
			g.Nodes[i].Children = []objectgraph.Child{{Name: "next", ID: i + 1}}
		}
		g.Nodes[n-1].Attributes = value("k")
		verbs(t, forge(t, dir, g), func() any { return new(link) })
	},
	"n keys like those of a partitioned tensor's n parts": func(t *testing.T, dir string, n int) {
		entries := map[string]proto.Message{"": &pb.BundleHeader{NumShards: 1, Version: &pb.VersionDef{Producer: 1}}}
		whole := &pb.BundleEntry{Dtype: 1, Shape: shapeOf(2 * n)}
		for i := range n {
			whole.Slices = append(whole.Slices, &pb.TensorSlice{Extent: []*pb.TensorSlice_Extent{{Start: int64(i), Length: proto.Int64(1)}}})
			entries[partKey("t", i+n)] = &pb.BundleEntry{Dtype: 1, Shape: shapeOf(0)}
		}
		entries["t"] = whole
		look(t, writeIndex(t, dir, entries))
	},
	"n tensors with keys like those of parts": func(t *testing.T, dir string, n int) {
		entries := map[string]proto.Message{"": &pb.BundleHeader{NumShards: 1, Version: &pb.VersionDef{Producer: 1}}}
		for i := range n {
			name := strconv.Itoa(i)
			entries[name] = &pb.BundleEntry{Dtype: 1, Shape: shapeOf(2), Slices: []*pb.TensorSlice{{Extent: []*pb.TensorSlice_Extent{{Length: proto.Int64(1)}}}}}
			entries[partKey(name, 1)] = &pb.BundleEntry{Dtype: 1, Shape: shapeOf(0)}
		}
		look(t, writeIndex(t, dir, entries))
	},
}

// sizes has the sizes for cases that cannot be counted with 400.
var sizes = map[string]int{}

// A link is nested as deeply as a checkpoint says.
type link struct {
	V    tensor.Tensor[float32] `ckpt:"v,optional"`
	Next *link                  `ckpt:"next,alloc,optional"`
}

// stateFile writes a state file that lists n checkpoints without files.
func stateFile(t testing.TB, dir string, n int) {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("c-%d", i)
	}
	writeStateFile(t, dir, names)
}

func writeStateFile(t testing.TB, dir string, names []string) {
	var b strings.Builder
	b.WriteString("model_checkpoint_path: \"latest\"\n")
	for i, name := range names {
		fmt.Fprintf(&b, "all_model_checkpoint_paths: %q\nall_model_checkpoint_timestamps: %d\n", name, i)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), []byte(b.String()), 0o666))
}

// mergeForged merges a section with the graph g.
func mergeForged(t testing.TB, dir string, g *objectgraph.Graph) {
	prefix := filepath.Join(dir, "ckpt")
	require.NoError(t, checkpoint(t, built()).WriteSection(t.Context(), prefix, 0, 1))
	forgeSection(t, prefix, g)
	_, err := ckpt.Merge(t.Context(), prefix, silent())
	words(err)
}

func shapeOf(n int) *pb.TensorShape {
	return &pb.TensorShape{Dim: []*pb.TensorShape_Dim{{Size: int64(n)}}}
}

// partKey returns the key of the region with the one element at start, in a tensor of rank 1.
func partKey(tensor string, start int) string {
	if start < 64 {
		return "\x00" + tensor + "\x00\x01\x01\x01" + string([]byte{0x80 + byte(start)}) + "\x81"
	}
	return "\x00" + tensor + "\x00\x01\x01\x01" + string(binary.BigEndian.AppendUint16(nil, 0xc000+uint16(start))) + "\x81"
}

// writeIndex writes a checkpoint that has only an index.
func writeIndex(t testing.TB, dir string, entries map[string]proto.Message) string {
	prefix := filepath.Join(dir, "ckpt")
	var b bytes.Buffer
	w := sstable.NewWriter(&b)
	for _, key := range sortedKeys(entries) {
		v, err := proto.Marshal(entries[key])
		require.NoError(t, err)
		require.NoError(t, w.Add([]byte(key), v))
	}
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(bundle.IndexFile(prefix), b.Bytes(), 0o666))
	require.NoError(t, os.WriteFile(bundle.DataFile(prefix, 0, 1), nil, 0o666))
	return prefix
}
