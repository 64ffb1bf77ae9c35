package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// A Workload is one thing to be saved, restored or looked at.
type Workload struct {
	Name, Title string
	Kind        string // "model", "index", "pick" or "graph"
	Tensors     int    // or nodes of a graph
	Elements    int    // of float32 in each tensor
	Ops         []Op   `json:"-"`
	Dir         string
}

// An Op is one operation of a workload with those that can do it.
type Op struct {
	Name  string
	Peers []string
	// Limit is the most that ckpt's time may be of each peer's.
	Limit map[string]float64
}

func workloadNames() (names []string) {
	for _, w := range workloads(1) {
		names = append(names, w.Name)
	}
	return names
}

// workloads returns all workloads, each as many times its usual size as scale says.
func workloads(scale float64) []Workload {
	n := func(full int) int { return max(1, int(math.Round(float64(full)*scale))) }
	save := Op{Name: "save", Peers: []string{"ckpt", "raw", "cp", "tensorflow", "safetensors", "torch"},
		Limit: map[string]float64{"raw": 1.05, "tensorflow": 1, "safetensors": 1}}
	restore := Op{Name: "restore", Peers: []string{"ckpt", "raw", "tensorflow", "safetensors", "torch"},
		Limit: map[string]float64{"safetensors": 0.85, "tensorflow": 0.25}}
	async := Op{Name: "async", Peers: []string{"ckpt", "raw"}, Limit: map[string]float64{"raw": 1.2}}
	tiny := map[string]float64{"tensorflow": 0.05}
	model := []Op{save, restore}
	ws := []Workload{
		{Name: "large", Title: "1 GiB in 64 tensors", Kind: "model", Tensors: 64, Elements: n(4 << 20), Ops: []Op{save, restore, async}},
		{Name: "many", Title: "1 GiB in 20,000 tensors", Kind: "model", Tensors: 20_000, Elements: n(13_422), Ops: model},
		{Name: "single", Title: "one tensor of 512 MiB", Kind: "model", Tensors: 1, Elements: n(128 << 20), Ops: model},
		{Name: "index", Title: "1,000,000 entries", Kind: "index", Tensors: n(1_000_000), Elements: 1, Ops: []Op{
			{"open and find", []string{"ckpt", "tensorflow", "safetensors"}, map[string]float64{"tensorflow": 0.02}},
			{"list", []string{"ckpt", "tensorflow", "safetensors"}, map[string]float64{"tensorflow": 0.1}}}},
		{Name: "pick", Title: "1 MiB of 4 GiB", Kind: "pick", Tensors: n(4096), Elements: 1 << 18, Ops: []Op{
			{"read one", []string{"ckpt", "mapped", "raw", "tensorflow", "safetensors"}, map[string]float64{"raw": 2}},
			{"open and read one", []string{"ckpt", "mapped", "raw", "tensorflow", "safetensors"}, nil}}},
	}
	for _, nodes := range []int{1_000, 10_000, 100_000, 1_000_000} {
		graph := Workload{Name: fmt.Sprintf("graph%d", nodes), Title: fmt.Sprintf("%d objects", nodes), Kind: "graph", Tensors: n(nodes)}
		measured := []string{"ckpt", "tensorflow"}
		if nodes > 100_000 {
			measured = measured[:1]
		}
		graph.Ops = []Op{{"walk", measured, nil}, {"match", measured, nil}}
		ws = append(ws, graph)
	}
	return append(ws, Workload{Name: "tiny", Title: "100,000 tiny variables", Kind: "model", Tensors: n(100_000), Elements: 1,
		Ops: []Op{{save.Name, save.Peers, tiny}, {restore.Name, restore.Peers, tiny}}})
}

// fill gives tensor i of a workload the values that it has in every peer.
func fill(values []float32, i int) {
	for j := range values {
		values[j] = valueAt(i, j)
	}
}

// valueAt is value j of tensor i.
func valueAt(i, j int) float32 { return float32((i + j) & 0xffff) }

// prepare writes the files that a workload only reads, in the formats of all peers.
func (w Workload) prepare(ctx context.Context) error {
	if w.Kind != "index" && w.Kind != "pick" {
		return nil
	}
	t := tensor.New[float32](w.Elements)
	fill(t.Data(), 0)
	out := bundle.Create(fsx.OS{}, filepath.Join(w.Dir, "ckpt"), bundle.Options{})
	for i := range w.Tensors {
		if err := out.Add(0, w.key(i), format.SourceOf(t)); err != nil {
			return err
		}
	}
	if err := out.Commit(ctx); err != nil {
		return err
	}
	return writeSafetensors(filepath.Join(w.Dir, "model.safetensors"), w, t)
}

// key is under what tensor i of a workload is stored, as TensorFlow calls the elements of a list.
func (w Workload) key(i int) string { return fmt.Sprintf("list/%d/.ATTRIBUTES/VARIABLE_VALUE", i) }

// chosen is the tensor that is looked for.
func (w Workload) chosen() int { return w.Tensors * 2 / 3 }
