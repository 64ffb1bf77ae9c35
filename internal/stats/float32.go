package stats

// block is how many float32 values are gone over twice while they are in the processor's nearest cache.
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

// summarizeBlock adds four values at a time, so that no addition waits for the one before.
func summarizeBlock(values []float32) Summary {
	low, high, zeros := values[0], values[0], 0
	var a, b, c, d float64
	rest := values
	for ; len(rest) >= 4; rest = rest[4:] {
		v, w, x, y := rest[0], rest[1], rest[2], rest[3]
		a, b, c, d = a+float64(v), b+float64(w), c+float64(x), d+float64(y)
		if v*w*x*y == 0 {
			zeros += countZeros(rest[:4])
		}
		if v < low { // branches that are seldom taken cost less than min, which thinks of NaN
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
	zeros += countZeros(rest)
	n, sum := float64(len(values)), a+b+c+d
	if sum-sum != 0 { // NaN or an infinity is among them; numbers of this size do not overflow
		wide := make([]float64, len(values))
		for i, v := range values {
			wide[i] = float64(v)
		}
		return summarize(wide)
	}
	mean := sum / n
	a, b, c, d = 0, 0, 0, 0
	for rest = values; len(rest) >= 4; rest = rest[4:] {
		v, w, x, y := float64(rest[0])-mean, float64(rest[1])-mean, float64(rest[2])-mean, float64(rest[3])-mean
		a, b, c, d = a+v*v, b+w*w, c+x*x, d+y*y
	}
	for _, v := range rest {
		a += (float64(v) - mean) * (float64(v) - mean)
	}
	s := Summary{Count: int64(len(values)), Zeros: int64(zeros), Min: float64(low), Max: float64(high), moments: moments{n, mean, a + b + c + d}}
	s.finish()
	return s
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
