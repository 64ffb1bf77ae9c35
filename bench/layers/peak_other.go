//go:build !amd64

package main

// fusedMultiplications does many multiplications and additions, and returns their number.
func fusedMultiplications(steps int) int {
	var sums [8]float32
	for i := range steps {
		for j := range sums {
			sums[j] = sums[j]*0.5 + float32(i&1)
		}
	}
	if sums[0] < 0 { // never true: keeps the compiler from removing the loop
		return 0
	}
	return steps * len(sums)
}
