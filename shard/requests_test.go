package shard_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/shard"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
	"github.com/gockpt/ckpt/tensor"
)

// In a tensor that is stored by rows, columns are short runs with gaps between them. If about a thousand
// requests suffice, at most 1.1 times the columns' bytes are transferred. For a larger tensor the gaps are
// transferred too, and the number of requests does not grow.
func TestColumnsInStore(t *testing.T) {
	ctx := t.Context()
	for _, test := range []struct {
		name              string
		rows, columns     int
		start, length     int
		requests, percent int // at most; without the index; the bytes relative to the part's
	}{
		{"few rows", 800, 1000, 130, 120, 810, 110},
		{"few rows, all but one column", 800, 1000, 0, 999, 20, 110},
		{"many rows", 5000, 200, 50, 25, 1040, 900},
		{"long runs", 40, 100_000, 25_000, 50_000, 60, 110},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := store.Memory()
			values := tensor.New[float32](test.rows, test.columns)
			for i := range values.Data() {
				values.Data()[i] = float32(i)
			}
			require.NoError(t, ckpt.SaveWeights(ctx, "w", &struct{ W *tensor.Tensor[float32] }{values}, ckpt.In(s)))
			f := storetest.NewFaulty(s)
			r, err := ckpt.Open("w", ckpt.In(f))
			require.NoError(t, err)
			defer r.Close()
			region := tensor.Slice{tensor.Full, {Start: test.start, Length: test.length}}
			part, err := shard.Box(values.Shape(), region)
			require.NoError(t, err)
			got := tensor.New[float32](test.rows, test.length)
			f.Inject(nil)
			require.NoError(t, shard.Read(ctx, r, "w/.ATTRIBUTES/VARIABLE_VALUE", part, got))
			for i, v := range got.Data() {
				if want := i/test.length*test.columns + test.start + i%test.length; v != float32(want) {
					t.Fatalf("element %d is %g, want %d", i, v, want)
				}
			}
			requests, bytes := 0, 0
			for _, c := range f.Calls() {
				requests, bytes = requests+1, bytes+c.Size
			}
			require.LessOrEqual(t, requests, test.requests)
			require.LessOrEqual(t, bytes, 4*got.Len()*test.percent/100)
		})
	}
}
