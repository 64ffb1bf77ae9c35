package kernel

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// FusedMasked is what Keras's dot_product_attention puts in place of a masked score.
const FusedMasked = -0.7 * 3.38953e38

// A SoftAttention is softmax(scale·q·kᵀ)·v over rows that lie at regular steps in memory, for every combination of batch axes, of
// which the heads are one.
type SoftAttention struct {
	Batch             []int // lengths of the batch axes
	Q, K, V, Out      RowsAt
	Queries, Values   int // rows of q and out, rows of k and v
	Width, ValueWidth int // of a row of q and k, of a row of v and out
	Scale             float32
	Causal            bool  // a query looks at no value behind its own place; not together with mask
	Mask              *Mask // stretches to batch, queries, values; nil for none
	Masked            float32
	DropMasked        bool    // a masked score is 0 even where all of its row are
	Scores            *Tensor // [batch … queries values], filled where it is not nil
	maskSteps         []int
}

// RowsAt says where the rows of a tensor lie.
type RowsAt struct {
	Data  []float32
	Batch []int // steps along the batch axes
	Row   int   // step from row to row
}

// Run computes a.out, which must be 0.
func (a *SoftAttention) Run(work *Scratch) {
	items := tensor.Shape(a.Batch).Len()
	if items == 0 || a.Queries == 0 || a.Values == 0 {
		return
	}
	if a.Mask != nil {
		a.maskSteps = StretchSteps(a.Mask.Shape(), slices.Concat(a.Batch, []int{a.Queries, a.Values}))
	}
	cost := a.Queries * a.Values * (a.Width + a.ValueWidth + ActivationCost/2)
	defer work.Release(work.Mark())
	runs := Ranges(items, cost)
	scratch := work.Floats(runs * a.Values)
	Parallel(items, cost, func(run, lo, hi int) {
		row := scratch[run*a.Values : (run+1)*a.Values]
		for item := lo; item < hi; item++ {
			a.item(item, row)
		}
	})
}

// item computes one combination of the batch axes; row is scratch for a query's scores.
func (a *SoftAttention) item(item int, row []float32) {
	var q, k, v, out, m int
	for axis, rest := len(a.Batch)-1, item; axis >= 0; axis-- {
		i := rest % a.Batch[axis]
		rest /= a.Batch[axis]
		q, k, v, out = q+i*a.Q.Batch[axis], k+i*a.K.Batch[axis], v+i*a.V.Batch[axis], out+i*a.Out.Batch[axis]
		if a.Mask != nil {
			m += i * a.maskSteps[axis]
		}
	}
	keys := blas32.General{Rows: a.Values, Cols: a.Width, Stride: max(a.K.Row, 1), Data: a.K.Data[k:]}
	vals := blas32.General{Rows: a.Values, Cols: a.ValueWidth, Stride: max(a.V.Row, 1), Data: a.V.Data[v:]}
	for t := range a.Queries {
		scores := row
		if a.Scores != nil {
			at := (item*a.Queries + t) * a.Values
			scores = a.Scores.Data()[at : at+a.Values]
		}
		clear(scores)
		if a.Causal {
			scores = scores[:min(t+1, a.Values)]
			keys.Rows, vals.Rows = len(scores), len(scores)
		}
		vector := blas32.Vector{N: len(scores), Inc: 1, Data: scores}
		if a.Width > 0 {
			blas32.Gemv(blas.NoTrans, a.Scale, keys, blas32.Vector{N: a.Width, Inc: 1, Data: a.Q.Data[q+t*a.Q.Row:]}, 0, vector)
		}
		a.finish(scores, m, t)
		if a.ValueWidth > 0 {
			blas32.Gemv(blas.Trans, 1, vals, vector, 1, blas32.Vector{N: a.ValueWidth, Inc: 1, Data: a.Out.Data[out+t*a.Out.Row:]})
		}
	}
}

// finish makes weights of the scores of query t, whose batch entry's mask begins at m.
func (a *SoftAttention) finish(scores []float32, m, t int) {
	if a.Mask == nil {
		_, _ = activation.Softmax().Apply(scores, len(scores)) // a row of at least one value: no error
		return
	}
	rank := len(a.Batch)
	at, step := m+t*a.maskSteps[rank], a.maskSteps[rank+1]
	a.eachMasked(scores, at, step, a.Masked)
	_, _ = activation.Softmax().Apply(scores, len(scores))
	if a.DropMasked {
		a.eachMasked(scores, at, step, 0)
	}
}

func (a *SoftAttention) eachMasked(scores []float32, at, step int, value float32) {
	keep := a.Mask.Data()
	for i := range scores {
		if !keep[at+i*step] {
			scores[i] = value
		}
	}
}

// CausalMask returns [queries values], true where a value's place is not behind the query's (causal) and less than window away
// from it (window above 0).
func CausalMask(queries, values int, causal bool, window int) *Mask {
	m := tensor.New[bool](queries, values)
	for i := range queries {
		for j := range values {
			m.Data()[i*values+j] = !(causal && j > i) && !(window > 0 && max(i-j, j-i) >= window)
		}
	}
	return m
}

// BothMasks returns a and b, stretched to each other and combined by and; ok is false where they do not stretch.
func BothMasks(a, b *Mask) (all *Mask, ok bool) {
	s, ok := Stretched(a.Shape(), b.Shape())
	if !ok {
		return nil, false
	}
	all = tensor.New[bool](s...)
	Zip(all.Data(), s, a.Data(), a.Shape(), b.Data(), b.Shape(), func(a, b bool) bool { return a && b })
	return all, true
}

// GroupMask gives a, whose heads are two axes, those that are shared and those that share one, a mask of rank 2 to 4 for all the
// heads. The error says why the mask does not stretch to the scores.
func (a *SoftAttention) GroupMask(mask *Mask) error {
	heads := a.Batch[1] * a.Batch[2]
	s, scores := slices.Clone(mask.Shape()), tensor.Shape{a.Batch[0], heads, a.Queries, a.Values}
	if len(s) < 2 || len(s) > 4 {
		return fmt.Errorf("mask shape %v, want rank 2 to 4", s)
	}
	s = slices.Insert(s, len(s)-2, slices.Repeat([]int{1}, 4-len(s))...)
	if to, ok := Stretched(s, scores); !ok || !to.Equal(scores) {
		return fmt.Errorf("mask shape %v, want one that stretches to scores of shape %v", s, scores)
	}
	split := []int{1, 1}
	if s[1] != 1 {
		split = a.Batch[1:]
	}
	var err error
	a.Mask, err = mask.Reshape(slices.Concat(s[:1], split, s[2:])...)
	return err
}
