package kernel

import (
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestStretched(t *testing.T) {
	for _, tt := range []struct {
		name   string
		shapes []tensor.Shape
		want   tensor.Shape
		ok     bool
	}{
		{"an axis of length 1 stretches to any length", []tensor.Shape{{2, 1}, {2, 3}}, tensor.Shape{2, 3}, true},
		{"axes are aligned at the last one", []tensor.Shape{{3}, {2, 3}, {4, 1, 1}}, tensor.Shape{4, 2, 3}, true},
		{"a scalar stretches to any shape", []tensor.Shape{{}, {2}}, tensor.Shape{2}, true},
		{"other lengths do not stretch", []tensor.Shape{{2}, {3}}, nil, false},
		{"length 0 is a length", []tensor.Shape{{0, 3}, {1, 1}}, tensor.Shape{0, 3}, true},
		{"other lengths do not stretch to length 0", []tensor.Shape{{0}, {3}}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Stretched(tt.shapes...)
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestZipIsNumpysBroadcast(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		shape := tensor.Shape(rapid.SliceOfN(rapid.IntRange(0, 4), 0, 4).Draw(rt, "shape"))
		operand := func(name string) *tensor.Tensor[int64] {
			s := append(tensor.Shape{}, shape[rapid.IntRange(0, len(shape)).Draw(rt, name+"'s missing axes"):]...)
			for i := range s {
				if rapid.Bool().Draw(rt, name+" stretches") {
					s[i] = 1
				}
			}
			x := tensor.New[int64](s...)
			for i := range x.Data() {
				x.Data()[i] = int64(i + 1)
			}
			return x
		}
		a, b := operand("a"), operand("b")
		out, ok := Stretched(a.Shape(), b.Shape())
		require.True(t, ok)
		y := tensor.New[int64](out...)
		Zip(y.Data(), out, a.Data(), a.Shape(), b.Data(), b.Shape(), func(x, y int64) int64 { return 1000*x + y })

		index := make([]int, len(out))
		at := func(x *tensor.Tensor[int64]) int64 {
			i := append([]int{}, index[len(index)-len(x.Shape()):]...)
			for axis, n := range x.Shape() {
				i[axis] = min(i[axis], n-1)
			}
			return x.At(i...)
		}
		for i, got := range y.Data() {
			for axis, rest := len(out)-1, i; axis >= 0; axis-- {
				index[axis], rest = rest%out[axis], rest/out[axis]
			}
			require.Equal(t, 1000*at(a)+at(b), got, "at %v of %v", index, out)
		}
	})
}
