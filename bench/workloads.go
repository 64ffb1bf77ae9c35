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

// A Workload is a model or file to be saved, restored or inspected.
type Workload struct {
	Name, Title string
	Kind        string // "model", "load", "index", "open", "pick", "command" or "graph"
	Tensors     int    // number of tensors, or of nodes of a graph
	Elements    int    // number of float32 elements in each tensor
	Format      string // the ending of the file that ckpt saves a model in; "" for TensorFlow's format
	Ops         []Op   `json:"-"`
	Growth      Growth `json:"-"`
	Dir         string
	Memory      string // a directory in memory, "" if there is none
}

// A Growth marks a workload as one of several sizes that are shown side by side.
type Growth struct {
	Family string `json:"family,omitempty"`
	Size   string `json:"size,omitempty"`
	Parts  int    `json:"parts,omitempty"` // divides the time if the time should be linear
}

// An Op is one operation of a workload, with the peers that support it.
type Op struct {
	Name  string
	Peers []string
	// Limit is the target for ckpt's time as a fraction of each peer's.
	Limit map[string]float64
	// PeakLimit is the most memory above the model that ckpt may take, 0 if there is no limit.
	PeakLimit int64
	// Picks says that the operation is done once for each of the workload's picks.
	Picks bool
}

// toMemory ends the name of a save to files in memory, which does not wait for a disk.
const toMemory = " to memory"

func workloadNames() (names []string) {
	for _, w := range workloads(1) {
		names = append(names, w.Name)
	}
	return names
}

// mostPeak is the memory that saving and restoring may take above the model.
const mostPeak = 32 << 20

// workloads returns all workloads, with their usual sizes multiplied by scale.
func workloads(scale float64) []Workload {
	n := func(full int) int { return max(1, int(math.Round(float64(full)*scale))) }
	savers := []string{"cp", "ckpt", "raw", checkedPeer, "tensorflow", "safetensors", "safetensors-rs", "torch", "orbax"}
	restorers := []string{"ckpt", "raw", checkedPeer, "tensorflow", "safetensors", "safetensors, memory kept", "safetensors-rs", "torch", "orbax"}
	ahead := map[string]float64{"tensorflow": 1, "safetensors": 1}
	save := Op{Name: "save", Peers: savers, PeakLimit: mostPeak, Limit: map[string]float64{"raw": 1.05, "tensorflow": 1, "safetensors": 1}}
	memory := Op{Name: "save" + toMemory, Peers: savers, Limit: ahead}
	restore := Op{Name: "restore", Peers: restorers, PeakLimit: mostPeak, Limit: map[string]float64{"safetensors": 0.85, "tensorflow": 0.25}}
	async := Op{Name: "async", Peers: []string{"ckpt", "raw"}, Limit: map[string]float64{"raw": 1.2}}
	model := []Op{save, memory, restore}
	tinySave, tinyMemory, tinyRestore, tiny := save, memory, restore, map[string]float64{"tensorflow": 0.05, "safetensors-rs": 1}
	tinySave.Limit, tinyMemory.Limit, tinyRestore.Limit = tiny, tiny, tiny
	openers := []string{"ckpt", "tensorflow", "safetensors", "safetensors-rs"}
	pickers := []string{"ckpt", "mapped", "raw", "tensorflow", "safetensors", "safetensors-rs"}
	ws := []Workload{
		{Name: "large", Title: "1 GiB in 64 tensors", Kind: "model", Tensors: 64, Elements: n(4 << 20), Ops: []Op{save, memory, restore, async}},
		{Name: "many", Title: "1 GiB in 20,000 tensors", Kind: "model", Tensors: 20_000, Elements: n(13_422), Ops: model},
		{Name: "single", Title: "one tensor of 512 MiB", Kind: "model", Tensors: 1, Elements: n(128 << 20), Ops: model},
		{Name: "tiny", Title: "100,000 tiny variables", Kind: "model", Tensors: n(100_000), Elements: 1, Ops: []Op{tinySave, tinyMemory, tinyRestore}},
	}
	ws = append(ws, loadWorkloads(n)...)
	ws = append(ws, Workload{Name: "command", Title: "4 GiB in 4,096 tensors", Kind: "command", Tensors: n(4096), Elements: 1 << 18, Ops: []Op{
		{Name: "list", Peers: []string{"ckpt", "sha256sum"}},
		{Name: "verify", Peers: []string{"ckpt", "sha256sum"}, Limit: map[string]float64{"sha256sum": 1}}}})
	ws = append(ws, formatWorkloads(n(2<<20))...)
	ws = append(ws, []Workload{
		{Name: "index", Title: "1,000,000 entries", Kind: "index", Tensors: n(1_000_000), Elements: 1, Ops: []Op{
			{Name: "open and find", Peers: openers, Limit: map[string]float64{"tensorflow": 0.02}},
			{Name: "open and list", Peers: openers, Limit: map[string]float64{"tensorflow": 0.1}}}},
		{Name: "pick", Title: "1 MiB of 4 GiB", Kind: "pick", Tensors: n(4096), Elements: 1 << 18, Ops: []Op{
			{Name: "read one", Peers: pickers, Limit: map[string]float64{"raw": 2}, Picks: true},
			{Name: "open and read one", Peers: pickers, Picks: true}}},
	}...)
	for _, mib := range []int{64, 512, 4096} {
		ws = append(ws, Workload{Name: fmt.Sprintf("open%d", mib), Title: fmt.Sprintf("64 tensors in %s MiB", thousands(mib)), Kind: "open",
			Tensors: 64, Elements: n(mib << 12), Growth: Growth{"64 tensors", thousands(mib) + " MiB", 0},
			Ops: []Op{{Name: "open and find", Peers: []string{"ckpt", "mapped", "tensorflow", "safetensors", "safetensors-rs"}, Picks: true}}})
	}
	for _, nodes := range []int{1_000, 10_000, 100_000, 1_000_000} {
		both := []string{"ckpt", "tensorflow"}
		if nodes > 100_000 {
			both = both[:1] // TensorFlow would take minutes
		}
		ws = append(ws, Workload{Name: fmt.Sprintf("graph%d", nodes), Title: thousands(nodes) + " objects", Kind: "graph", Tensors: n(nodes),
			Growth: Growth{"objects", thousands(nodes), n(nodes)},
			Ops:    []Op{{Name: "walk", Peers: both}, {Name: "match", Peers: both[:1]}, {Name: "open, walk and match", Peers: both}}})
	}
	return ws
}

// loadWorkloads returns the workloads in which a fresh process loads a file. The targets are the fastest peers that copy.
func loadWorkloads(n func(int) int) (ws []Workload) {
	limit := map[string]float64{"safetensors": 1, "safetensors-rs": 1, "torch": 1, "numpy": 1, "tensorflow": 1}
	loaders := []string{"ckpt", "ckpt, TensorFlow's format", "raw", "safetensors", "safetensors-rs", "torch", "numpy", "tensorflow"}
	ops := []Op{{Name: loadWarm, Peers: loaders, Limit: limit}}
	if canEvict {
		ops = append(ops, Op{Name: loadCold, Peers: loaders, Limit: limit})
	}
	return []Workload{
		{Name: "load64", Title: "fresh process, 1 GiB in 64 tensors", Kind: "load", Tensors: 64, Elements: n(4 << 20), Ops: ops},
		{Name: "load20000", Title: "fresh process, 1 GiB in 20,000 tensors", Kind: "load", Tensors: 20_000, Elements: n(13_422), Ops: ops},
	}
}

// formatWorkloads returns the workloads for the formats of other makers: ckpt next to the makers' libraries. ckpt restores into an existing
// model, so it copies; numpy and safetensors return new arrays.
func formatWorkloads(elements int) (ws []Workload) {
	for _, f := range []struct {
		name, ending string
		peers        []string
	}{
		{"safetensors", "safetensors", []string{"safetensors", "safetensors-rs"}},
		{"npz", "npz", []string{"numpy"}},
		{"hdf5", "weights.h5", []string{"h5py"}},
		{"pt", "pt", []string{"torch"}},
	} {
		ahead := make(map[string]float64)
		for _, p := range f.peers {
			ahead[p] = 1
		}
		save := Op{Name: "save", Peers: append([]string{"ckpt", "raw"}, f.peers...), PeakLimit: mostPeak, Limit: map[string]float64{"raw": 1.05}}
		if f.name == "pt" {
			save.Peers, save.Limit = f.peers, nil // ckpt reads this format and does not write it
		}
		ws = append(ws, Workload{Name: f.name, Title: "512 MiB in 64 tensors, " + f.name, Kind: "model", Format: f.ending, Tensors: 64, Elements: elements,
			Ops: []Op{save, {Name: "restore", Peers: append([]string{"ckpt"}, f.peers...), PeakLimit: mostPeak, Limit: ahead}}})
	}
	return ws
}

// fill sets the values of tensor i of a workload, which are the same for every peer.
func fill(values []float32, i int) {
	for j := range values {
		values[j] = valueAt(i, j)
	}
}

// valueAt returns value j of tensor i.
func valueAt(i, j int) float32 { return float32((i + j) & 0xffff) }

// prepare writes the files that a workload only reads, in the formats of all peers.
func (w Workload) prepare(ctx context.Context, p *peers) error {
	switch w.Kind {
	case "model", "graph":
		return nil
	case "load":
		return prepareLoad(ctx, w, p)
	case "command":
		if err := buildCommand(ctx, w.Dir); err != nil {
			return err
		}
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
	if w.Kind == "command" {
		return nil
	}
	return writeSafetensors(filepath.Join(w.Dir, "model.safetensors"), w, t)
}

// key returns the key of tensor i of a workload. TensorFlow gives these names to the elements of a list.
func (w Workload) key(i int) string {
	if w.Kind == "command" {
		return fmt.Sprintf("layer_%d/kernel", i) // a name-based checkpoint, which does not need an object graph
	}
	return fmt.Sprintf("list/%d/.ATTRIBUTES/VARIABLE_VALUE", i)
}

// A pick is a tensor to look up.
type pick struct {
	Index int
	Key   string
}

// picks returns the picks of one measurement, spread over the workload's tensors. A lookup takes a fraction of a
// millisecond: a single one would mostly measure how a process wakes up.
func (w Workload) picks() []pick {
	n := 16
	if w.Kind == "index" {
		n = 1
	}
	picks := make([]pick, n)
	for i := range picks {
		at := w.Tensors * (3*i + 2) / (3 * n)
		picks[i] = pick{at, w.key(at)}
	}
	return picks
}
