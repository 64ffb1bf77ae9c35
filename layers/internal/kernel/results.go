package kernel

import "slices"

// Results manages the memory of the tensors that pass between layers during a run of a model. The memory of a
// tensor becomes free when no later layer needs the tensor. The next run reuses it. The zero value is ready
// to use. Only one run, with its inner runs, may use it at a time.
type Results struct {
	free  []*result            // in the order in which they were given back
	taken map[*float32]*result // by the address of the first value
	count int                  // number of results taken so far
	depth int                  // number of nested runs
	first int                  // count when the outermost run began
	given [][]float32          // by the caller, for results that the caller keeps, in order
}

// A result is the memory of one tensor, or of several tensors that share values.
type result struct {
	data    []float32
	holders int
	number  int // value of count when it was taken
}

// Begin begins a run. It returns the argument for End.
func (r *Results) Begin() (from int) {
	if r.depth == 0 {
		r.first = r.count
	}
	r.depth++
	return r.count
}

// End ends a run. It gives back the memory that was taken since Begin and has no holders, except for keep. After the outermost run, it
// releases the memory that the run did not use to the garbage collector.
func (r *Results) End(from int, keep ...[]float32) {
	for at, t := range r.taken {
		if t.holders > 0 || t.number < from || holds(keep, at) {
			continue
		}
		delete(r.taken, at)
		r.free = append(r.free, t)
	}
	if r.depth--; r.depth > 0 {
		return
	}
	used := r.free[:0]
	for _, t := range r.free {
		if t.number >= r.first {
			used = append(used, t)
		}
	}
	clear(r.free[len(used):])
	r.free = used
}

func holds(list [][]float32, at *float32) bool {
	for _, x := range list {
		if len(x) > 0 && &x[0] == at {
			return true
		}
	}
	return false
}

// Floats takes memory for n values with undefined contents. It prefers the smallest free memory that is large enough, and among equal
// sizes the last used, which is probably in the cache.
func (r *Results) Floats(n int) []float32 {
	if n == 0 {
		return []float32{}
	}
	best := -1
	for i, t := range r.free {
		if len(t.data) >= n && (best < 0 || len(t.data) <= len(r.free[best].data)) {
			best = i
		}
	}
	var t *result
	if best >= 0 {
		t = r.free[best]
		r.free = append(r.free[:best], r.free[best+1:]...)
	} else {
		t = &result{data: make([]float32, n)}
	}
	t.number = r.count
	r.count++
	if r.taken == nil {
		r.taken = make(map[*float32]*result)
	}
	r.taken[&t.data[0]] = t
	return t.data[:n:n]
}

// Hold adds a holder to taken memory that begins with x. It ignores other memory.
func (r *Results) Hold(x []float32) {
	if t := r.of(x); t != nil {
		t.holders++
	}
}

// Drop removes a holder. It gives the memory back if no holder is left and the memory was taken since from, Begin's result.
func (r *Results) Drop(x []float32, from int) {
	r.Leave(x)
	if t := r.of(x); t != nil && t.holders == 0 && t.number >= from {
		delete(r.taken, &t.data[0])
		r.free = append(r.free, t)
	}
}

// Leave removes a holder without giving memory back.
func (r *Results) Leave(x []float32) {
	if t := r.of(x); t != nil {
		t.holders--
	}
}

// Has reports whether taken memory begins with x.
func (r *Results) Has(x []float32) bool { return r.of(x) != nil }

func (r *Results) of(x []float32) *result {
	if len(x) == 0 {
		return nil
	}
	return r.taken[&x[0]]
}

// maxGiven is the largest number of slices in given.
const maxGiven = 8

// Give adds the caller's memory to the memory that Given returns.
func (r *Results) Give(x []float32) {
	if len(x) == 0 || holds(r.given, &x[0]) {
		return
	}
	if len(r.given) == maxGiven {
		r.given = slices.Delete(r.given, 0, 1)
	}
	r.given = append(r.given, x)
}

// Given returns n values of the memory passed to Give, with undefined contents. It uses the smallest slice of n to 2n values, and
// returns nil if there is none.
func (r *Results) Given(n int) []float32 {
	best := -1
	for i, x := range r.given {
		if n > 0 && len(x) >= n && len(x) <= 2*n && (best < 0 || len(x) <= len(r.given[best])) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	x := r.given[best]
	r.given = slices.Delete(r.given, best, best+1)
	return x[:n:n]
}
