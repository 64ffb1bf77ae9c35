package shard

import (
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// A Worker describes one worker. ckpt.Parts and ckpt.Own take its methods:
//
//	w := shard.Worker{Number: rank, Cut: func(path string) shard.Cut { … }}
//	err := c.WriteSection(ctx, prefix, rank, workers, ckpt.Parts(w.Part), ckpt.Own(w.Saves))
type Worker struct {
	Number int
	// Cut returns how the variable with the given path (model.dense.kernel) is cut. If Cut is nil, variables are not cut, and
	// worker 0 saves them.
	Cut func(path string) Cut
	// Full returns the whole shape of a variable that has shape in the worker's memory. Full may be nil if variables are cut
	// into pieces of equal shapes: the length of a cut axis is then multiplied by the number of pieces.
	Full func(path string, shape tensor.Shape) tensor.Shape
}

// Part returns the whole shape of a variable and the region of it that the worker holds; the region is nil if the worker
// holds the whole variable. If the variable lacks an axis that Cut cuts, Part returns a region with that axis, so that the save or the
// restore fails and names the variable.
func (w Worker) Part(path string, shape tensor.Shape) (full tensor.Shape, region tensor.Slice) {
	c := w.cut(path)
	if w.Full != nil {
		full = w.Full(path, shape)
	} else {
		full = slices.Clone(shape)
		for axis := range full {
			full[axis] *= c.count(axis)
		}
	}
	region, err := c.Region(w.Number, full)
	if err != nil {
		return full, make(tensor.Slice, max(len(c.along), len(full)+1))
	}
	if slices.Equal(region, whole(full)) {
		return nil, nil
	}
	return full, region
}

// Saves reports whether this worker saves its part of a variable. Other workers may hold the same part and do not save it.
func (w Worker) Saves(path string) bool { return w.cut(path).First(w.Number) }

func (w Worker) cut(path string) Cut {
	if w.Cut == nil {
		return Cut{}
	}
	return w.Cut(path)
}
