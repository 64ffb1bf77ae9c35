package main

import (
	"context"
	"fmt"
	"math"
	"math/cmplx"
	"reflect"
	"slices"
	"strconv"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// graphKey is the object graph's, which differs where any shape of the objects does, and whose tensors are compared.
const graphKey = objectgraph.GraphKey

// A valueDifference is how the values of two tensors of one shape differ.
type valueDifference struct {
	Differ  int      `json:"differ"`  // how many values
	Largest *float64 `json:"largest"` // absolute; nil where there is no number for it
	Index   []int    `json:"index"`   // of the largest, or of the first where there is no number
	a, b    string   // the values there
}

// compareStored reads two tensors and compares them; nil says that they are equal, as far as tolerance goes.
func compareStored(ctx context.Context, a, b *ckpt.Reader, x, y *ckpt.VariableInfo, tolerance float64) (*valueDifference, error) {
	s, err := a.ReadTensor(ctx, x.Key)
	if err != nil {
		return nil, err
	}
	t, err := b.ReadTensor(ctx, y.Key)
	if err != nil {
		return nil, err
	}
	if x.DType == y.DType && tensor.Equal(s, t) {
		return nil, nil
	}
	return compareValues(s, t, tolerance), nil
}

// compareValues compares two tensors of one shape: integers of one dtype exactly, other numbers as float64 or complex128, all else
// for equality.
func compareValues(s, t tensor.Any, tolerance float64) *valueDifference {
	d := &valueDifference{}
	largest, at := math.Inf(-1), -1
	differ := func(i int, distance float64) {
		switch {
		case distance <= tolerance:
			return
		case math.IsInf(distance, 0) || math.IsNaN(distance):
			distance = math.Inf(1)
		}
		d.Differ++
		if distance > largest {
			largest, at = distance, i
		}
	}
	p, pOK := numbers(s)
	q, qOK := numbers(t)
	m, mOK := widen[int64](s)
	n, nOK := widen[int64](t)
	switch {
	case mOK && nOK:
		for i := range m {
			if m[i] != n[i] {
				differ(i, float64(uint64(max(m[i], n[i]))-uint64(min(m[i], n[i])))) // right where the signed one is too large
			}
		}
	case pOK && qOK:
		for i := range p {
			if p[i] != q[i] && !(math.IsNaN(p[i]) && math.IsNaN(q[i])) {
				differ(i, math.Abs(p[i]-q[i]))
			}
		}
	default:
		v, vOK := widen[complex128](s)
		w, wOK := widen[complex128](t)
		for i := range s.Len() {
			switch {
			case vOK && wOK:
				if v[i] != w[i] && !(cmplx.IsNaN(v[i]) && cmplx.IsNaN(w[i])) {
					differ(i, cmplx.Abs(v[i]-w[i]))
				}
			case valueText(s, i) != valueText(t, i) || s.DType() != t.DType():
				differ(i, math.Inf(1))
			}
		}
	}
	if at < 0 {
		return nil
	}
	if !math.IsInf(largest, 1) {
		d.Largest = &largest
	}
	d.Index = indexOf(at, s.Shape())
	d.a, d.b = valueText(s, at), valueText(t, at)
	return d
}

// numbers returns a tensor's values as float64, integers beyond 2^53 rounded; ok is false where they are none.
func numbers(t tensor.Any) (all []float64, ok bool) {
	if all, ok = widen[float64](t); ok {
		return all, true
	}
	if signed, ok := widen[int64](t); ok {
		return floats(signed), true
	}
	if unsigned, ok := widen[uint64](t); ok {
		return floats(unsigned), true
	}
	return nil, false
}

func floats[T int64 | uint64](integers []T) []float64 {
	all := make([]float64, len(integers))
	for i, n := range integers {
		all[i] = float64(n)
	}
	return all
}

// widen returns a tensor's values as another type of the same kind that has them all; ok is false where there is none.
func widen[W tensor.Element](t tensor.Any) (wide []W, ok bool) {
	w := new(tensor.Tensor[W])
	if w.Build(t.Shape()...) != nil || tensor.Cast(w, t) != nil {
		return nil, false
	}
	return w.Data(), true
}

// indexOf returns where in a tensor its i-th value is.
func indexOf(i int, shape tensor.Shape) []int {
	index := make([]int, len(shape))
	for axis, n := range slices.Backward(shape) {
		index[axis] = i % n
		i /= n
	}
	return index
}

// valueText returns a tensor's i-th value as text.
func valueText(t tensor.Any, i int) string {
	switch t := t.(type) {
	case *tensor.Tensor[float32]:
		return strconv.FormatFloat(float64(t.Data()[i]), 'g', -1, 32)
	case *tensor.Tensor[string]:
		text := t.Data()[i]
		if len(text) > 40 {
			return strconv.Quote(text[:37]) + "…"
		}
		return strconv.Quote(text)
	}
	return fmt.Sprint(reflect.ValueOf(t.Values()).Index(i))
}
