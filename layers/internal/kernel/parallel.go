package kernel

import "runtime"

// minWork is the least work, in multiplications, that is worth another processor. It takes some microseconds,
// enough for a polling helper to start.
const minWork = 1 << 16

// Ranges returns the number of runs into which Parallel splits n items of the given cost. Callers use it to allocate scratch memory
// for each run beforehand.
func Ranges(n, cost int) int {
	if n <= 1 {
		return max(n, 0)
	}
	most := runtime.GOMAXPROCS(0)
	if cost < minWork*most { // otherwise, one item is worth a goroutine, and n*cost may overflow
		per := (minWork + max(cost, 1) - 1) / max(cost, 1)
		most = min(most, max(n/per, 1))
	}
	return min(most, n)
}

// Parallel splits the items 0 to n-1 into Ranges(n, cost) runs, calls f for each run, and returns when all calls have ended. cost is
// the cost of one item (see minWork). f's argument run is the number of the run. If there is only one run, f runs on the caller's
// goroutine. f must not panic.
func Parallel(n, cost int, f func(run, lo, hi int)) {
	runs := Ranges(n, cost)
	if runs <= 1 {
		if n > 0 {
			f(0, 0, n)
		}
		return
	}
	helpers.do(&job{f: f, n: n, runs: runs})
}
