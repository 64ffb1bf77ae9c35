package ops

import "math"

func floorDivide(a, b int64) int64 {
	if b == 0 {
		return 0
	}
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// intMod is floorMod of integers. It returns 0 if b is 0.
func intMod(a, b int64) int64 {
	if b == 0 {
		return 0
	}
	return a - b*floorDivide(a, b)
}

// floorMod returns a - b*floor(a/b), which has b's sign.
func floorMod(a, b float32) float32 {
	m := math.Mod(float64(a), float64(b))
	if m != 0 && (m < 0) != (b < 0) {
		m += float64(b)
	}
	return float32(m)
}

func FloorMod64(a, b int64) int64 { return a - b*floorDivide(a, b) }

func intPower(a, b int64) int64 {
	if b < 0 {
		return 0
	}
	y := int64(1)
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			y *= a
		}
		a *= a
	}
	return y
}
