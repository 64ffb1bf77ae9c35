package kernel

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/gemm"
	"github.com/gockpt/ckpt/layers/internal/vmath"
	"github.com/gockpt/ckpt/tensor"
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

// Sizes of what a goroutine works on at a time, in rows: as many queries and as many values as leave their scores in the second cache.
const queryBlock, valueBlock = 48, 1024

// Run computes a.Out, which must be 0. Scores are computed for a block of queries and a block of values at a time. A softmax over
// several blocks is kept up to date: where a later block has a larger score, what came before is scaled down.
func (a *SoftAttention) Run(work *Scratch) {
	items := tensor.Shape(a.Batch).Len()
	if items == 0 || a.Queries == 0 || a.Values == 0 {
		return
	}
	if a.Mask != nil {
		a.maskSteps = StretchSteps(a.Mask.Shape(), slices.Concat(a.Batch, []int{a.Queries, a.Values}))
	}
	// Where there are few items, the queries of each are in parts.
	parts := 1
	if n := runtime.GOMAXPROCS(0); items < 2*n {
		parts = min((2*n+items-1)/items, (a.Queries+queryBlock-1)/queryBlock)
	}
	queries := (a.Queries + parts - 1) / parts
	cost := ProductCost(queries, a.Width+a.ValueWidth, a.Values) + queries*a.Values*ActivationCost/2
	runs := Ranges(items*parts, cost)
	size := a.Width*a.Values + queryBlock*(a.columns()+2)
	defer work.Release(work.Mark())
	memory := work.Floats(runs * size)
	Parallel(items*parts, cost, func(run, lo, hi int) {
		h := head{SoftAttention: a, keys: memory[run*size : (run+1)*size]}
		for i := lo; i < hi; i++ {
			h.run(i/parts, i%parts*queries, min((i%parts+1)*queries, a.Queries), i == lo || i%parts == 0)
		}
	})
}

// columns returns how many values' scores there are at a time.
func (a *SoftAttention) columns() int {
	if a.Scores != nil {
		return a.Values
	}
	return min(a.Values, valueBlock)
}

// A head is a goroutine's work on one combination of the batch axes.
type head struct {
	*SoftAttention
	item                   int
	q, k, v, out           []float32 // from the first row on
	mask                   int       // where the mask of the first score is
	finite                 bool      // all of v: 0 times others is NaN
	keys, scores           []float32 // scratch memory: the transpose of k, times the scale; scores of a block
	tops, sums             []float32 // of each query of a block: the largest score so far, and the sum of weights
	first, last, from, end int       // the block's queries and values
}

// run computes the queries first to last-1 of an item, new to h or not.
func (h *head) run(item, first, last int, isNew bool) {
	if isNew {
		h.begin(item)
	}
	for h.first = first; h.first < last; h.first = h.last {
		h.last = min(h.first+queryBlock, last)
		values := h.Values
		if h.Causal && h.Scores == nil && h.finite {
			values = min(h.last, values)
		}
		for h.from = 0; h.from < values; h.from = h.end {
			h.end = min(h.from+h.columns(), values)
			h.block()
		}
		if h.Scores != nil || h.ValueWidth == 0 {
			continue
		}
		for i := range h.last - h.first {
			vmath.Scale(h.row(h.first+i), 1/h.sums[i])
		}
	}
}

// begin finds an item's rows, and transposes its keys.
func (h *head) begin(item int) {
	var q, k, v, out int
	h.item, h.mask = item, 0
	for axis, rest := len(h.Batch)-1, item; axis >= 0; axis-- {
		i := rest % h.Batch[axis]
		rest /= h.Batch[axis]
		q, k, v, out = q+i*h.Q.Batch[axis], k+i*h.K.Batch[axis], v+i*h.V.Batch[axis], out+i*h.Out.Batch[axis]
		if h.Mask != nil {
			h.mask += i * h.maskSteps[axis]
		}
	}
	h.q, h.k, h.v, h.out = h.Q.Data[q:], h.K.Data[k:], h.V.Data[v:], h.Out.Data[out:]
	n, block := h.Width*h.Values, queryBlock*h.columns()
	memory := h.keys[:n+block+2*queryBlock]
	h.scores, h.tops, h.sums = memory[n:][:block], memory[n+block:][:queryBlock], memory[n+block+queryBlock:]
	h.finite = true
	for i := 0; h.Causal && i < h.Values; i++ {
		sum := vmath.Sum(h.v[i*h.V.Row:][:h.ValueWidth])
		h.finite = h.finite && !math.IsNaN(sum) && !math.IsInf(sum, 0)
	}
	gemm.Transpose(h.keys, h.Values, h.k, max(h.K.Row, 1), h.Values, h.Width)
	vmath.Scale(h.keys[:n], h.Scale)
}

// row returns a query's row of the result.
func (h *head) row(query int) []float32 { return h.out[query*h.Out.Row:][:h.ValueWidth] }

// block adds what a block of queries reads from a block of values.
func (h *head) block() {
	queries, values := h.last-h.first, h.end-h.from
	scores := Matrix(h.scores, queries, values)
	if h.Scores != nil {
		scores.Data = h.Scores.Data()[(h.item*h.Queries+h.first)*h.Values:]
	}
	gemm.Mul(queries, values, h.Width, h.q[h.first*h.Q.Row:], max(h.Q.Row, 1), h.keys[h.from:], h.Values, scores.Data, scores.Stride, nil)
	for i := range queries {
		h.weigh(i, scores.Data[i*values:(i+1)*values])
	}
	if h.ValueWidth > 0 {
		gemm.MulAdd(queries, h.ValueWidth, values, scores.Data, scores.Stride, h.v[h.from*h.V.Row:], max(h.V.Row, 1),
			h.out[h.first*h.Out.Row:], max(h.Out.Row, 1))
	}
}

// weigh makes weights of the i-th query's scores.
func (h *head) weigh(i int, scores []float32) {
	seen := scores
	if h.Causal {
		seen = scores[:min(max(h.first+i+1-h.from, 0), len(scores))]
		clear(scores[len(seen):])
	}
	if len(seen) == 0 {
		return
	}
	if h.Mask != nil {
		h.eachMasked(i, seen, h.Masked)
	}
	top := vmath.Max(seen)
	if h.from > 0 {
		top = max(top, h.tops[i])
	} else if h.sums[i] = 0; h.Causal && h.DropMasked && top <= h.Masked {
		if behind := h.Values - (h.first + i + 1); behind > 0 { // they are masked, and larger
			top, h.sums[i] = h.Masked, float32(behind)
		}
	}
	if math.IsInf(float64(top), -1) {
		top = 0 // weights of 0, and a sum of 0 in the end
	}
	if h.from > 0 && top != h.tops[i] {
		old := [1]float32{h.tops[i] - top}
		vmath.Exp(old[:])
		h.sums[i] *= old[0]
		vmath.Scale(h.row(h.first+i), old[0])
	}
	h.tops[i] = top
	h.sums[i] += float32(vmath.SumExp(seen, seen, top))
	if h.Scores != nil {
		vmath.Scale(seen, 1/h.sums[i])
	}
	if h.Mask != nil && h.DropMasked { // last: even where the sum is NaN they are 0
		h.eachMasked(i, seen, 0)
	}
}

// eachMasked sets the masked of the i-th query's scores to value.
func (h *head) eachMasked(i int, scores []float32, value float32) {
	rank := len(h.Batch)
	keep, step := h.Mask.Data(), h.maskSteps[rank+1]
	at := h.mask + (h.first+i)*h.maskSteps[rank] + h.from*step
	for j := range scores {
		if !keep[at+j*step] {
			scores[j] = value
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
