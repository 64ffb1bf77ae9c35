package layers

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// checkSize returns an error if s is not a shape or does not fit memory.
func checkSize(who id, tensor string, s tensor.Shape) error {
	switch err := s.Check(); {
	case err != nil:
		return errorf(who, "%s: %w", tensor, err)
	case kernel.CheckSize(s) != nil:
		return errorf(who, "%s %w", tensor, kernel.CheckSize(s))
	}
	return nil
}

// checkInput returns an error where x is nil, not built, or of a rank outside [lo, hi]; a hi of 0 is no limit.
func checkInput(who id, x *Tensor, lo, hi int) error {
	if x == nil || !x.Built() {
		return shapeErrorf(who, "input", nil, "a tensor of rank %d or more", lo)
	}
	rank := len(x.Shape())
	switch {
	case rank >= lo && (hi == 0 || rank <= hi):
		return nil
	case hi == 0:
		return shapeErrorf(who, "input", x.Shape(), "rank %d or more", lo)
	case hi == lo:
		return shapeErrorf(who, "input", x.Shape(), "rank %d", lo)
	}
	return shapeErrorf(who, "input", x.Shape(), "rank %d to %d", lo, hi)
}

// newOutput returns a tensor of zeros for a layer's result.
func newOutput(who id, shape ...int) (*Tensor, error) {
	if err := checkSize(who, "output", shape); err != nil {
		return nil, err
	}
	return tensor.New[float32](shape...), nil
}

// newGrown returns a tensor of zeros for a result that an option makes larger than the input, which has so many values.
func newGrown(who id, input int, shape ...int) (*Tensor, error) {
	if err := kernel.CheckGrowth(input, shape); err != nil {
		return nil, errorf(who, "output %w", err)
	}
	return tensor.New[float32](shape...), nil
}

// resolveAxis returns axis, which counts from the end where it is negative, as an index into the axes of s.
func resolveAxis(who id, axis int, s tensor.Shape) (int, error) {
	at := axis
	if at < 0 {
		at += len(s)
	}
	if at < 0 || at >= len(s) {
		return 0, shapeErrorf(who, "input", s, "an axis %d", axis)
	}
	return at, nil
}

// An initializer fills a new weight of a given shape from its own source of random numbers.
type initializer func(w []float32, shape tensor.Shape, r *rand.Rand)

// zeros is Keras's initializer of that name.
func zeros(w []float32, _ tensor.Shape, _ *rand.Rand) { clear(w) }

// glorotUniform is Keras's initializer of that name: uniform within ±sqrt(6/(fan in + fan out)), the last two axes being in and
// out and those before them a window (keras.src.initializers.random_initializers.compute_fans).
func glorotUniform(w []float32, shape tensor.Shape, r *rand.Rand) {
	in, out := 1, 1
	switch n := len(shape); n {
	case 0:
	case 1:
		in, out = shape[0], shape[0]
	default:
		window := shape[:n-2].Len()
		in, out = shape[n-2]*window, shape[n-1]*window
	}
	uniform(w, math.Sqrt(6/math.Max(1, float64(in)+float64(out))), r)
}

// uniform fills w with values from within ±limit.
func uniform(w []float32, limit float64, r *rand.Rand) {
	for i := range w {
		w[i] = float32(limit * (2*r.Float64() - 1))
	}
}

// buildWeight makes w, the weight that errors call name, where it is not built: of the given shape, filled by init with
// numbers that depend on seed, the layer's kind and name, and the weight's.
func buildWeight(who id, name string, w *Tensor, seed uint64, init initializer, shape ...int) error {
	if w.Built() {
		return nil
	}
	if err := checkSize(who, name, shape); err != nil {
		return err
	}
	if n := tensor.Shape(shape).Len(); n > kernel.MaxNew {
		return errorf(who, "%s shape %v is beyond memory for a weight that was not loaded: want at most %d values", name, shape, kernel.MaxNew)
	}
	if err := w.Build(shape...); err != nil {
		return errorf(who, "%s: %w", name, err)
	}
	h := fnv.New64a()
	h.Write([]byte(who.String() + "/" + name))
	init(w.Data(), w.Shape(), rand.New(rand.NewPCG(seed, h.Sum64())))
	return nil
}

// checkWeight returns a ShapeError if w, which errors call name, does not have the given shape; an axis of -1 may be of any
// length. The reason, which says where the shape comes from, is added to it.
func checkWeight(who id, name string, w *Tensor, reason string, shape ...int) error {
	got := w.Shape()
	fits := w.Built() && len(got) == len(shape)
	for i := 0; fits && i < len(shape); i++ {
		fits = shape[i] == -1 || shape[i] == got[i]
	}
	if fits {
		return nil
	}
	return shapeErrorf(who, name, got, "%s %s", fault.Pattern(shape), reason)
}

// anyOr returns n, or -1 for any length where n is 0.
func anyOr(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// repeated returns n times length.
func repeated(length, n int) []int { return slices.Repeat([]int{length}, n) }
