package hostile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/npz"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/safetensors"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// A broadLayer takes a megabyte, and a checkpoint names one with a few bytes.
type broadLayer struct {
	W [512][512]float32 `ckpt:"w"`
}

type broadNest struct {
	Inner *broadLayer `ckpt:"inner,alloc"`
	Next  *broadNest  `ckpt:"next,alloc,optional"`
}

// A BroadLayer is exported, so that a load can allocate it if it is inlined.
type BroadLayer broadLayer

type broadInline struct {
	*BroadLayer `ckpt:",inline,alloc"`
}

// broadPrograms would grow to hundreds of megabytes for the objects in broadGraph.
var broadPrograms = map[string]func() any{
	"a list": func() any {
		return new(struct {
			Layers []broadLayer `ckpt:"layers,alloc"`
		})
	},
	"a list of pointers": func() any {
		return new(struct {
			Layers []*broadLayer `ckpt:"layers,alloc"`
		})
	},
	"a list of lists": func() any {
		return new(struct {
			Layers [][]broadLayer `ckpt:"layers,alloc"`
		})
	},
	"a list of maps": func() any {
		return new(struct {
			Layers []map[string]broadLayer `ckpt:"layers,alloc"`
		})
	},
	"a list of arrays": func() any {
		return new(struct {
			Layers [][2]broadLayer `ckpt:"layers,alloc"`
		})
	},
	"a list of inlined structs": func() any {
		return new(struct {
			Layers []broadInline `ckpt:"layers,alloc"`
		})
	},
	"a map": func() any {
		return new(struct {
			Layers map[string]broadLayer `ckpt:"layers,alloc"`
		})
	},
	"a map of pointers": func() any {
		return new(struct {
			Layers map[string]*broadLayer `ckpt:"layers,alloc"`
		})
	},
	"a map of inlined structs": func() any {
		return new(struct {
			Layers map[string]*broadInline `ckpt:"layers,alloc"`
		})
	},
	"a map of maps": func() any {
		return new(struct {
			Layers map[string]map[string]broadLayer `ckpt:"layers,alloc"`
		})
	},
	"a chain": func() any {
		return new(struct {
			Layers *broadNest `ckpt:"layers,alloc"`
		})
	},
	"pointers to pointers": func() any {
		return new(struct {
			Layers []**broadLayer `ckpt:"layers,alloc"`
		})
	},
}

// broadGraph is the graph of a list of n elements with n elements each, and of a chain of n objects. Only one scalar has a value.
func broadGraph(n int) *objectgraph.Graph {
	has := true
	g := &objectgraph.Graph{Nodes: make([]objectgraph.Node, n+2)}
	g.Nodes[0].Children = []objectgraph.Child{{Name: "layers", ID: 1}}
	for i := range n {
		g.Nodes[1].Children = append(g.Nodes[1].Children, objectgraph.Child{Name: fmt.Sprint(i), ID: i + 2})
		g.Nodes[i+2] = objectgraph.Node{HasValues: &has, Children: []objectgraph.Child{{Name: "inner", ID: 2 + i}, {Name: "next", ID: 2 + (i+1)%n}, {Name: fmt.Sprint(1000 + i), ID: 2 + i}}}
	}
	g.Nodes[1].HasValues = &has
	g.Nodes[1].Children = append(g.Nodes[1].Children, objectgraph.Child{Name: "next", ID: 2})
	return g
}

// TestSmallCheckpointsMakeSmallObjects gives small checkpoints to programs that would make large objects for them.
func TestSmallCheckpointsMakeSmallObjects(t *testing.T) {
	disk := forgeGraph(t, broadGraph(200))
	dir := t.TempDir()
	for name, w := range map[string]format.Writer{
		"list.safetensors": safetensors.Create(fsx.OS{}, filepath.Join(dir, "list.safetensors"), safetensors.Options{}),
		"list.npz":         npz.Create(fsx.OS{}, filepath.Join(dir, "list.npz"), npz.Options{}),
	} {
		for i := range 200 {
			require.NoError(t, w.Add(0, fmt.Sprintf("layers.%d.x", i), format.SourceOf(tensor.Scalar(float32(1)))), name)
		}
		require.NoError(t, w.Commit(ctx))
	}
	for name, program := range broadPrograms {
		t.Run(name, func(t *testing.T) {
			for verb, f := range map[string]func() error{
				"load":        func() error { return ckpt.LoadWeights(ctx, "ckpt", program(), ckpttest.On(disk)) },
				"load a part": func() error { return ckpt.LoadWeights(ctx, "ckpt", program(), ckpttest.On(disk), ckpt.Partial()) },
				"restore": func() error {
					c := ckpttest.New(t, program(), ckpttest.On(disk))
					defer c.Close()
					_, err := c.Read(ctx, "ckpt")
					return err
				},
				"load safetensors": func() error { return ckpt.LoadWeights(ctx, filepath.Join(dir, "list.safetensors"), program()) },
				"load npz":         func() error { return ckpt.LoadWeights(ctx, filepath.Join(dir, "list.npz"), program()) },
			} {
				taken := formattest.Allocated(func() {
					if err := f(); err != nil {
						require.ErrorIs(t, err, ckpt.ErrMismatch, verb)
						_ = err.Error()
					}
				})
				require.Less(t, taken, uint64(72<<20), verb)
			}
		})
	}
}

// TestLargeCheckpointsMakeLargeObjects loads more than the amount that any checkpoint may allocate. The size of the files justifies it.
func TestLargeCheckpointsMakeLargeObjects(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large")
	saved := struct{ Layers []broadLayer }{make([]broadLayer, 40)}
	for i := range saved.Layers {
		saved.Layers[i].W[i][1] = float32(i)
	}
	require.NoError(t, ckpt.SaveWeights(ctx, path, &saved))
	var loaded struct{ Layers []broadLayer }
	require.NoError(t, ckpt.LoadWeights(ctx, path, &loaded))
	require.Len(t, loaded.Layers, 40)
	require.Equal(t, float32(39), loaded.Layers[39].W[39][1])
	var pointers struct{ Layers map[string]*broadLayer }
	require.NoError(t, ckpt.LoadWeights(ctx, path, &pointers))
	require.Equal(t, float32(39), pointers.Layers["39"].W[39][1])

	require.NoError(t, os.Truncate(path+".data-00000-of-00001", 1000))
	err := ckpt.LoadWeights(ctx, path, new(struct{ Layers []broadLayer }))
	require.Error(t, err)
}
