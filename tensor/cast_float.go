package tensor

import "math"

// castFloats casts by way of float64, which holds every value of every float exactly, so only the conversion to the target rounds.
func castFloats(dst, src Any) int { return castThrough(dst, src, widenFloats, narrowFloats) }

// widenFloats writes the elements of src, starting with number from, to wide.
func widenFloats(src Any, from int, wide []float64) {
	switch src := src.(type) {
	case *Tensor[float64]:
		copy(wide, src.data[from:])
	case *Tensor[float32]:
		for i, v := range src.data[from : from+len(wide)] {
			wide[i] = float64(v)
		}
	case *Tensor[Float16]:
		widenEach(src.data[from:], wide, Float16.Float64)
	case *Tensor[BFloat16]:
		widenEach(src.data[from:], wide, BFloat16.Float64)
	case *Tensor[Float8E5M2]:
		widenEach(src.data[from:], wide, Float8E5M2.Float64)
	case *Tensor[Float8E4M3FN]:
		widenEach(src.data[from:], wide, Float8E4M3FN.Float64)
	case *Tensor[Float8E4M3FNUZ]:
		widenEach(src.data[from:], wide, Float8E4M3FNUZ.Float64)
	case *Tensor[Float8E4M3B11FNUZ]:
		widenEach(src.data[from:], wide, Float8E4M3B11FNUZ.Float64)
	case *Tensor[Float8E5M2FNUZ]:
		widenEach(src.data[from:], wide, Float8E5M2FNUZ.Float64)
	case *Tensor[Float4E2M1FN]:
		widenEach(src.data[from:], wide, Float4E2M1FN.Float64)
	}
}

func widenEach[T, W any](data []T, wide []W, value func(T) W) {
	for i, v := range data[:len(wide)] {
		wide[i] = value(v)
	}
}

// narrowFloats writes wide to the elements of dst, starting with number at. It returns the index in wide of the first value that
// dst cannot hold, or -1.
func narrowFloats(dst Any, at int, wide []float64) int {
	switch dst := dst.(type) {
	case *Tensor[float64]:
		copy(dst.data[at:], wide)
	case *Tensor[float32]:
		return roundEach(dst.data[at:], wide)
	case *Tensor[Float16]:
		return encodeEach(dst.data[at:], wide, &float16Layout)
	case *Tensor[BFloat16]:
		return encodeEach(dst.data[at:], wide, &bfloat16Layout)
	case *Tensor[Float8E5M2]:
		return encodeEach(dst.data[at:], wide, &e5m2Layout)
	case *Tensor[Float8E4M3FN]:
		return encodeEach(dst.data[at:], wide, &e4m3fnLayout)
	case *Tensor[Float8E4M3FNUZ]:
		return encodeEach(dst.data[at:], wide, &e4m3fnuzLayout)
	case *Tensor[Float8E4M3B11FNUZ]:
		return encodeEach(dst.data[at:], wide, &e4m3b11fnuzLayout)
	case *Tensor[Float8E5M2FNUZ]:
		return encodeEach(dst.data[at:], wide, &e5m2fnuzLayout)
	case *Tensor[Float4E2M1FN]:
		return encodeEach(dst.data[at:], wide, &e2m1fnLayout)
	}
	return -1
}

func encodeEach[T ~uint8 | ~uint16](data []T, wide []float64, l *layout) int {
	for i, f := range wide {
		code, fits := l.encode(f)
		if !fits {
			return i
		}
		data[i] = T(code)
	}
	return -1
}

func roundEach(data []float32, wide []float64) int {
	data = data[:len(wide)]
	for i, f := range wide {
		v, fits := float32FromFloat64(f)
		if !fits {
			return i
		}
		data[i] = v
	}
	return -1
}

// float32FromFloat64 returns the float32 nearest to f; fits is false if f is finite and the result is not.
func float32FromFloat64(f float64) (g float32, fits bool) {
	const beyond = math.MaxFloat32 + 0x1p103 // half a step above the largest, which ties to infinity
	g = float32(f)
	size := math.Abs(f)
	return g, !(size >= beyond) || size > math.MaxFloat64
}
