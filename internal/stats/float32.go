package stats

// block is the number of float32 values that are read twice while they are in the processor's first-level cache.
const block = 1 << 12

// summarize32 is summarize for float32 values, in a few nanoseconds each.
func summarize32(values []float32) Summary {
	s := summarize(nil)
	for len(values) > 0 {
		n := min(block, len(values))
		part := summarizeBlock(values[:n])
		s.Add(&part)
		values = values[n:]
	}
	return s
}

// width is how many values the assembly adds at once, each in a lane.
const width = 16

// lanes are the results of the assembly: value i counts in lane i modulo width.
type lanes struct {
	sums       [width]float64
	low, high  [width]float32
	minusZeros [width]int32
}

// summarizeBlock is summarize for a block of float32 values. There must be at least one.
func summarizeBlock(values []float32) Summary {
	n := 0
	var l lanes
	low, high, zeros, sum := values[0], values[0], 0, 0.0
	if vectors && len(values) >= width {
		n = len(values) &^ (width - 1)
		momentsOf(values[:n], &l)
		low, high = l.low[0], l.high[0]
		for i := range width {
			low, high = min(low, l.low[i]), max(high, l.high[i])
			zeros -= int(l.minusZeros[i])
			sum += l.sums[i]
		}
	}
	a, b, z, s := momentsByFour(values[n:], low, high)
	low, high, zeros, sum = a, b, zeros+z, sum+s
	if sum-sum != 0 { // NaN or an infinity is among the values; numbers of this size do not overflow
		wide := make([]float64, len(values))
		for i, v := range values {
			wide[i] = float64(v)
		}
		return summarize(wide)
	}
	mean := sum / float64(len(values))
	squares := squaresByFour(values[n:], mean)
	if n > 0 {
		squaresOf(values[:n], mean, &l)
		for _, s := range l.sums {
			squares += s
		}
	}
	whole := Summary{Count: int64(len(values)), Zeros: int64(zeros), Min: float64(low), Max: float64(high), moments: moments{float64(len(values)), mean, squares}}
	whole.finish()
	return whole
}

// momentsByFour returns the minimum and maximum of the values, low and high, the number of zeros, and the sum. It adds four
// values at a time, so that no addition waits for the one before.
func momentsByFour(values []float32, low, high float32) (_, _ float32, zeros int, sum float64) {
	var a, b, c, d float64
	rest := values
	for ; len(rest) >= 4; rest = rest[4:] {
		v, w, x, y := rest[0], rest[1], rest[2], rest[3]
		a, b, c, d = a+float64(v), b+float64(w), c+float64(x), d+float64(y)
		if v*w*x*y == 0 {
			zeros += countZeros(rest[:4])
		}
		if v < low { // branches that are seldom taken cost less than min, which handles NaN
			low = v
		}
		if w < low {
			low = w
		}
		if x < low {
			low = x
		}
		if y < low {
			low = y
		}
		if v > high {
			high = v
		}
		if w > high {
			high = w
		}
		if x > high {
			high = x
		}
		if y > high {
			high = y
		}
	}
	for _, v := range rest {
		a += float64(v)
		low, high = min(low, v), max(high, v)
	}
	return low, high, zeros + countZeros(rest), a + b + c + d
}

// squaresByFour returns the sum of the squares of the values' distances from mean.
func squaresByFour(values []float32, mean float64) float64 {
	var a, b, c, d float64
	rest := values
	for ; len(rest) >= 4; rest = rest[4:] {
		v, w, x, y := float64(rest[0])-mean, float64(rest[1])-mean, float64(rest[2])-mean, float64(rest[3])-mean
		a, b, c, d = a+v*v, b+w*w, c+x*x, d+y*y
	}
	for _, v := range rest {
		a += (float64(v) - mean) * (float64(v) - mean)
	}
	return a + b + c + d
}

func countZeros(values []float32) int {
	n := 0
	for _, v := range values {
		if v == 0 {
			n++
		}
	}
	return n
}
