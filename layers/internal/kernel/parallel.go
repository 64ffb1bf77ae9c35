package kernel

import "runtime"

// minWork is the work, in multiplications or the like, that is worth another processor: some microseconds of it, in which the helper
// that looks for work has begun.
const minWork = 1 << 16

// Ranges returns into how many runs parallel cuts n items of cost each: where scratch memory is needed per goroutine,
// it is taken for so many beforehand.
func Ranges(n, cost int) int {
	if n <= 1 {
		return max(n, 0)
	}
	most := runtime.GOMAXPROCS(0)
	if cost < minWork*most { // beyond, one item is worth a goroutine of its own, and n*cost may overflow
		per := (minWork + max(cost, 1) - 1) / max(cost, 1)
		most = min(most, max(n/per, 1))
	}
	return min(most, n)
}

// Parallel calls f for runs of the items 0 to n-1 that together cover them, each item of the given cost (see minWork),
// and returns when all are done. It cuts them into ranges(n, cost) runs, and run numbers them. With one run, f runs on the
// caller's goroutine. f must not panic.
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
