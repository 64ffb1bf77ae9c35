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

// checkSize returns an error if s is not a valid shape or does not fit memory.
func checkSize(who id, tensor string, s tensor.Shape) error {
	switch err := s.Check(); {
	case err != nil:
		return errorf(who, "%s: %w", tensor, err)
	case kernel.CheckSize(s) != nil:
		return errorf(who, "%s %w", tensor, kernel.CheckSize(s))
	}
	return nil
}

// checkInput returns an error if x is nil, not built, or has a rank outside [lo, hi]. A hi of 0 means no limit.
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

// newGrown returns a tensor of zeros for a result that, because of an option, is larger than the input, which has the given number
// of values.
func newGrown(who id, input int, shape ...int) (*Tensor, error) {
	if err := kernel.CheckGrowth(input, shape); err != nil {
		return nil, errorf(who, "output %w", err)
	}
	return tensor.New[float32](shape...), nil
}

// resolveAxis returns axis as an index into the axes of s. A negative axis counts from the end.
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

// glorotUniform is Keras's initializer of that name: uniform within ±sqrt(6/(fan in + fan out)), where the last two axes are in
// and out, and the axes before them are a window (keras.src.initializers.random_initializers.compute_fans).
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

// buildWeight makes the weight w, which errors call name, if it is not built. w gets the given shape, and init fills it with
// numbers that depend on seed, on the layer's kind and name, and on the weight's name.
func buildWeight(who id, name string, w *Tensor, seed uint64, init initializer, shape ...int) error {
	if w.Built() {
		return nil
	}
	if err := checkSize(who, name, shape); err != nil {
		return err
	}
	if n := tensor.Shape(shape).Len(); n > kernel.MaxNew {
		return errorf(who, "%s shape %v is too large for a weight that was not loaded: want at most %d values", name, shape, kernel.MaxNew)
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
// length. The error ends with reason, which says where the shape comes from.
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

// anyOr returns n, or -1, for any length, if n is 0.
func anyOr(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// repeated returns a slice of n elements, all length.
func repeated(length, n int) []int { return slices.Repeat([]int{length}, n) }
