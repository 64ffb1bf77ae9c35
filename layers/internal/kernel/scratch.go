package kernel

// A Scratch is a stack of scratch memory. The zero value is ready to use. It grows to the size that the largest call needs, and does
// not shrink. Only one call may use it at a time.
//
// A layer calls Mark, takes memory, and calls Release with the mark at the end, so that nested layers can share one Scratch. A nil
// Scratch allocates.
type Scratch struct {
	blocks [][]float32
	top    Mark

	Results Results
}

// A Mark is a position in the stack. The memory below it is taken.
type Mark struct{ block, used int }

// minBlock is the least number of floats by which the stack grows.
const minBlock = 1 << 12

func (w *Scratch) Mark() Mark {
	if w == nil {
		return Mark{}
	}
	return w.top
}

func (w *Scratch) Release(m Mark) {
	if w != nil {
		w.top = m
	}
}

// Floats returns n values with undefined contents. They are valid until the caller releases an earlier mark. A nil Scratch allocates
// them.
func (w *Scratch) Floats(n int) []float32 {
	if w == nil {
		return make([]float32, n)
	}
	for ; w.top.block < len(w.blocks); w.top = (Mark{w.top.block + 1, 0}) {
		b := w.blocks[w.top.block]
		if from := w.top.used; n <= len(b)-from {
			w.top.used += n
			return b[from : from+n : from+n]
		}
	}
	size := max(n, minBlock)
	if last := len(w.blocks) - 1; last >= 0 {
		size = max(size, 2*len(w.blocks[last]))
	}
	w.blocks = append(w.blocks, make([]float32, size))
	w.top = Mark{len(w.blocks) - 1, n}
	return w.blocks[w.top.block][:n:n]
}
