package stats

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/tensor"
)

// chunk is the number of values that are processed together.
const chunk = 1 << 15

// chunks returns the number of chunks of t's values.
func chunks(t tensor.Any) int { return (t.Len() + chunk - 1) / chunk }

// eachChunk calls f with the number and the values of each chunk of t, from several goroutines. If float32 can hold t's values,
// which is the usual case, they are in part. Otherwise part is nil and values has them as float64.
func eachChunk(ctx context.Context, t tensor.Any, f func(i int, part []float32, values []float64)) error {
	n := t.Len()
	var taken atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range min(runtime.GOMAXPROCS(0), chunks(t)) {
		g.Go(func() error {
			var c converter
			for from := int(taken.Add(chunk)) - chunk; from < n; from = int(taken.Add(chunk)) - chunk {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				part, values, err := c.convert(t, from, min(chunk, n-from))
				if err != nil {
					return err
				}
				f(from/chunk, part, values)
			}
			return nil
		})
	}
	return g.Wait()
}

// A converter converts values to numbers, in memory that it reuses.
type converter struct {
	narrow []float32
	wide   []float64
}

// convert returns n of t's values, at most a chunk, beginning at from: in part if float32 can hold them, otherwise in values.
func (c *converter) convert(t tensor.Any, from, n int) (part []float32, values []float64, err error) {
	if t, ok := tensor.As[float32](t); ok {
		return t.Data()[from:][:n], nil, nil
	}
	if isNarrow(t.DType()) {
		if len(c.narrow) < n {
			c.narrow = make([]float32, n)
		}
		narrow(c.narrow[:n], t, from)
		return c.narrow[:n], nil, nil
	}
	if len(c.wide) < n {
		c.wide = make([]float64, n)
	}
	return nil, c.wide[:n], Floats(c.wide[:n], t, from)
}

// Floats converts len(dst) of t's values to float64, beginning at from in row-major order.
func Floats(dst []float64, t tensor.Any, from int) error {
	size := t.DType().Size()
	b, ok := tensor.Bytes(t)
	if !ok {
		return fmt.Errorf("stats: values of %v are not numbers", t.DType())
	}
	if f, ok := tensor.As[float32](t); ok { // the most frequent dtype, without copying
		for i, v := range f.Data()[from:][:len(dst)] {
			dst[i] = float64(v)
		}
		return nil
	}
	part, err := tensor.FromBytes(t.DType(), b[from*size:][:len(dst)*size], len(dst))
	if err != nil {
		return err
	}
	return floats(dst, part)
}

func floats(dst []float64, part tensor.Any) error {
	switch p := part.(type) {
	case *tensor.Tensor[bool]:
		for i, v := range p.Data() {
			dst[i] = 0
			if v {
				dst[i] = 1
			}
		}
	case *tensor.Tensor[complex64]:
		for i, v := range p.Data() {
			dst[i] = math.Hypot(float64(real(v)), float64(imag(v)))
		}
	case *tensor.Tensor[complex128]:
		for i, v := range p.Data() {
			dst[i] = math.Hypot(real(v), imag(v))
		}
	case *tensor.Tensor[float64]:
		copy(dst, p.Data())
	case *tensor.Tensor[int32]:
		for i, v := range p.Data() {
			dst[i] = float64(v)
		}
	case *tensor.Tensor[int64]:
		for i, v := range p.Data() {
			dst[i] = float64(v)
		}
	case *tensor.Tensor[uint64]:
		for i, v := range p.Data() {
			dst[i] = float64(v)
		}
	default:
		return widen(dst, part)
	}
	return nil
}

// widen converts the dtypes that tensor.Cast supports to float64, integers by way of int64.
func widen(dst []float64, part tensor.Any) error {
	wide, err := tensor.FromSlice(dst, len(dst))
	if err != nil {
		return err
	}
	if tensor.Cast(wide, part) == nil {
		return nil
	}
	whole := tensor.New[int64](len(dst))
	if err := tensor.Cast(whole, part); err != nil {
		return fmt.Errorf("stats: values of %v are not numbers", part.DType())
	}
	for i, v := range whole.Data() {
		dst[i] = float64(v)
	}
	return nil
}
