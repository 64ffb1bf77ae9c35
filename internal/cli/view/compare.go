package view

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"reflect"

	"github.com/gockpt/ckpt/internal/cli/text"
	"github.com/gockpt/ckpt/internal/stats"
	"github.com/gockpt/ckpt/tensor"
)

// maxBands is the largest number of bands that show where two tensors differ.
const maxBands = 64

// A comparison says how the values of a row's tensor differ between the first and the last checkpoint. It has numbers only if the
// tensor has the same numeric dtype and the same shape in both.
type comparison struct {
	Change    change
	Different int64 // values with different bits
	Count     int64
	Cosine    float64 // of the two as vectors; NaN if one is zero, or if a NaN or an infinity is only in one
	L2        float64 // of the difference; NaN or infinite if a NaN or an infinity is only in one
	Relative  float64 // L2 over the norm of the first
	Largest   float64 // the largest difference
	At        []int   // its indices
	From, To  float64
	Bands     []float64 // root mean squared difference in runs of the first axis; NaN or infinite like L2
	Columns   []float64 // the same for the last axis, if there are several axes
	Heat      *heat     // of the difference
	Problem   string
}

// A change classifies how a tensor changed.
type change string

const (
	same     change = "same"
	changed  change = "changed"  // different values
	added    change = "new"      // only the last checkpoint has it
	removed  change = "gone"     // only the first checkpoint has it
	reshaped change = "reshaped" // different dtype or shape
)

// changeOf classifies a row by its entries. A tensor with equal entries counts as the same until its values are compared.
func (s *Set) changeOf(row int) change {
	a, b := s.entry(row, 0), s.entry(row, s.latest())
	switch {
	case a == nil:
		return added
	case b == nil:
		return removed
	case !sameForm(a, b):
		return reshaped
	}
	return same
}

// compare compares a row's tensors and caches the result. The only error is the context's.
func (s *Set) compare(ctx context.Context, row int) (*comparison, error) {
	if c := s.changeOf(row); c != same {
		return &comparison{Change: c}, nil
	}
	s.cache.mu.Lock()
	c := s.cache.comparisons[row]
	s.cache.mu.Unlock()
	if c != nil {
		return c, nil
	}
	release, err := s.cache.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	a, err := s.read(ctx, row, 0)
	var b tensor.Any
	if err == nil {
		b, err = s.read(ctx, row, s.latest())
	}
	if err == nil {
		c, err = compareTensors(ctx, a, b)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		c = &comparison{Change: same, Problem: text.OneLine(err)}
	}
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	if s.cache.comparisons == nil || len(s.cache.comparisons) >= maxMeasures && !s.cache.unbounded {
		s.cache.comparisons = make(map[int]*comparison)
	}
	s.cache.comparisons[row] = c
	return c, nil
}

func compareTensors(ctx context.Context, a, b tensor.Any) (*comparison, error) {
	c := &comparison{Change: same, Count: int64(a.Len())}
	bytesA, numbers := tensor.Bytes(a)
	if !numbers {
		if !reflect.DeepEqual(a.Values(), b.Values()) {
			c.Change = changed
		}
		return c, nil
	}
	bytesB, _ := tensor.Bytes(b)
	if bytes.Equal(bytesA, bytesB) {
		return c, nil
	}
	c.Change = changed
	w := newWalk(a.Shape())
	if err := w.run(ctx, a, b); err != nil {
		return nil, err
	}
	w.into(c)
	var err error
	c.Heat, err = newDifferenceHeat(a, b)
	return c, err
}

// A walk iterates over the values of two tensors once.
type walk struct {
	shape                tensor.Shape
	different            int64
	dot, a2, b2, d2      float64
	largest, from, to    float64
	place                int
	rows, columns        axis
	rowLength, lineWidth int // values per index of the first axis, and of the last axis
}

// An axis adds up squared differences in runs of its indices.
type axis struct {
	length, bands int
	squares, n    []float64
}

func newAxis(length int) axis {
	n := min(length, maxBands)
	return axis{length, n, make([]float64, n), make([]float64, n)}
}

func (a *axis) add(index int, square float64) {
	band := index * a.bands / a.length
	a.squares[band] += square
	a.n[band]++
}

func (a *axis) roots() []float64 {
	roots := make([]float64, a.bands)
	for i, s := range a.squares {
		if a.n[i] > 0 {
			roots[i] = math.Sqrt(s / a.n[i])
		}
	}
	return roots
}

func newWalk(shape tensor.Shape) *walk {
	w := &walk{shape: shape, rowLength: shape.Len(), lineWidth: 1, place: -1}
	if len(shape) > 0 {
		w.rowLength /= shape[0]
		w.rows = newAxis(shape[0])
	}
	if len(shape) > 1 {
		w.lineWidth = shape[len(shape)-1]
		w.columns = newAxis(w.lineWidth)
	}
	return w
}

func (w *walk) run(ctx context.Context, a, b tensor.Any) error {
	const chunk = 1 << 14
	x, y := make([]float64, min(chunk, a.Len())), make([]float64, min(chunk, a.Len()))
	for at := 0; at < a.Len(); at += chunk {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n := min(chunk, a.Len()-at)
		if err := stats.Floats(x[:n], a, at); err != nil {
			return err
		}
		if err := stats.Floats(y[:n], b, at); err != nil {
			return err
		}
		w.add(at, x[:n], y[:n])
	}
	return nil
}

// add adds a run of both tensors' values that begins at index place.
func (w *walk) add(place int, x, y []float64) {
	for i := range x {
		u, v := x[i], y[i]
		d := v - u
		if u == v || u != u && v != v {
			d = 0
		} else {
			w.different++
			if size := math.Abs(d); w.place < 0 || size > w.largest || size != size && w.largest == w.largest {
				w.largest, w.from, w.to, w.place = size, u, v, place+i
			}
		}
		if d != 0 || u-u == 0 { // excludes two equal infinities or two NaNs from the sums
			w.dot += u * v
			w.a2 += u * u
			w.b2 += v * v
			w.d2 += d * d
		}
		if len(w.shape) > 0 {
			w.rows.add((place+i)/w.rowLength, d*d)
		}
		if len(w.shape) > 1 {
			w.columns.add((place+i)%w.lineWidth, d*d)
		}
	}
}

func (w *walk) into(c *comparison) {
	c.Different = w.different
	c.Cosine = w.dot / math.Sqrt(w.a2*w.b2)
	c.L2 = math.Sqrt(w.d2)
	c.Relative = c.L2 / math.Sqrt(w.a2)
	c.Largest, c.From, c.To = w.largest, w.from, w.to
	if w.place >= 0 {
		c.At = make([]int, len(w.shape))
		for i, rest := len(w.shape)-1, w.place; i >= 0; i-- {
			c.At[i], rest = rest%w.shape[i], rest/w.shape[i]
		}
	}
	if len(w.shape) > 0 {
		c.Bands = w.rows.roots()
	}
	if len(w.shape) > 1 {
		c.Columns = w.columns.roots()
	}
}

// newDifferenceHeat draws the first slice of b minus a.
func newDifferenceHeat(a, b tensor.Any) (*heat, error) {
	shape := a.Shape()
	if len(shape) > 2 { // compute only the slice that is drawn
		shape = shape[len(shape)-2:]
	}
	d := tensor.New[float64](shape...)
	x := make([]float64, d.Len())
	if err := stats.Floats(x, a, 0); err != nil {
		return nil, fmt.Errorf("difference: %w", err)
	}
	if err := stats.Floats(d.Data(), b, 0); err != nil {
		return nil, fmt.Errorf("difference: %w", err)
	}
	for i, v := range x {
		d.Data()[i] -= v
	}
	return newHeat(d, nil)
}
