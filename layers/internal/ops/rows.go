package ops

import (
	"fmt"
	"math"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// reduce applies f to the values of x along axes, in the order of axes. nil means all axes, and an empty list means no axes.
// Empty rows are an error unless empty is set.
func reduce[A, B tensor.Element](x *tensor.Tensor[A], axes []int, keep bool, f func(row []A) B, empty bool) (*tensor.Tensor[B], error) {
	rank := len(x.Shape())
	at, err := resolveAxes(axes, rank)
	if err != nil {
		return nil, err
	}
	if axes == nil {
		for i := range rank {
			at = append(at, i)
		}
	}
	rest := otherAxes(at, rank)
	rows := permuteTensor(x, slices.Concat(rest, at))
	n := kernel.Permuted(x.Shape(), at).Len()
	shape := kernel.Permuted(x.Shape(), rest)
	if n == 0 && !empty && shape.Len() > 0 {
		return nil, fmt.Errorf("shape %v has no values along axes %v", x.Shape(), at)
	}
	y := tensor.New[B](shape...)
	for i := range y.Data() {
		y.Data()[i] = f(rows.Data()[i*n : (i+1)*n])
	}
	if !keep {
		return y, nil
	}
	kept := slices.Clone(x.Shape())
	for _, axis := range at {
		kept[axis] = 1
	}
	return y.Reshape(kept...)
}

func sumRow(row []float32) float32 {
	sum := 0.0
	for _, v := range row {
		sum += float64(v)
	}
	return float32(sum)
}

func product(row []float32) float32 {
	p := 1.0
	for _, v := range row {
		p *= float64(v)
	}
	return float32(p)
}

func productInts(row []int64) int64 {
	p := int64(1)
	for _, v := range row {
		p *= v
	}
	return p
}

func median(row []float32) float32 {
	row = slices.Clone(row)
	slices.Sort(row)
	n := len(row)
	return (row[(n-1)/2] + row[n/2]) / 2
}

func sumInts(row []int64) int64 {
	sum := int64(0)
	for _, v := range row {
		sum += v
	}
	return sum
}

func mean64(row []float32) float64 {
	sum := 0.0
	for _, v := range row {
		sum += float64(v)
	}
	return sum / float64(len(row))
}

func MeanRow(row []float32) float32 { return float32(mean64(row)) }

func variance(row []float32) float64 {
	mean, sum := mean64(row), 0.0
	for _, v := range row {
		sum += (float64(v) - mean) * (float64(v) - mean)
	}
	return sum / float64(len(row))
}

func logSumExp(row []float32) float32 {
	largest := float64(slices.Max(row))
	if math.IsInf(largest, 0) {
		return float32(largest)
	}
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(float64(v) - largest)
	}
	return float32(largest + math.Log(sum))
}

func normOf(row []float32, order float64) float64 {
	sum := 0.0
	for _, v := range row {
		switch a := math.Abs(float64(v)); {
		case math.IsInf(order, 1):
			sum = max(sum, a)
		default:
			sum += math.Pow(a, order)
		}
	}
	if math.IsInf(order, 1) {
		return sum
	}
	return math.Pow(sum, 1/order)
}

func intOrNil(x *tensor.Tensor[int64], as tensor.DType) *Value {
	if x == nil {
		return nil
	}
	return IntValue(x, as)
}
