package vmath

import "math"

// chunk is the number of values that are summed in float32, with one sum per lane of a register. Sums of
// chunks are float64.
const chunk = 1024

// Softmax divides e^x, for each x of row, by the row's sum of e^x. The results are NaN if row has a NaN or +Inf, or only -Inf.
func Softmax(row []float32) {
	if len(row) > 0 {
		Scale(row, float32(1/SumExp(row, row, Max(row))))
	}
}

// SumExp sets y to e^(x-shift), value by value, and returns the sum of y. y and x may be the same.
func SumExp(y, x []float32, shift float32) float64 {
	y = y[:len(x)]
	total, i := 0.0, 0
	for lanes > 0 && i+lanes <= len(x) {
		n := min(len(x)-i, chunk) &^ (lanes - 1)
		total += sumExp(n, &y[i], &x[i], shift)
		i += n
	}
	if lanes > 0 && i < len(x) {
		var rest [maxLanes]float32
		for j := range rest {
			rest[j] = float32(math.Inf(-1)) // adds nothing
		}
		copy(rest[:], x[i:])
		total += sumExp(lanes, &rest[0], &rest[0], shift)
		copy(y[i:], rest[:])
		return total
	}
	for ; i < len(x); i++ {
		y[i] = expOf(x[i] - shift)
		total += float64(y[i])
	}
	return total
}

// Max returns the largest value of x, which must not be empty. If x has NaNs, the result may be any of its values.
func Max(x []float32) float32 {
	if n := whole(x); n > 0 {
		top := largest(n, &x[0])
		if n < len(x) { // seeing some values twice does no harm
			top = max(top, largest(lanes, &x[len(x)-lanes]))
		}
		return top
	}
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	return top
}

// whole returns how many of x's values fill whole registers.
func whole(x []float32) int {
	if lanes == 0 {
		return 0
	}
	return len(x) &^ (lanes - 1)
}

// Sum returns the sum of x.
func Sum(x []float32) float64 {
	total, i := 0.0, 0
	for n := whole(x); i < n; i += chunk {
		total += sum(min(chunk, n-i), &x[i])
	}
	for _, v := range x[whole(x):] {
		total += float64(v)
	}
	return total
}

// SumSquares returns the sum of the squares of x - mean.
func SumSquares(x []float32, mean float32) float64 {
	total, i := 0.0, 0
	for n := whole(x); i < n; i += chunk {
		total += sumSquares(min(chunk, n-i), &x[i], mean)
	}
	for _, v := range x[whole(x):] {
		d := float64(v) - float64(mean)
		total += d * d
	}
	return total
}

// Normalize sets each x to (x - mean)*scale*gamma + beta. gamma and beta are as long as x.
func Normalize(x []float32, mean, scale float32, gamma, beta []float32) {
	gamma, beta = gamma[:len(x)], beta[:len(x)]
	n := whole(x)
	if n > 0 {
		normalize(n, &x[0], &gamma[0], &beta[0], mean, scale)
	}
	for i := n; i < len(x); i++ {
		x[i] = fma((x[i]-mean)*scale, gamma[i], beta[i])
	}
}

// Affine sets y to x*mul + add, value by value. All are as long as y.
func Affine(y, x, mul, add []float32) {
	x, mul, add = x[:len(y)], mul[:len(y)], add[:len(y)]
	n := whole(y)
	if n > 0 {
		affine(n, &y[0], &x[0], &mul[0], &add[0])
	}
	for i := n; i < len(y); i++ {
		y[i] = fma(x[i], mul[i], add[i])
	}
}

// Scale multiplies each value of x by by.
func Scale(x []float32, by float32) {
	n := whole(x)
	if n > 0 {
		scale(n, &x[0], by)
	}
	for i := n; i < len(x); i++ {
		x[i] *= by
	}
}

// Add adds x to y, value by value. x is as long as y.
func Add(y, x []float32) {
	x = x[:len(y)]
	n := whole(y)
	if n > 0 {
		add(n, &y[0], &x[0])
	}
	for i := n; i < len(y); i++ {
		y[i] += x[i]
	}
}

// Maximum sets each value of y to the larger one of y's and x's, or to NaN if one of them is NaN. x is as long as y.
func Maximum(y, x []float32) {
	x = x[:len(y)]
	n := whole(y)
	if n > 0 {
		maximum(n, &y[0], &x[0])
	}
	for i := n; i < len(y); i++ {
		y[i] = max(y[i], x[i])
	}
}
