package kernel

import "slices"

// Results is the memory of the tensors that go from layer to layer within a run of a model. Each result takes some, and gives it back when
// no layer asks for it any more, so that a run needs as much as there is at a time, and the next run has it already. The zero value is
// ready to use. It belongs to one run at a time, and to the runs within that.
type Results struct {
	free  []*result            // those given back last are at the end
	taken map[*float32]*result // by their first value
	count int                  // of results that were taken so far
	depth int                  // of runs within each other
	first int                  // count when the outermost run began
	given [][]float32          // by the caller, for results that are the caller's; the last are at the end
}

// A result is memory of one tensor, or of several over the same values.
type result struct {
	data    []float32
	holders int
	number  int // of the taking: see count
}

// Begin begins a run and returns what End wants.
func (r *Results) Begin() (from int) {
	if r.depth == 0 {
		r.first = r.count
	}
	r.depth++
	return r.count
}

// End ends a run: what was taken since and is held by nobody is given back, keep excepted. Memory that an outermost run did not use is left to the
// garbage collector.
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

// Floats takes memory of n values of undefined content: the least that is free and enough, which is in a cache most likely.
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

// Hold adds a holder to memory that was taken and begins with x. It ignores other memory.
func (r *Results) Hold(x []float32) {
	if t := r.of(x); t != nil {
		t.holders++
	}
}

// Drop takes a holder away in a run that began at from. When none is left, what was taken since is given back.
func (r *Results) Drop(x []float32, from int) {
	r.Leave(x)
	if t := r.of(x); t != nil && t.holders == 0 && t.number >= from {
		delete(r.taken, &t.data[0])
		r.free = append(r.free, t)
	}
}

// Leave takes a holder away and gives nothing back.
func (r *Results) Leave(x []float32) {
	if t := r.of(x); t != nil {
		t.holders--
	}
}

// Has reports whether x is the first part of memory that was taken.
func (r *Results) Has(x []float32) bool { return r.of(x) != nil }

func (r *Results) of(x []float32) *result {
	if len(x) == 0 {
		return nil
	}
	return r.taken[&x[0]]
}

// maxGiven is how much of the caller's memory is kept.
const maxGiven = 8

// Give takes memory of the caller's for what Given returns.
func (r *Results) Give(x []float32) {
	if len(x) == 0 || holds(r.given, &x[0]) {
		return
	}
	if len(r.given) == maxGiven {
		r.given = slices.Delete(r.given, 0, 1)
	}
	r.given = append(r.given, x)
}

// Given returns memory of n values, of undefined content, that the caller gave, the least that is enough; nil where there is none that is not
// far too much.
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
