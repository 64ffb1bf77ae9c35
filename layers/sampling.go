package layers

import (
	"math"

	"github.com/gockpt/ckpt/layers/internal/kernel"
)

// resample copies the images x, of layout l with channels last, to y, of size out: first along columns, to one line of x's width,
// and then along that line.
func (l layout) resample(w *kernel.Scratch, y, x []float32, out triple, how Interpolation, antialias bool) {
	defer w.Release(w.Mark())
	line, long := l.size[2]*l.channels, out[2]*l.channels
	rows := newSampling(w, l.size[1], out[1], how, antialias)
	columns := newSampling(w, l.size[2], out[2], how, antialias)
	cost := rows.taps*line + columns.taps*long
	lines := w.Floats(kernel.Ranges(l.batch*out[1], cost) * line)
	kernel.Parallel(l.batch*out[1], cost, func(run, lo, hi int) {
		sum := lines[run*line:][:line]
		for i := lo; i < hi; i++ {
			image := x[i/out[1]*l.size[1]*line:][:l.size[1]*line]
			rows.mix(sum, image, i%out[1])
			to := y[i*long : (i+1)*long]
			for t := range out[2] {
				columns.mix(to[t*l.channels:(t+1)*l.channels], sum, t)
			}
		}
	})
}

// addScaled adds v times x to y.
func addScaled(y, x []float32, v float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] += v * x[i]
	}
}

// A sampling computes the values at evenly spaced positions from elements. It rounds as TensorFlow does if that affects the
// result.
type sampling struct {
	in      int
	how     Interpolation
	between bool      // a position is one element or lies between two, as in TensorFlow's ResizeBilinear
	steps   bool      // distances are rounded to 1/1024 of the distance between elements
	scale   float32   // the number of elements from one position to the next
	widened float32   // the factor by which the interpolation's reach is stretched
	taps    int       // the largest number of elements for a position
	weights []float32 // taps for each position
}

// newSampling returns the sampling of out positions from in elements. With antialias, if positions are more than one element
// apart, all elements between them count. The weights are in w's memory.
func newSampling(w *kernel.Scratch, in, out int, how Interpolation, antialias bool) sampling {
	s := sampling{in: in, how: how, between: how == Bilinear && !antialias, steps: how == Bicubic && !antialias, scale: float32(in) / float32(out), widened: 1}
	if antialias {
		s.widened = max(s.scale, 1)
	}
	for t := range out {
		first, end := s.span(t)
		s.taps = max(s.taps, end-first)
	}
	s.weights = w.Floats(out * s.taps)
	for t := range out {
		first, weights := s.at(t)
		sum := float32(0)
		for k := range weights {
			weights[k] = s.weight(t, first+k)
			sum += weights[k]
		}
		for k := range weights {
			weights[k] /= sum
		}
	}
	return s
}

// place returns the position t, counted in elements. The first element is at 0.
func (s *sampling) place(t int) float32 {
	middle := float32(float32(t)+0.5) * s.scale
	return float32(middle) - 0.5
}

// span returns the range of the elements for position t: the first, and the one after the last.
func (s *sampling) span(t int) (first, end int) {
	switch s.how {
	case Nearest:
		first = min(int(float32(float32(t)+0.5)*s.scale), s.in-1)
		return first, first + 1
	case Area:
		first = min(int(float32(t)*s.scale), s.in-1)
		return first, min(max(int(math.Ceil(float64(float32(t+1)*s.scale))), first+1), s.in)
	}
	if s.between {
		place := float64(s.place(t))
		return max(int(math.Floor(place)), 0), min(int(math.Ceil(place)), s.in-1) + 1
	}
	place, reach := s.place(t), s.how.reach()*s.widened
	first = max(int(math.Ceil(float64(place-reach))), 0)
	end = min(int(math.Floor(float64(place+reach)))+1, s.in)
	first = min(first, s.in-1)
	return first, max(end, first+1)
}

// at returns the first of the elements for position t, and the weights of it and the following elements. The sum of the weights is
// 1.
func (s *sampling) at(t int) (first int, weights []float32) {
	first, end := s.span(t)
	return first, s.weights[t*s.taps:][:end-first]
}

// mix sets y to the value at position t. Each element of x has the length of y.
func (s *sampling) mix(y, x []float32, t int) {
	n := len(y)
	first, weights := s.at(t)
	last := len(weights) - 1
	if s.between { // compute_lerp: infinite if only the later element is infinite, NaN if the earlier one is
		from, to, v := x[first*n:][:n], x[(first+last)*n:][:n], weights[last]
		for i, a := range from {
			y[i] = a + (to[i]-a)*v
		}
		return
	}
	clear(y)
	for k, v := range weights {
		addScaled(y, x[(first+k)*n:][:n], v)
	}
}

// weight returns the weight of element i for position t.
func (s *sampling) weight(t, i int) float32 {
	switch s.how {
	case Nearest:
		return 1
	case Area:
		return min(float32(i+1), float32(t+1)*s.scale) - max(float32(i), float32(t)*s.scale)
	}
	d := math.Abs(float64(float32(i) - s.place(t)))
	if s.steps { // tensorflow/core/kernels/image/resize_bicubic_op.cc, GetWeightsAndIndices
		d = math.RoundToEven(d*1024) / 1024
	}
	return s.how.weight(float64(float32(d) / s.widened))
}
