package shard

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// An Axis is a dimension of a mesh: "data" of size 4.
type Axis struct {
	Name string
	Size int // the number of workers along the axis, at least 1
}

// A Mesh arranges workers along named axes. Workers are numbered from 0 in row-major order: those that differ only along
// the last axis follow each other. A Mesh without axes is one worker.
type Mesh []Axis

// Len returns the number of workers.
func (m Mesh) Len() int {
	n := 1
	for _, a := range m {
		n *= a.Size
	}
	return n
}

// Check returns an error if two axes have the same name, an axis lacks a name, its size is less than 1, or there are more
// than 2^31-1 workers.
func (m Mesh) Check() error {
	n := 1
	for i, a := range m {
		if a.Name == "" || strings.Contains(a.Name, " ") {
			return fmt.Errorf("shard: mesh axis %d is called %q: expected a non-empty name without spaces", i, a.Name)
		}
		if slices.ContainsFunc(m[:i], func(b Axis) bool { return a.Name == b.Name }) {
			return fmt.Errorf("shard: two mesh axes are called %q", a.Name)
		}
		if a.Size < 1 || n > math.MaxInt32/a.Size {
			return fmt.Errorf("shard: mesh axis %q has size %d: expected at least 1, and fewer than 2^31 workers in total", a.Name, a.Size)
		}
		n *= a.Size
	}
	return nil
}

// index returns where a worker is along each axis.
func (m Mesh) index(worker int) []int {
	at := make([]int, len(m))
	for i := len(m) - 1; i >= 0; i-- {
		at[i] = worker % m[i].Size
		worker /= m[i].Size
	}
	return at
}

// Cut returns how a tensor is cut among the workers of the mesh: spec has an entry for each of the tensor's axes, from the
// first on. An entry is the name of a mesh axis, or several with a space between them, the slower one first. An axis is not
// cut if its entry is "" or missing. Along mesh axes that spec does not name the tensor is replicated: each of those workers
// holds the same part. It is an error if spec names an axis twice or an axis that the mesh lacks, or if [Mesh.Check] fails.
func (m Mesh) Cut(spec ...string) (Cut, error) {
	if err := m.Check(); err != nil {
		return Cut{}, err
	}
	c := Cut{mesh: slices.Clone(m), along: make([][]int, len(spec)), cuts: make([]bool, len(m))}
	for i, entry := range spec {
		for name := range strings.FieldsSeq(entry) {
			axis := slices.IndexFunc(m, func(a Axis) bool { return a.Name == name })
			if axis < 0 {
				return Cut{}, fmt.Errorf("shard: the cut %q names the axis %q, which the mesh lacks", spec, name)
			}
			if c.cuts[axis] {
				return Cut{}, fmt.Errorf("shard: the cut %q names the axis %q twice", spec, name)
			}
			c.cuts[axis] = true
			c.along[i] = append(c.along[i], axis)
		}
	}
	return c, nil
}

// A Cut says how a tensor is spread over the workers of a mesh. With the zero Cut every worker holds the whole tensor.
type Cut struct {
	mesh  Mesh
	along [][]int // for each axis of the tensor, the mesh axes that cut it
	cuts  []bool  // which mesh axes cut the tensor
}

// Rows cuts a tensor's first axis among workers, at least one, that are numbered from 0.
func Rows(workers int) (Cut, error) { return Mesh{{"worker", workers}}.Cut("worker") }

// Columns cuts a tensor's second axis among workers, at least one, that are numbered from 0.
func Columns(workers int) (Cut, error) { return Mesh{{"worker", workers}}.Cut("", "worker") }

// Region returns the part of a tensor that a worker holds. An axis of length n is cut into pieces of ceil(n/pieces); if the
// number of pieces does not divide n, the last pieces are shorter or empty. torch.chunk does the same; JAX requires that it
// divides n. It is an error if the mesh lacks the worker, or the tensor lacks an axis that is cut.
func (c Cut) Region(worker int, shape tensor.Shape) (tensor.Slice, error) {
	if len(c.along) > len(shape) {
		return nil, fmt.Errorf("shard: a tensor of shape %v lacks axis %d, which is to be cut", shape, len(shape))
	}
	if worker < 0 || len(c.mesh) > 0 && worker >= c.mesh.Len() {
		return nil, fmt.Errorf("shard: there is no worker %d: the mesh has %d", worker, c.mesh.Len())
	}
	region, at := whole(shape), c.mesh.index(worker)
	for i, axes := range c.along {
		piece, pieces := 0, 1
		for _, axis := range axes {
			piece, pieces = piece*c.mesh[axis].Size+at[axis], pieces*c.mesh[axis].Size
		}
		region[i] = chunk(shape[i], piece, pieces)
	}
	return region, nil
}

// First reports whether a worker is the first of those that hold the same part. The first worker saves it.
func (c Cut) First(worker int) bool {
	if len(c.mesh) == 0 {
		return worker == 0
	}
	for axis, at := range c.mesh.index(worker) {
		if at != 0 && !c.cuts[axis] {
			return false
		}
	}
	return true
}

// count returns how many pieces an axis is cut into.
func (c Cut) count(axis int) int {
	n := 1
	if axis < len(c.along) {
		for _, a := range c.along[axis] {
			n *= c.mesh[a].Size
		}
	}
	return n
}

// chunk returns piece i of an axis of length n that is cut into pieces.
func chunk(n, i, pieces int) tensor.Extent {
	size := n / pieces
	if n%pieces > 0 {
		size++
	}
	if i > 0 && size > n/i { // before i*size can overflow
		return tensor.Extent{Start: n}
	}
	start := i * size
	return tensor.Extent{Start: start, Length: min(size, n-start)}
}

// whole returns the region that is all of shape.
func whole(shape tensor.Shape) tensor.Slice {
	s := make(tensor.Slice, len(shape))
	for i, n := range shape {
		s[i] = tensor.Extent{Start: 0, Length: n}
	}
	return s
}
