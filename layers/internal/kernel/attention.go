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

// FusedMasked replaces masked scores in Keras's dot_product_attention.
const FusedMasked = -0.7 * 3.38953e38

// A SoftAttention computes softmax(scale·q·kᵀ)·v for every combination of the batch axes, which include the heads. Rows lie at
// regular steps in memory.
type SoftAttention struct {
	Batch             []int // lengths of the batch axes
	Q, K, V, Out      RowsAt
	Queries, Values   int // number of rows of q and out, and of k and v
	Width, ValueWidth int // length of a row of q and k, and of v and out
	Scale             float32
	Causal            bool    // a query ignores the values after its own position; must not be combined with Mask
	Mask              *Mask   // broadcasts to [batch … queries values]; may be nil
	Masked            float32 // replaces masked scores
	DropMasked        bool    // masked weights are 0, even if the whole row is masked
	Scores            *Tensor // [batch … queries values]; if not nil, Run stores the weights here
	maskSteps         []int
}

// RowsAt describes the memory layout of a tensor's rows.
type RowsAt struct {
	Data  []float32
	Batch []int // steps along the batch axes
	Row   int   // step between rows
}

// Numbers of queries and of values in a block. The scores of a block fit into the second-level cache.
const queryBlock, valueBlock = 48, 1024

// Run computes a.Out, which must be zeroed. It computes scores for one block of queries and one block of values at a time, and updates
// the softmax after each block. If a later block has a larger score, Run scales down the earlier results.
func (a *SoftAttention) Run(work *Scratch) {
	items := tensor.Shape(a.Batch).Len()
	if items == 0 || a.Queries == 0 || a.Values == 0 {
		return
	}
	if a.Mask != nil {
		a.maskSteps = StretchSteps(a.Mask.Shape(), slices.Concat(a.Batch, []int{a.Queries, a.Values}))
	}
	// If there are few items, split the queries of each into parts.
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

// columns returns the number of values in a block.
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
	q, k, v, out           []float32 // from the item's first row on
	mask                   int       // index of the first score's mask
	finite                 bool      // all of v is finite; otherwise a weight of 0 may give NaN
	keys, scores           []float32 // scratch memory: scaled transpose of k; scores of a block
	tops, sums             []float32 // largest score so far and sum of weights, for each query of a block
	first, last, from, end int       // the block's queries and values
}

// run computes the queries first to last-1 of an item. isNew is false if h's last call was for the same item.
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

// begin finds an item's rows and transposes its keys.
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

// block adds a block of values to the results of a block of queries.
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

// weigh replaces the i-th query's scores by weights.
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
		if behind := h.Values - (h.first + i + 1); behind > 0 { // their scores are Masked, which is larger than top
			top, h.sums[i] = h.Masked, float32(behind)
		}
	}
	if math.IsInf(float64(top), -1) {
		top = 0 // weights and sum become 0
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
	if h.Mask != nil && h.DropMasked { // after scaling, because the sum may be NaN
		h.eachMasked(i, seen, 0)
	}
}

// eachMasked sets the i-th query's masked scores to value.
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

// CausalMask returns a mask of shape [queries values]. With causal, it masks values after the query's position. If window is above 0,
// it also masks values at a distance of window or more.
func CausalMask(queries, values int, causal bool, window int) *Mask {
	m := tensor.New[bool](queries, values)
	for i := range queries {
		for j := range values {
			m.Data()[i*values+j] = !(causal && j > i) && !(window > 0 && max(i-j, j-i) >= window)
		}
	}
	return m
}

// BothMasks returns a && b, broadcast to each other; ok is false if their shapes do not fit.
func BothMasks(a, b *Mask) (all *Mask, ok bool) {
	s, ok := Stretched(a.Shape(), b.Shape())
	if !ok {
		return nil, false
	}
	all = tensor.New[bool](s...)
	Zip(all.Data(), s, a.Data(), a.Shape(), b.Data(), b.Shape(), func(a, b bool) bool { return a && b })
	return all, true
}

// GroupMask sets a.Mask from a mask of rank 2 to 4. The heads of a are two axes: groups, and the heads in each group. GroupMask returns
// an error if the mask does not broadcast to the scores.
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
