package ckpttest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// A Net has a field of every kind.
type Net struct {
	Dense  Dense
	Blocks []*Block
	Table  map[string]tensor.Tensor[int32]
	Any    any
	Step   int64      `ckpt:"step"`
	Names  []string   `ckpt:"names"`
	Rows   [][]uint8  `ckpt:"rows"`
	Pair   [2]float64 `ckpt:"pair"`
	Next   *Net
}

// NewNet returns a Net with values that k determines.
func NewNet(k float32) *Net {
	n := &Net{
		Dense: Dense{Kernel: *tensor.New[float32](2, 3), Bias: *tensor.New[float32](3)}, Blocks: []*Block{{*Vector(k)}, {*Vector(k, k)}},
		Table: map[string]tensor.Tensor[int32]{"a": *tensor.Scalar(int32(k)), "b": *tensor.Scalar(int32(k) + 1)}, Any: Block{*Vector(k, k, k)},
		Step: int64(k), Names: []string{"x", ""}, Rows: [][]uint8{{1, 2}, {3, uint8(k)}}, Pair: [2]float64{float64(k), 2},
	}
	for i := range n.Dense.Kernel.Data() {
		n.Dense.Kernel.Data()[i] = k + float32(i)
	}
	return n
}

// A Marked is a program's state in which every value identifies the save that it belongs to.
type Marked struct {
	Step  int64                    `ckpt:"step"`
	Large tensor.Tensor[float32]   `ckpt:"large"`
	Small []tensor.Tensor[float64] `ckpt:"small"`
	Words []string                 `ckpt:"words"`
}

// NewMarked returns the state before the first save.
func NewMarked() *Marked {
	r := &Marked{Large: *tensor.New[float32](20_000), Words: []string{"", ""}}
	for range 20 {
		r.Small = append(r.Small, *tensor.New[float64](3))
	}
	return r
}

// Advance changes r to the state of the next save.
func (r *Marked) Advance() {
	r.Step++
	r.Words = []string{strings.Repeat("x", int(r.Step%50)), strconv.FormatInt(r.Step, 10)}
	for i := range r.Large.Data() {
		r.Large.Data()[i] = float32(r.Step)
	}
	for i := range r.Small {
		r.Small[i].Data()[0] = float64(r.Step)
	}
}

// RequireWhole fails the test if the values of r come from more than one save.
func (r *Marked) RequireWhole(t testing.TB) {
	t.Helper()
	want := NewMarked()
	if want.Step = r.Step - 1; r.Step > 0 {
		want.Advance()
		require.Equal(t, want, r)
	}
}
