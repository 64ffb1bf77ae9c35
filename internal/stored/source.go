package stored

import (
	"reflect"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// Copy replaces the sources by copies of their values, so that the program may change the values. It loads objects one at a time.
// It copies large values in parallel, because first-time use of the new memory takes most of the time.
func Copy(tensors []Tensor) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	defer group.Wait() // none of its functions fails
	for i := range tensors {
		src := &tensors[i].Source
		t, err := src.Load()
		if err != nil {
			return err
		}
		if b, _ := tensor.Bytes(t); len(b) < parallelCopy {
			*src = format.SourceOf(tensor.Clone(t))
			continue
		}
		group.Go(func() error {
			*src = format.SourceOf(tensor.Clone(t))
			return nil
		})
	}
	return nil
}

// parallelCopy is the size in bytes from which a copy is worth a goroutine.
const parallelCopy = 256 << 10

// Region returns a region of a source: a view of its memory where the region is contiguous, otherwise a copy.
func Region(src format.Source, part tensor.Slice) format.Source {
	region, shape, err := part.Resolve(src.Shape)
	if err != nil {
		return format.Source{DType: src.DType, Shape: tensor.Shape{}, Load: func() (tensor.Any, error) { return nil, err }}
	}
	return format.Source{DType: src.DType, Shape: shape, Load: func() (tensor.Any, error) {
		t, err := src.Load()
		if err != nil {
			return nil, err
		}
		at := make([]int, len(region))
		for i, e := range region {
			at[i] = e.Start
		}
		if len(shape) > 0 && slices.Equal(shape[1:], src.Shape[1:]) {
			row := shape[1:].Len()
			rows := reflect.ValueOf(t.Values()).Slice(at[0]*row, (at[0]+shape[0])*row)
			return tensor.Alias(rows, shape...)
		}
		dst, err := tensor.NewAny(src.DType, shape...)
		if err != nil {
			return nil, err
		}
		return dst, tensor.CopyRegion(dst, make([]int, len(shape)), t, at, shape)
	}}
}
